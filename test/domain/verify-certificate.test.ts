import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalJson } from '../../src/domain/canonical.ts'
import type { CertificateBody } from '../../src/domain/certificate-form.ts'
import type { Crypto } from '../../src/domain/stamp.ts'
import { readCertificate, type Trust, verifyCertificate } from '../../src/domain/verify-certificate.ts'
import { WEB_CRYPTO } from '../../src/web/web-crypto.ts'
import { certified, certifiedBody, sealed, stampOf, testKey, told } from '../support/certified.ts'
import { MINUTE, T0 } from '../support/limits.ts'

const key = testKey()
const stranger = testKey()
const DEGREES = [5, 5.5, 6, 8.2, 7, 5, 5]
const body = certifiedBody({ degrees: DEGREES, keys: [key] })
const file = sealed(body, key)
const TRUSTED: Trust = { kids: [key.sealer.kid] }
const crypto: Crypto = WEB_CRYPTO

const verify = (bytes: Uint8Array, trust: Trust = TRUSTED) => verifyCertificate(bytes, crypto, trust)
const failing = async (bytes: Uint8Array, trust: Trust = TRUSTED) => {
  const { outcome, statements } = await verify(bytes, trust)
  return { outcome, failing: statements.filter(({ holds }) => !holds).map(({ name }) => name) }
}
const said = async (bytes: Uint8Array) => (await verify(bytes)).statements.find(({ holds }) => !holds)?.says

describe('a certificate', () => {
  test('as it was issued is valid, and says what was checked', async () => {
    const found = await verify(file)
    expect(found.outcome).toBe('valid')
    expect(found.statements.map(({ name }) => name)).toEqual([
      ...[
        'form',
        'seal',
        'keys',
        'ledger',
        'signatures',
        'stamps',
        'readings',
        'verdict',
        'custody',
        'receipt',
        'changes',
        'trust',
      ],
    ])
    expect(found.statements.find(({ name }) => name === 'verdict')?.says).toMatch(/excursion_below_alarm, complete/)
    expect(found.statements.find(({ name }) => name === 'signatures')?.says).toMatch(/^2 e-signatures/)
    expect(found.certificate?.temperature.status).toBe('excursion_below_alarm')
  })

  test('of the same facts has the same bytes', () => {
    expect(certified({ degrees: DEGREES, keys: [key] })).toEqual(file)
  })

  test('is consistent and no more where nobody said whose key to trust', async () => {
    expect(await failing(file, null)).toEqual({ outcome: 'consistent', failing: [] })
  })

  test('is what was read from it', () => {
    const read = readCertificate(file)
    if ('problem' in read) throw new Error(read.problem)
    const { seal: _seal, ...rest } = read.certificate
    expect(rest).toEqual(body)
  })
})

describe('a file that is not the one issued is refused:', () => {
  test('with any byte altered', { timeout: 60_000 }, async () => {
    const property = fc.asyncProperty(fc.nat(file.length - 1), fc.integer({ min: 1, max: 255 }), async (at, by) => {
      const flipped = Uint8Array.from(file)
      flipped[at] = (flipped[at] ?? 0) ^ by
      expect((await failing(flipped, null)).outcome).toBe('not_valid')
    })
    await fc.assert(property, { numRuns: 300 })
  })

  test('cut anywhere, or with something added', async () => {
    for (const length of [0, 1, 100, file.length >> 1, file.length - 1]) {
      expect(await failing(file.subarray(0, length))).toEqual({ outcome: 'not_valid', failing: ['form'] })
    }
    for (const more of ['\n', ' ', '{}', '\0']) {
      expect((await failing(Buffer.concat([file, Buffer.from(more)]))).failing).toEqual(['form'])
      expect((await failing(Buffer.concat([Buffer.from(more), file]))).failing).toEqual(['form'])
    }
    expect((await failing(Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), file]))).failing).toEqual(['form'])
  })

  test('written anew with the same content', async () => {
    const json = JSON.parse(new TextDecoder().decode(file))
    const { schema, ...others } = json
    for (const text of [JSON.stringify(json, null, 1), JSON.stringify({ schema, ...others })]) {
      expect((await failing(Buffer.from(text))).failing).toEqual(['form'])
    }
    expect(await said(Buffer.from(JSON.stringify(json, null, 2)))).toMatch(/written anew/)
  })

  test('nested beyond all measure, or no JSON at all', async () => {
    for (const text of ['['.repeat(200_000) + ']'.repeat(200_000), '%PDF-1.7', 'null', '[]', '{"schema":1}']) {
      expect(await failing(Buffer.from(text))).toEqual({ outcome: 'not_valid', failing: ['form'] })
    }
  })

  test('with a field that nobody knows', async () => {
    const more = { ...JSON.parse(new TextDecoder().decode(file)), remark: 'all is well' }
    expect(await said(Buffer.from(canonicalJson(more)))).toMatch(/remark is not known here/)
  })
})

/** A body changed and sealed anew: by whoever holds the key, who could only be the service itself, or a stranger. */
function changed(change: (given: CertificateBody) => Partial<CertificateBody>): Uint8Array {
  return sealed({ ...body, ...change(body) }, key)
}

describe('what is stated is judged again, whoever sealed it:', () => {
  const placement = body.placements[0]
  const readings = placement?.live ?? []
  const withReadings = (live: typeof readings) =>
    changed(() => ({ placements: placement ? [{ ...placement, live }] : [] }))

  test.each<[string, Uint8Array, string[]]>([
    ['re-dated', changed(({ asOf }) => ({ asOf: asOf + 1 })), []],
    ['before its key was', changed(() => ({ asOf: key.published.fromAt - 1 })), ['seal']],
    [
      'a better status',
      changed(({ temperature }) => ({ temperature: { ...temperature, status: 'in_range' } })),
      ['verdict'],
    ],
    [
      'a better verdict with its reasons gone',
      changed(({ evaluation }) => ({ evaluation: { ...evaluation, statistics: null } })),
      ['verdict'],
    ],
    [
      'a reading improved',
      withReadings(readings.map(([at, c]) => [at, c === 8200 ? 7000 : c])),
      ['readings', 'verdict'],
    ],
    ['a reading left out', withReadings(readings.filter(([, c]) => c !== 8200)), ['readings', 'verdict']],
    [
      'a reading moved',
      withReadings(readings.map(([at, c]) => [c === 8200 ? at + 1 : at, c])),
      ['readings', 'verdict'],
    ],
    [
      'wider limits',
      changed(({ profile }) => {
        const levels = profile.limits.levels.map((level) => ({ ...level, limitMilliC: level.limitMilliC + 1000 }))
        return { profile: { ...profile, limits: { ...profile.limits, levels } } }
      }),
      ['verdict'],
    ],
    ['another profile', changed(({ profile }) => ({ profile: { ...profile, id: 4 } })), ['verdict']],
    [
      'a sensor without certificate',
      changed(() => ({ placements: placement ? [{ ...placement, certificates: [] }] : [] })),
      ['verdict'],
    ],
    ['longer monitored', changed(() => ({ monitored: { fromAt: T0 - 1, toAt: T0 } })), ['verdict']],
    ['custody intact', changed(({ custody }) => ({ custody: { ...custody, holder: 'organisation:1' } })), ['custody']],
    ['changes denied', changed(() => ({ changedSinceFirstEntry: true })), ['changes']],
    ['another shipment', changed(({ shipment }) => ({ shipment: { ...shipment, id: 8 } })), ['stamps']],
    [
      'a tail cut off',
      changed(({ ledger: { entries, stamps } }) => ({ ledger: { entries: entries.slice(0, -1), stamps } })),
      ['stamps', 'readings', 'verdict'],
    ],
    ['no stamp', changed(({ ledger: { entries } }) => ({ ledger: { entries, stamps: [] } })), ['stamps']],
    [
      'an entry changed',
      changed(({ ledger: { entries, stamps } }) => ({
        ledger: {
          entries: entries.map((entry) => (entry.kind === 'sealed' ? { ...entry, seals: ['S-2'] } : entry)),
          stamps,
        },
      })),
      ['ledger', 'custody'],
    ],
    [
      'a key renamed',
      changed(({ keys }) => ({ keys: keys.map((one) => ({ ...one, kid: 'x'.repeat(43) })) })),
      ['seal', 'keys', 'stamps'],
    ],
    ['no key', changed(() => ({ keys: [] })), ['seal', 'stamps']],
  ])('%s', async (_what, bytes, names) => {
    expect((await failing(bytes)).failing).toEqual(names)
  })

  test('a signature pasted under another entry', async () => {
    const [release, accept] = body.ledger.entries.filter(({ kind }) => String(kind).startsWith('handover'))
    const entries = body.ledger.entries.map((one) =>
      one === release ? { ...one, signatures: accept?.signatures ?? [] } : one,
    )
    const found = await failing(changed(({ ledger }) => ({ ledger: { ...ledger, entries } })))
    expect(found.failing).toEqual(['ledger', 'signatures'])
  })
})

describe('who sealed it', () => {
  test('must be somebody who is trusted', async () => {
    expect((await failing(file, { kids: [stranger.sealer.kid] })).failing).toEqual(['trust'])
    expect((await failing(file, { keys: [stranger.published] })).failing).toEqual(['trust'])
    expect((await failing(file, { kids: [stranger.sealer.kid, key.sealer.kid] })).failing).toEqual([])
    expect((await failing(file, { keys: [key.published] })).failing).toEqual([])
  })

  test('is not a stranger who made a whole certificate of their own', async () => {
    const forged = certified({ degrees: [5, 5, 5, 5, 5, 5, 5], keys: [stranger] })
    expect(await failing(forged, null)).toEqual({ outcome: 'consistent', failing: [] })
    expect(await failing(forged)).toEqual({ outcome: 'not_valid', failing: ['trust'] })
  })

  test('is not a stranger under the name of the service’s key', async () => {
    const { kid } = key.sealer
    const posing = { ...stranger, sealer: { ...stranger.sealer, kid } }
    expect((await failing(sealed(body, posing))).failing).toEqual(['seal'])
    const named = { ...body, keys: [{ ...stranger.published, kid }] }
    expect((await failing(sealed(named, posing))).failing).toEqual(['keys', 'stamps'])
  })

  test('must have had its key in use, by its history and by the key set that is trusted', async () => {
    const replaced = { ...key.published, untilAt: T0 }
    expect((await failing(file, { keys: [replaced] })).failing).toEqual(['trust'])
  })
})

describe('keys that were changed meanwhile', () => {
  const changedAt = T0 + 41 * 24 * 60 * MINUTE
  const former = testKey(T0 - 1000 * MINUTE, changedAt)
  const current = testKey(changedAt, null)
  const rotated = { ...certifiedBody({ degrees: DEGREES, keys: [current, former] }), asOf: changedAt }

  test('stamps of the former hold, the newest seals', async () => {
    expect((await failing(sealed(rotated, current), { kids: [current.sealer.kid] })).failing).toEqual([])
    const keys = [current.published, former.published]
    expect((await failing(sealed(rotated, current), { keys })).failing).toEqual([])
  })

  test('the former seals no more, and trusting it trusts nothing after it', async () => {
    expect((await failing(sealed({ ...rotated, asOf: changedAt + 10 * MINUTE }, former), null)).failing).toEqual([
      'seal',
    ])
    expect((await failing(sealed(rotated, current), { kids: [former.sealer.kid] })).failing).toEqual(['trust'])
    expect((await failing(sealed(rotated, current), { keys: [current.published] })).failing).toEqual(['trust'])
  })

  test('the newest stamps nothing that was before it', async () => {
    const { ledger } = rotated
    const stamps = ledger.entries.slice(-1).map((head) => stampOf(head, current, T0))
    expect((await failing(sealed({ ...rotated, ledger: { ...ledger, stamps } }, current), null)).failing).toEqual([
      'stamps',
    ])
  })
})

describe('a certificate of a journey', () => {
  test('that was never measured is indeterminate, and monitored at no time', async () => {
    const found = await verify(certified({ degrees: [null, null, null], keys: [key] }))
    expect(found).toMatchObject({ outcome: 'valid', certificate: { monitored: null } })
    expect(found.certificate?.temperature).toMatchObject({ status: 'indeterminate', complete: false })
  })

  test('that was measured late and not to the end says so', async () => {
    const degrees = [null, null, null, 5, 5, 5, null, null, null, null]
    const found = await verify(certified({ degrees, keys: [key] }))
    const [fromAt, toAt] = [T0 + 45 * MINUTE, T0 + 90 * MINUTE]
    expect(found).toMatchObject({ outcome: 'valid', certificate: { monitored: { fromAt, toAt } } })
  })

  test('in which an event was corrected tells the change', async () => {
    const correction = {
      kind: 'correction',
      at: T0 + 9 * MINUTE,
      corrects: 2,
      replacement: null,
      reason: 'no such seal',
    } as const
    const [packed, seal, ...rest] = told(7)
    if (packed === undefined || seal === undefined) throw new Error('the journey has a beginning')
    const corrected = certifiedBody({ degrees: DEGREES, keys: [key], events: [packed, seal, correction, ...rest] })
    expect(corrected).toMatchObject({ changedSinceFirstEntry: true, changes: [{ what: 'custody_event', id: 2 }] })
    expect((await failing(sealed(corrected, key))).failing).toEqual([])
    const denied = { ...corrected, changedSinceFirstEntry: false, changes: [] }
    expect((await failing(sealed(denied, key))).failing).toEqual(['changes'])
  })
})
