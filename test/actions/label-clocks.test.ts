import { describe, expect, test } from 'vitest'
import { labelClocks } from '../../src/actions/label-clocks.ts'
import { expiryReadings, labelSaysInstant } from '../../src/domain/gs1-date.ts'

const summer = Date.parse('2027-07-01T12:00:00Z')
const winter = Date.parse('2027-12-31T12:00:00Z')
const NEW_YORK_TO_BERLIN = { manufacturer: ['America/New_York'], place: ['Europe/Berlin'] }
const expiry = { date: '2027-12-31', time: null }

describe('the clocks a label may mean', () => {
  test('are those of manufacturer and place of use, as they stand at the time', () => {
    expect(labelClocks(NEW_YORK_TO_BERLIN, winter)).toMatchObject({ manufacturerMin: -300, placeMin: 60 })
    expect(labelClocks(NEW_YORK_TO_BERLIN, summer)).toMatchObject({ manufacturerMin: -240, placeMin: 120 })
  })
  test('are those of every site of theirs', () => {
    const clocks = labelClocks({ manufacturer: ['UTC', 'Asia/Tokyo'], place: ['Europe/Berlin', 'UTC'] }, winter)
    expect(clocks).toEqual({ manufacturerMin: 0, placeMin: 60, othersMin: [540, 0] })
  })
  test('are all of the world where a party has no site', () => {
    const clocks = labelClocks({ manufacturer: [], place: ['Europe/Berlin'] }, winter)
    expect(expiryReadings(expiry, clocks)).toEqual({
      earliestAt: Date.parse('2027-12-31T23:59:59.999+14:00'),
      latestAt: Date.parse('2027-12-31T23:59:59.999-12:00'),
    })
    for (const instant of ['2027-12-30T11:00:00Z', '2027-12-31T11:00:00Z', '2028-01-01T11:00:00Z']) {
      expect(labelSaysInstant(expiry, Date.parse(instant), clocks)).toBe(true)
    }
    expect(labelSaysInstant(expiry, Date.parse('2028-01-01T12:01:00Z'), clocks)).toBe(false)
  })
})
