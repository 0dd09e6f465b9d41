import { describe, expect, test } from 'vitest'
import { boxCheck, type ExpectedBox } from '../../src/domain/box-check.ts'
import type { ScanPart } from '../../src/domain/scan-part.ts'

const SSCC = '195213210000000428'
const BOX: ExpectedBox = {
  sscc: SSCC,
  coi: 'COI-1',
  orderCoi: 'COI-1',
  container: { serial: 'DEWAR-7', grai: '09521321000773DS9' },
  loggers: ['(8004)9521321LOG42', 'SN-43'],
}
const NOTHING_ON_FILE: ExpectedBox = { sscc: null, coi: null, orderCoi: null, container: null, loggers: [] }
const readAt = Date.UTC(2026, 2, 2)

function scanned(of: 'label' | 'coi' | 'container' | 'logger', raw: string): ScanPart {
  return { entry: 'scanned', of, raw, symbology: null }
}

/** Results in the order of the fields: sscc, coi, container, logger. */
function results(parts: readonly ScanPart[], expected: ExpectedBox = BOX): string {
  return boxCheck([{ parts, readAt }], expected)
    .map(({ result }) => result)
    .join(' ')
}

describe('what is read of a box is compared with what is on file', () => {
  test.each<[string, ScanPart[], string]>([
    ['nothing', [], 'not_read not_read not_read not_read'],
    ['its bar code', [scanned('label', `]C100${SSCC}`)], 'match not_read not_read not_read'],
    ['its QR code', [scanned('label', `http://cold.example/00/${SSCC}`)], 'match not_read not_read not_read'],
    ['that of another box', [scanned('label', '(00)195213210000000435')], 'mismatch not_read not_read not_read'],
    ['a code of no box', [scanned('label', 'HELLO')], 'not_read not_read not_read not_read'],
    ['another chain of identity', [scanned('coi', 'COI-2')], 'not_read mismatch not_read not_read'],
    ['the container by its serial', [scanned('container', 'DEWAR-7')], 'not_read not_read match not_read'],
    ['the container by its key', [scanned('label', '(8003)09521321000773DS9')], 'not_read not_read match not_read'],
    ['another container', [scanned('container', 'DEWAR-8')], 'not_read not_read mismatch not_read'],
    ['a logger by its serial', [scanned('logger', 'SN-43')], 'not_read not_read not_read match'],
    ['a logger by its key', [scanned('logger', ']C180049521321LOG42')], 'not_read not_read not_read match'],
    [
      'one logger right and one wrong',
      [scanned('logger', 'SN-43'), scanned('logger', 'SN-44')],
      'not_read not_read not_read mismatch',
    ],
  ])('%s', (_what, parts, expected) => expect(results(parts)).toBe(expected))

  test('by everyone: one wrong reading is a mismatch beside a right one', () => {
    const right = { parts: [scanned('label', `(00)${SSCC}`)], readAt }
    const wrong = { parts: [scanned('label', '(00)195213210000000435')], readAt }
    for (const readings of [
      [right, wrong],
      [wrong, right],
    ]) {
      const [sscc] = boxCheck(readings, BOX)
      expect(sscc).toMatchObject({ field: 'sscc', result: 'mismatch', expected: [SSCC] })
      expect(new Set(sscc?.found)).toEqual(new Set([SSCC, '195213210000000435']))
    }
  })
})

test('where nothing is on file what was read is kept as found, and is neither right nor wrong', () => {
  const all = [scanned('label', `(00)${SSCC}`), scanned('coi', 'C'), scanned('container', 'D'), scanned('logger', 'S')]
  expect(results(all, NOTHING_ON_FILE)).toBe('not_on_file not_on_file not_on_file not_on_file')
})

test('the chain of identity must be that of the shipment and that of the order', () => {
  for (const coi of ['COI-1', 'COI-2']) {
    expect(results([scanned('coi', coi)], { ...BOX, orderCoi: 'COI-2' })).toBe('not_read mismatch not_read not_read')
  }
  expect(results([scanned('coi', 'COI-2')], { ...BOX, coi: null, orderCoi: 'COI-2' })).toMatch(/^not_read match/)
})
