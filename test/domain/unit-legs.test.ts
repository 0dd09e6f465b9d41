import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isSameUnit, legsOf, type UnitNames, type UnitRow } from '../../src/domain/unit-legs.ts'

const NAMES: UnitNames = { code: 'BAG-1', gtin: null, serial: null, din: null, lot: null }
const SERIALISED = { ...NAMES, gtin: '09521234543213', serial: 'S1' }

describe('the same bag', () => {
  test.each<[string, UnitNames, UnitNames, boolean]>([
    ['one code and nothing else', NAMES, NAMES, true],
    ['another code', NAMES, { ...NAMES, code: 'BAG-2' }, false],
    ['one GTIN and serial under two codes', SERIALISED, { ...SERIALISED, code: 'X' }, true],
    ['one code, and another serial', SERIALISED, { ...SERIALISED, serial: 'S2' }, false],
    ['one code, the serial of which only one knows', SERIALISED, NAMES, true],
    ['one code, and a lot that contradicts', { ...NAMES, lot: 'L1' }, { ...NAMES, lot: 'L2' }, false],
    ['one code, and a donation that contradicts', { ...SERIALISED, din: 'A' }, { ...NAMES, din: 'B' }, false],
    ['one code, and a serial without GTIN that contradicts', SERIALISED, { ...NAMES, serial: 'S2' }, false],
  ])('%s', (_what, a, b, same) => expect([isSameUnit(a, b), isSameUnit(b, a)]).toEqual([same, same]))
})

const row = (unitId: number, packedAt: number | null, closedAt: number | null = null): UnitRow => ({
  ...NAMES,
  ...{ unitId, shipmentId: unitId, packedAt, closedAt },
})
const printed = (rows: readonly UnitRow[]) => legsOf(rows).map(({ unitId, untilAt }) => [unitId, untilAt])
const OPEN = Number.POSITIVE_INFINITY

describe('rides', () => {
  test.each<[string, UnitRow[], (number | null)[][]]>([
    [
      'are in order of packing',
      [row(1, 50, 60), row(2, 10, 20)],
      [
        [2, 20],
        [1, 60],
      ],
    ],
    [
      'end where the bag was packed again',
      [row(1, 10, 99), row(2, 50)],
      [
        [1, 50],
        [2, OPEN],
      ],
    ],
    [
      'end there also where nobody closed them',
      [row(1, 10), row(2, 50, 60)],
      [
        [1, 50],
        [2, 60],
      ],
    ],
    ['go on while nothing ended them', [row(1, 10)], [[1, OPEN]]],
    [
      'are ended by nothing that is not packed yet',
      [row(2, null), row(1, 10)],
      [
        [1, OPEN],
        [2, OPEN],
      ],
    ],
    [
      'of one instant take no time but the last',
      [row(2, 10, 30), row(1, 10, 20)],
      [
        [1, 10],
        [2, 30],
      ],
    ],
  ])('%s', (_what, rows, legs) => expect(printed(rows)).toEqual(legs))

  test('no instant of a bag’s life is in two of them, whatever the order they are told in', () => {
    const instants = fc.option(fc.nat(20), { nil: null })
    const rows = fc
      .array(fc.tuple(instants, instants), { maxLength: 6 })
      .map((list) => list.map(([a, b], index) => row(index, a, a === null || b === null ? null : a + b)))
    fc.assert(
      fc.property(
        rows.chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }))),
        ([list, shuffled]) => {
          const legs = legsOf(list).filter(({ packedAt }) => packedAt !== null)
          for (const [index, leg] of legs.entries()) {
            expect(leg.untilAt).toBeLessThanOrEqual(legs[index + 1]?.packedAt ?? OPEN)
            expect(leg.untilAt).toBeGreaterThanOrEqual(leg.packedAt ?? OPEN)
          }
          expect(printed(shuffled)).toEqual(printed(list))
        },
      ),
    )
  })
})
