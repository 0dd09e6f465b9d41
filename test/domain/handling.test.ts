import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { handlingOf, postureAt, TILT_HOLDS_MS, type TiltSample } from '../../src/domain/handling.ts'

const MINUTE = 60_000

/** `10:91` is 91 degrees at minute 10; `20:-` a fault. */
function tilts(text: string): TiltSample[] {
  return text.split(' ').flatMap((part) => {
    const [minute, degrees] = part.split(':')
    if (degrees === undefined) return []
    return { at: Number(minute) * MINUTE, milliDeg: degrees === '-' ? null : Number(degrees) * 1000 }
  })
}

const NEVER = { upright: 0, leaning: 0, side: 0, inverted: 0, unknown: 0 }

describe('in the first two hours', () => {
  test.each<[string, string, Partial<typeof NEVER>]>([
    ['nobody watches, and that is not upright', '', { unknown: 120 }],
    [
      'an angle holds until the next one',
      '0:0 30:45 40:91 50:180 60:0 119:0',
      { upright: 90, leaning: 10, side: 10, inverted: 10 },
    ],
    ['and no longer than an hour', '0:0', { upright: 60, unknown: 60 }],
    ['what was before counts as far as it holds', '-30:90', { side: 30, unknown: 90 }],
    ['what is after does not', '121:90', { unknown: 120 }],
    ['a fault is not watching', '0:0 30:- 60:0 119:0', { upright: 90, unknown: 30 }],
    [
      'the classes: below 30, to 60, to 120 degrees',
      '0:29.9 10:30 20:60 30:60.1 40:120 50:120.1 60:0 119:0',
      {
        ...{ upright: 70, leaning: 20, side: 20, inverted: 10 },
      },
    ],
    ['devices count either way round', '0:-90 30:270 60:350 90:-180 119:0', { side: 60, upright: 31, inverted: 29 }],
    ['of two angles for one instant the worse counts', '0:0 60:0 60:91 119:0', { upright: 61, side: 59 }],
  ])('%s', (_what, text, minutes) => {
    const handling = handlingOf(tilts(text), 0, 120 * MINUTE)
    const inMinutes = Object.fromEntries(Object.entries(handling).map(([name, ms]) => [name, ms / MINUTE]))
    expect(inMinutes).toEqual({ ...NEVER, ...minutes })
  })
})

test.each([
  ['', 10, null],
  ['0:91', 10, 'side'],
  ['0:91 5:0', 10, 'upright'],
  ['0:91', 61, null],
  ['0:91 5:-', 10, null],
  ['11:91', 10, null],
  ['10:180 10:0', 10, 'inverted'],
])('watched as %s it stands at minute %d %s', (text, minute, posture) => {
  expect(postureAt(tilts(text), minute * MINUTE)).toBe(posture)
})

test('every millisecond is in exactly one posture or unknown, whatever was observed', () => {
  const sample = fc.record({
    at: fc.integer({ min: -2 * TILT_HOLDS_MS, max: 6 * TILT_HOLDS_MS }),
    milliDeg: fc.option(fc.integer({ min: -360_000, max: 360_000 })),
  })
  const to = fc.integer({ min: 0, max: 5 * TILT_HOLDS_MS })
  fc.assert(
    fc.property(fc.array(sample, { maxLength: 30 }), to, (drawn, toAt) => {
      const handling = handlingOf(
        drawn.toSorted((a, b) => a.at - b.at),
        0,
        toAt,
      )
      const all = Object.values(handling)
      expect(all.every((ms) => ms >= 0)).toBe(true)
      expect(all.reduce((sum, ms) => sum + ms, 0)).toBe(toAt)
    }),
  )
})
