import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { expiryReadings, labelSaysInstant, parseLocalExpiry, printLocalExpiry } from '../../src/domain/gs1-date.ts'

describe('an expiry entered as printed', () => {
  test.each(['2027-12-31', '2028-02-29', '2027-12-31T00:00', '2027-12-31T23:59'])('%s is taken as it is', (text) => {
    const expiry = parseLocalExpiry(text)
    expect(expiry && printLocalExpiry(expiry)).toBe(text)
  })
  test.each([
    '2027-02-29',
    '2027-13-01',
    '2027-12-00',
    '2027-12-31T24:00',
    '2027-12-31T12:60',
    '2027-12-31Z',
    '31.12.2027',
    '',
    '2027-12-31T12:00+01:00',
  ])('%s is none', (text) => expect(parseLocalExpiry(text)).toBeNull())
})

test('further clocks only widen what a label without zone may mean', () => {
  const minutes = fc.integer({ min: -48, max: 56 }).map((quarters) => quarters * 15)
  fc.assert(
    fc.property(minutes, minutes, fc.array(minutes, { maxLength: 4 }), (manufacturerMin, placeMin, othersMin) => {
      const [narrow, wide] = [
        { manufacturerMin, placeMin },
        { manufacturerMin, placeMin, othersMin },
      ]
      const expiry = { date: '2027-12-31', time: null }
      const [few, many] = [expiryReadings(expiry, narrow), expiryReadings(expiry, wide)]
      expect(many.earliestAt).toBeLessThanOrEqual(few.earliestAt)
      expect(many.latestAt).toBeGreaterThanOrEqual(few.latestAt)
      for (const instant of [many.earliestAt, few.latestAt, many.latestAt]) {
        if (labelSaysInstant(expiry, instant, narrow)) expect(labelSaysInstant(expiry, instant, wide)).toBe(true)
      }
      expect(labelSaysInstant(expiry, many.earliestAt, wide) && labelSaysInstant(expiry, many.latestAt, wide)).toBe(
        true,
      )
    }),
  )
})
