import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DECODERS, type DecodedField } from '../../../src/domain/uplink.ts'
import { decimal } from '../../../src/ingest/lorawan/bytes.ts'
import { decodeUplink } from '../../../src/ingest/lorawan/decode-uplink.ts'
import { expectSound } from '../../support/sound.ts'
import { uplinkOf } from '../../support/uplink.ts'

const RECEIVED_AT = Date.UTC(2026, 2, 2, 10)
const FIELDS: DecodedField[] = [
  { pointer: '/a', channel: 'probe', unit: 'CEL', faults: ['1'] },
  { pointer: '/a/0/', channel: 'humidity', unit: 'P1', faults: [] },
]

/** The longest frame LoRaWAN has; the largest message the door takes could hold a thousand times as much. */
const FRAME = 242
const LONGEST = 190_000

describe.each(DECODERS)('the decoder %s', (decoder) => {
  const decode = (bytes: Uint8Array, fPort: number, decoded: unknown = null) =>
    decodeUplink(
      uplinkOf(bytes, { fPort, decoded }),
      { decoder, fields: decoder === 'decoded' ? FIELDS : [] },
      RECEIVED_AT,
    )

  test('never throws, whatever the bytes, and what it finds can be stored', () => {
    const port = fc.oneof(fc.constantFrom(0, 2, 3, 4, 5, 85), fc.nat(255))
    const tags = fc.constantFrom(0x01, 0x03, 0x04, 0x0c, 0x20, 0x67, 0x68, 0x75, 0x88, 0xce, 0xff, 0x41, 0x81)
    const bytes = fc.array(fc.oneof(tags, fc.nat(255)), { maxLength: FRAME })
    fc.assert(
      fc.property(bytes, port, fc.jsonValue({ maxDepth: 3 }), (frame, fPort, decoded) => {
        const found = decode(Uint8Array.from(frame), fPort, decoded)
        if ('wrong' in found) {
          expect(found.wrong).toMatch(/^[^\0]{5,}$/s)
          return
        }
        const parsed = { seq: 7, ...found, problem: null }
        const any = parsed.readings.length + parsed.observations.length + parsed.held.length
        expect(any).toBeLessThanOrEqual(Math.max(frame.length, FIELDS.length))
        if (any > 0) expectSound(parsed, RECEIVED_AT)
      }),
      { numRuns: 1000 },
    )
  })

  test('does not stall on the longest payload a message can hold', () => {
    for (const byte of [0x00, 0x01, 0x67, 0x75, 0xff]) {
      for (const fPort of [2, 3, 85]) {
        const found = decode(new Uint8Array(LONGEST).fill(byte), fPort)
        const measured = 'wrong' in found ? 0 : found.readings.length + found.observations.length + found.held.length
        expect(measured).toBeLessThan(LONGEST)
      }
    }
  })
})

test('whole units with decimals are read back as the number they are', () => {
  fc.assert(
    fc.property(fc.integer({ min: -0x8000_0000, max: 0xffff_ffff }), fc.nat(4), (units, decimals) => {
      expect(Number(decimal(units, decimals))).toBeCloseTo(units / 10 ** decimals, 9)
      expect(decimal(units, decimals)).toMatch(decimals === 0 ? /^-?\d+$/ : new RegExp(`^-?\\d+\\.\\d{${decimals}}$`))
    }),
  )
})
