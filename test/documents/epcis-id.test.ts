import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { eventId, placeOfEventId } from '../../src/documents/epcis-id.ts'
import { RECORD_SOURCES } from '../../src/domain/shipment-record.ts'
import { sha256 } from '../support/epcis-record.ts'

const places = fc.record({
  shipmentId: fc.integer({ min: 1, max: 2 ** 36 - 1 }),
  source: fc.constantFrom(...RECORD_SOURCES),
  ordinal: fc.integer({ min: 1, max: 2 ** 20 - 1 }),
})

describe('an event id', () => {
  test('is a UUID of version 8 that leads back to its record', () => {
    fc.assert(
      fc.property(places, fc.string(), (place, fingerprint) => {
        const id = eventId(place, fingerprint, sha256)
        expect(id).toMatch(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
        expect(placeOfEventId(id)).toEqual(place)
        expect(placeOfEventId(id.toUpperCase().replace('URN:UUID', 'urn:uuid'))).toEqual(place)
      }),
    )
  })

  test('is the same for the same record, and another for any other', () => {
    const place = { shipmentId: 17, source: 'custody' as const, ordinal: 3 }
    expect(eventId(place, 'a', sha256)).toBe('urn:uuid:00000001-1000-800f-8a97-8112ca1bbdca')
    expect(eventId(place, 'b', sha256)).not.toBe(eventId(place, 'a', sha256))
    expect(eventId({ ...place, source: 'evaluation' }, 'a', sha256)).not.toBe(eventId(place, 'a', sha256))
  })

  test.each(['', 'urn:uuid:00000000-0000-4000-8000-000000000001', 'ni:///sha-256;00?ver=CBV2.0', 'urn:uuid:8'])(
    'of another form leads nowhere: %s',
    (text) => expect(placeOfEventId(text)).toBeNull(),
  )

  test('cannot name a record beyond what its bits hold', () => {
    expect(() => eventId({ shipmentId: 2 ** 36, source: 'custody', ordinal: 1 }, '', sha256)).toThrow(RangeError)
    expect(() => eventId({ shipmentId: 1, source: 'custody', ordinal: 2 ** 20 }, '', sha256)).toThrow(RangeError)
  })
})
