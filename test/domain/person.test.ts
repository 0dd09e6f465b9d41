import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Actor, may, type Permission } from '../../src/domain/actor.ts'
import {
  type Attempts,
  afterAttempt,
  LOCK_OUT_MS,
  lockedUntil,
  MAX_FAILED_ATTEMPTS,
  PERSON_ROLES,
  type PersonRole,
  refusePassword,
  refuseRoles,
} from '../../src/domain/person.ts'

const NOW = Date.UTC(2026, 2, 2)
const FRESH: Attempts = { failedAttempts: 0, attemptedAt: null }

function tried(attempts: number, from: Attempts = FRESH): Attempts {
  return Array.from({ length: attempts }).reduce<Attempts>((state) => afterAttempt(state, NOW), from)
}

describe('lock-out', () => {
  test('lets five attempts through, and no sixth until a quarter hour after the last of them', () => {
    for (let attempts = 0; attempts < MAX_FAILED_ATTEMPTS; attempts++) {
      expect(lockedUntil(tried(attempts), NOW)).toBeNull()
    }
    const locked = tried(MAX_FAILED_ATTEMPTS)
    expect(lockedUntil(locked, NOW)).toBe(NOW + LOCK_OUT_MS)
    expect(lockedUntil(locked, NOW + LOCK_OUT_MS - 1)).toBe(NOW + LOCK_OUT_MS)
    expect(lockedUntil(locked, NOW + LOCK_OUT_MS)).toBeNull()
  })
  test('nobody guesses more than five times a quarter hour, however the attempts are spaced', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: LOCK_OUT_MS * 2 }), { maxLength: 60 }), (pauses) => {
        let [state, at] = [FRESH, NOW]
        const letThrough: number[] = []
        for (const pause of pauses) {
          at += pause
          if (lockedUntil(state, at) !== null) continue
          state = afterAttempt(state, at)
          letThrough.push(at)
        }
        // the sixth after a run of five comes at least the lock-out after the fifth
        for (let i = MAX_FAILED_ATTEMPTS; i < letThrough.length; i += MAX_FAILED_ATTEMPTS) {
          expect((letThrough[i] ?? 0) - (letThrough[i - 1] ?? 0)).toBeGreaterThanOrEqual(LOCK_OUT_MS)
        }
      }),
    )
  })
})

test.each([
  ['administrator and qa_sponsor', false],
  ['administrator and qa_site', false],
  ['administrator and responsible_pharmacist', false],
  ['administrator and physician', false],
  ['administrator and packer', true],
  ['receiver and verifier and qa_site', true],
  ['auditor', true],
])('%s in one person: %s', (text, allowed) => {
  const roles = PERSON_ROLES.filter((role) => text.split(' and ').includes(role))
  expect(refuseRoles(roles) === null).toBe(allowed)
})

test.each([
  ['the quick brown fox', null],
  ['elevenchars', /12 to 128/],
  ['x'.repeat(129), /12 to 128/],
  ['my name is a.berg', /guess/],
  ['aaaaaaaaaaaabbb', /guess/],
  ['the password I have', /another/],
  ['äöüß — 日本語の文', null],
])('as a password %j is told %s', (wanted, said) => {
  const refusal = refusePassword(wanted, { userName: 'a.berg', current: 'the password I have' })
  if (said === null) expect(refusal).toBeNull()
  else expect(refusal?.detail).toMatch(said)
})

describe('permissions of people', () => {
  const person = (...personRoles: PersonRole[]): Actor => ({
    kind: 'person',
    id: '1',
    organisationId: 1,
    role: null,
    personRoles,
    requestId: null,
  })
  const ALL: Permission[] = [
    'manage_organisations',
    'manage_products',
    'approve_profiles',
    'manage_sensors',
    'enter_orders',
    'manage_containers',
    'open_shipments',
    'place_sensors',
    'record_custody',
    'release_messages',
  ]
  const allowed = (...roles: PersonRole[]) => ALL.filter((permission) => may(person(...roles), permission))

  test('an auditor only reads, and so does who has no role', () => {
    expect(allowed('auditor')).toEqual([])
    expect(allowed()).toEqual([])
  })
  test('an administrator has no QA rights and says nothing about the world', () => {
    expect(allowed('administrator')).toEqual(['manage_organisations', 'release_messages'])
  })
  test('the packer enters no order', () => {
    expect(allowed('packer')).not.toContain('enter_orders')
  })
  test('only the sponsor’s QA approves a profile', () => {
    expect(PERSON_ROLES.filter((role) => may(person(role), 'approve_profiles'))).toEqual(['qa_sponsor'])
  })
  test('roles add up', () => {
    for (const role of PERSON_ROLES) {
      expect(allowed('auditor', role)).toEqual(allowed(role))
      expect(allowed('packer', role).sort()).toEqual([...new Set([...allowed('packer'), ...allowed(role)])].sort())
    }
  })
})
