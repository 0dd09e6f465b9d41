import { describe, expect, test } from 'vitest'
import { check, schema } from '../../src/vectors/units-time.ts'
import vectors from './units-time.json' with { type: 'json' }

describe('published cases of units and time', () => {
  const results = check(vectors)
  test('all 46 are run', () => expect(results).toHaveLength(46))
  test.each(results)('$id', (result) => expect(result).toEqual({ id: result.id, ok: true }))
})

describe('the check itself', () => {
  const wrong = {
    ...vectors,
    milliDegrees: vectors.milliDegrees.map((one) => ({ ...one, exact: !one.exact })),
    convert: vectors.convert.map((one) => ({ ...one, milliC: one.milliC + 1 })),
    display: vectors.display.map((one) => ({ ...one, shown: `${one.shown}0` })),
    clock: vectors.clock.map((one) => ({ ...one, corrected: '2026-03-02T10:00:00.001Z' })),
    timestamps: vectors.timestamps.map((one) => ({ ...one, outcome: 'held' })),
    clockRules: vectors.clockRules.map((one) => ({ ...one, outcome: 'rejected' })),
    completeness: vectors.completeness.map((one) => ({ ...one, percent: 7 })),
  }
  test('fails every case whose expectation differs', () => {
    expect(check(wrong).filter(({ ok }) => ok)).toEqual([])
    expect(check(wrong)).toHaveLength(46)
  })
  test('fails a held clock without its reason', () => {
    const clockRules = vectors.clockRules.map((one) => ({ ...one, reason: 'another' }))
    expect(check({ ...vectors, clockRules }).filter(({ ok }) => ok)).toHaveLength(46 - vectors.clockRules.length)
  })
  test('fails a file of another shape, naming the part', () => {
    expect(check({ schema })).toMatchObject([
      { id: 'file', ok: false, message: expect.stringContaining('milliDegrees:') },
    ])
  })
})
