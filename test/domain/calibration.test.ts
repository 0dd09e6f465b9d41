import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Certificate,
  calibrationProblem,
  certificateAt,
  corrected,
  doubtsOf,
} from '../../src/domain/calibration.ts'
import { FRIDGE } from '../support/limits.ts'

const POINTS = [
  { atMilliC: -20_000, correctionMilliC: 0 },
  { atMilliC: 0, correctionMilliC: 100 },
  { atMilliC: 10_000, correctionMilliC: -100 },
  { atMilliC: 30_000, correctionMilliC: 300 },
]

function certificate(id: number, calibratedAt: number, some: Partial<Certificate> = {}): Certificate {
  const made = { id, certificate: `C-${id}`, calibratedAt, dueAt: calibratedAt + 1000 }
  return { ...made, uncertaintyMilliC: 300, points: POINTS, ...some }
}

describe('correction', () => {
  const only = certificate(1, 0)
  test.each([
    [-20_000, -20_000],
    [-10_000, -9950],
    [0, 100],
    [5000, 5000],
    [7500, 7450],
    [10_000, 9900],
    [20_000, 20_100],
    [30_000, 30_300],
  ])('%i becomes %i: linear between the points', (raw, value) => expect(corrected(only, raw)).toBe(value))
  test('constant outside the points', () => {
    expect(corrected(only, -196_000)).toBe(-196_000)
    expect(corrected(only, 60_000)).toBe(60_300)
  })
  test('one point shifts everything, none and no certificate nothing', () => {
    const shift = certificate(1, 0, { points: [{ atMilliC: 5000, correctionMilliC: -250 }] })
    expect([0, 5000, 9000].map((raw) => corrected(shift, raw))).toEqual([-250, 4750, 8750])
    expect(corrected(certificate(1, 0, { points: [] }), 5000)).toBe(5000)
    expect(corrected(null, 5000)).toBe(5000)
  })
  test('the corrected value is rounded half away from zero, whatever the sign of the correction', () => {
    const half = (correctionMilliC: number) =>
      certificate(1, 0, {
        points: [
          { atMilliC: -150_000, correctionMilliC: 0 },
          { atMilliC: -149_998, correctionMilliC },
          { atMilliC: 8000, correctionMilliC: 0 },
          { atMilliC: 8002, correctionMilliC },
        ],
      })
    expect(corrected(half(1), 8001)).toBe(8002)
    expect(corrected(half(-1), 8001)).toBe(8001)
    expect(corrected(half(1), -149_999)).toBe(-149_999)
    expect(corrected(half(-1), -149_999)).toBe(-150_000)
  })
  test('equals exact arithmetic for any two points', () => {
    const milliC = fc.integer({ min: -200_000, max: 150_000 })
    const points = fc.tuple(milliC, milliC).filter(([a, b]) => a < b)
    const correction = fc.integer({ min: -3000, max: 3000 })
    fc.assert(
      fc.property(points, fc.tuple(correction, correction), milliC, ([a, b], [first, second], raw) => {
        const given = certificate(1, 0, {
          points: [
            { atMilliC: a, correctionMilliC: first },
            { atMilliC: b, correctionMilliC: second },
          ],
        })
        const inside = BigInt(Math.min(Math.max(raw, a), b))
        const span = BigInt(b - a)
        const scaled = BigInt(raw + first) * span + BigInt(second - first) * (inside - BigInt(a))
        const magnitude = scaled < 0n ? -scaled : scaled
        const rounded = (2n * magnitude + span) / (2n * span)
        expect(corrected(given, raw)).toBe(Number(scaled < 0n ? -rounded : rounded) + 0)
      }),
    )
  })
})

describe('which certificate rules a reading', () => {
  const all = [certificate(1, 100), certificate(2, 200), certificate(3, 300)]
  test('the newest dated at or before it', () => {
    expect([99, 100, 199, 200, 1000].map((at) => certificateAt(all, null, at)?.id)).toEqual([undefined, 1, 1, 2, 3])
  })
  test('or the one its placement names, whenever it is dated', () => {
    expect(certificateAt(all, 3, 100)?.id).toBe(3)
    expect(certificateAt(all, 9, 100)).toBeNull()
  })
})

describe('why a calibration cannot carry a verdict', () => {
  // the limits of the profile are 2, 8 and 15 degrees
  const judged = { fromAt: 1000, toAt: 2000, profile: FRIDGE }
  const good = certificate(1, 1000, { dueAt: 2000 })
  const problem = (certificates: Certificate[], named: number | null = null) =>
    calibrationProblem(certificates, named, judged)

  test('nothing when it is dated at the start, due at the end, and spans the limits', () => {
    expect(problem([good])).toBeNull()
    expect(problem([good], 1)).toBeNull()
    const exactly = [2000, 15_000].map((atMilliC) => ({ atMilliC, correctionMilliC: 0 }))
    expect(problem([{ ...good, points: exactly }])).toBeNull()
  })
  test('no certificate, or not the one named', () => {
    expect(problem([])).toBe('no_certificate')
    expect(problem([good], 2)).toBe('no_certificate')
    expect(problem([certificate(1, 2000)])).toBe('no_certificate')
  })
  test('dated after the start', () => {
    const late = certificate(1, 1001, { dueAt: 9000 })
    expect(problem([late])).toBe('dated_after_start')
    expect(problem([late], 1)).toBe('dated_after_start')
  })
  test('expired before the end', () => {
    expect(problem([{ ...good, dueAt: 1999 }])).toBe('expired')
    expect(problem([{ ...good, dueAt: 1999 }], 1)).toBe('expired')
  })
  test('a limit outside the calibrated points, on either side, or no points', () => {
    const points = (from: number, to: number) => [from, to].map((atMilliC) => ({ atMilliC, correctionMilliC: 0 }))
    expect(problem([{ ...good, points: points(2001, 15_000) }])).toBe('limit_outside_points')
    expect(problem([{ ...good, points: points(2000, 14_999) }])).toBe('limit_outside_points')
    expect(problem([{ ...good, points: [] }])).toBe('limit_outside_points')
  })
  test('a certificate that follows in time carries on, each must be good while it rules', () => {
    const next = certificate(2, 1500, { dueAt: 2000 })
    expect(problem([{ ...good, dueAt: 1500 }, next])).toBeNull()
    expect(problem([{ ...good, dueAt: 1499 }, next])).toBe('expired')
    expect(problem([good, { ...next, dueAt: 1999 }])).toBe('expired')
    expect(problem([good, { ...next, points: [] }])).toBe('limit_outside_points')
    expect(problem([good, { ...next, points: [] }], 1)).toBeNull()
  })
  test('certificates of before and after do not matter', () => {
    const old = certificate(7, 0, { dueAt: 10, points: [] })
    const later = certificate(8, 2000, { points: [] })
    expect(problem([old, good, later])).toBeNull()
  })
})

describe('a sensor that was found out of tolerance', () => {
  const found = (id: number, calibratedAt: number, fails = false) => ({
    ...certificate(id, calibratedAt),
    asFound: fails ? ('out_of_tolerance' as const) : null,
  })
  const chain = [found(1, 100), found(2, 200), found(3, 300, true), found(4, 400)]
  test.each<[string, number, number, string]>([
    ['before the certificate before', 150, 200, ''],
    ['across it', 150, 201, '3: 200 to 300'],
    ['in between', 220, 250, '3: 200 to 300'],
    ['up to the finding', 299, 400, '3: 200 to 300'],
    ['from the finding on', 300, 400, ''],
  ])('is in doubt since the certificate before: %s', (_when, fromAt, toAt, expected) => {
    const doubts = doubtsOf(chain, { fromAt, toAt })
    expect(doubts.map(({ certificateId, ...span }) => `${certificateId}: ${span.fromAt} to ${span.toAt}`).join()).toBe(
      expected,
    )
    const judged = { fromAt, toAt, profile: FRIDGE, doubts }
    expect(calibrationProblem(chain, null, judged) === 'found_out_of_tolerance').toBe(expected !== '')
  })

  test('is in doubt ever since where there was none before', () =>
    expect(doubtsOf([found(1, 100, true)], { fromAt: 0, toAt: 1 })).toEqual([
      { certificateId: 1, fromAt: null, toAt: 100 },
    ]))
})
