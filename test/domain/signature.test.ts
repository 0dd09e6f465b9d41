import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Canonical, canonicalJson, canonicalOrNull } from '../../src/domain/canonical.ts'
import { CUSTODY_KINDS } from '../../src/domain/custody-event.ts'
import { DISPOSITIONS, MAY_DISPOSE } from '../../src/domain/disposition.ts'
import { PERSON_ROLES } from '../../src/domain/person.ts'
import {
  MAY_SIGN,
  MEANING_OF_KIND,
  MEANINGS,
  type SignatureRecord,
  signatureFault,
  signatureRecord,
  signingRole,
} from '../../src/domain/signature.ts'

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

const RECORD = { type: 'custody_event', id: '7/3', sha256: sha256('the record') }

const SIGNED: SignatureRecord = {
  recordType: RECORD.type,
  recordId: RECORD.id,
  recordSha256: RECORD.sha256,
  evaluation: { version: 4, sha256: sha256('the evaluation') },
  signerId: 12,
  userName: 'ada.berg',
  printedName: 'Dr. Ada Bérg',
  organisation: '9521321000049',
  roleFor: 'organisation:3',
  role: 'receiver',
  meaning: 'received',
  reason: 'seals intact',
  signedAt: Date.UTC(2026, 2, 4, 14, 12),
  tzOffset: '+01:00',
}

function entryOf(signed: SignatureRecord): { [name: string]: Canonical } {
  const record = signatureRecord(signed)
  return { ...record, id: 5, sha256: sha256(canonicalJson(record)) }
}

describe('a signature', () => {
  const entry = entryOf(SIGNED)

  test('holds for the record it was given for, with an evaluation or without', () => {
    expect(signatureFault(entry, RECORD, sha256)).toBeNull()
    expect(signatureFault(entryOf({ ...SIGNED, evaluation: null, reason: null }), RECORD, sha256)).toBeNull()
  })
  test.each([
    ['a record that changed', { ...RECORD, sha256: sha256('another record') }],
    ['the record before it', { ...RECORD, id: '7/2' }],
    ['a record of another type', { ...RECORD, type: 'receipt' }],
  ])('is that of another record under %s', (_what, record) => {
    expect(signatureFault(entry, record, sha256)).toBe('OTHER_RECORD')
  })
  test('whose characters were changed anywhere is found', () => {
    const text = JSON.stringify(entry)
    fc.assert(
      fc.property(fc.nat({ max: text.length - 1 }), fc.integer({ min: 32, max: 126 }), (at, code) => {
        const changed = parsed(text.slice(0, at) + String.fromCharCode(code) + text.slice(at + 1))
        // the number of its row is no part of what was signed
        fc.pre(changed !== undefined && canonicalOrNull(withoutId(changed)) !== canonicalOrNull(withoutId(entry)))
        expect(signatureFault(changed, RECORD, sha256)).toBe('SIGNATURE_CHANGED')
      }),
      { numRuns: 3000 },
    )
  })
  test('that lost or gained a member is found', () => {
    for (const name of Object.keys(entry)) {
      const { [name]: _lost, ...rest } = entry
      expect({ name, fault: signatureFault(rest, RECORD, sha256) }).toEqual({ name, fault: 'SIGNATURE_CHANGED' })
    }
    expect(signatureFault({ ...entry, more: 1 }, RECORD, sha256)).toBe('SIGNATURE_CHANGED')
    for (const none of [null, 'signed', 7, []]) expect(signatureFault(none, RECORD, sha256)).toBe('SIGNATURE_CHANGED')
  })
})

function parsed(text: string): Canonical | undefined {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function withoutId(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  const { id: _id, ...rest } = Object.fromEntries(Object.entries(value))
  return rest
}

describe('who may sign', () => {
  test('neither an administrator nor an auditor signs anything; everyone else signs something', () => {
    const signing = PERSON_ROLES.filter((role) => MEANINGS.some((meaning) => signingRole(meaning, [role]) !== null))
    expect(signing).toEqual(PERSON_ROLES.filter((role) => role !== 'administrator' && role !== 'auditor'))
  })
  test('every decision is signed by exactly those who may decide', () => {
    for (const disposition of DISPOSITIONS) {
      const meaning = MEANINGS.find((one) => one === disposition)
      if (meaning !== undefined) expect(MAY_SIGN[meaning]).toEqual(MAY_DISPOSE[disposition])
    }
  })
  test.each([
    ['packed', 'packer, distributor'],
    ['received', 'receiver, responsible_pharmacist'],
    ['approved', 'responsible_pharmacist, physician, qa_sponsor, qa_site'],
    ['released', 'qa_sponsor, qa_site'],
    ['released_exceptionally', 'qa_sponsor'],
  ] as const)('as %s: %s', (meaning, roles) => {
    expect(PERSON_ROLES.filter((role) => signingRole(meaning, [role]) === role).join(', ')).toBe(roles)
  })
  test('of several roles the one that may is named, and without any nobody signs', () => {
    expect(signingRole('received', ['verifier', 'receiver'])).toBe('receiver')
    expect(signingRole('received', [])).toBeNull()
  })
})

test('every kind of event is signed as something, and what is decided as that decision', () => {
  for (const kind of CUSTODY_KINDS) {
    const same = MEANINGS.find((meaning) => meaning === kind)
    expect({ kind, meaning: MEANING_OF_KIND[kind] }).toEqual({ kind, meaning: same ?? MEANING_OF_KIND[kind] })
  }
  expect(MEANING_OF_KIND).toMatchObject({ handover_release: 'released_custody', handover_accept: 'accepted_custody' })
})
