import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Answers } from '../../src/loggers/question.ts'
import { LOGGER_FILES, type LoggerFileName } from '../support/logger-files.ts'
import { understand, understood } from '../support/survey.ts'

type Expected = {
  asks: string[]
  given: Partial<Answers>
  is: object
  /** Column, channel, quantity, unit, readings, faults, lowest and highest as written. */
  channels: [string, string, string, string, number, number, string?, string?][]
}

const UTC: Partial<Answers> = { zone: '+00:00' }

const EXPECTED: Record<LoggerFileName, Expected> = {
  'berlinger fridge-tag': {
    asks: ['ZONE_MISSING'],
    given: { zone: 'Europe/Berlin' },
    is: {
      ...{
        dialect: 'berlinger',
        vendor: 'Berlinger',
        serial: '130500100001',
        signed: true,
        declaredIntervalMs: 300_000,
      },
      ...{ rows: 4, marked: 2, limits: { low: '+2.0', high: '+8.0' } },
      first: { text: '2026-03-02 10:00', at: Date.UTC(2026, 2, 2, 9) },
      warnings: [],
    },
    channels: [['T', 'probe', 'temperature', 'CEL', 4, 0, '1.9', '8.1']],
  },
  'berlinger q-tag': {
    asks: ['ZONE_MISSING'],
    given: UTC,
    is: { dialect: 'berlinger', serial: 'RCPJ00099', marked: 1, warnings: [] },
    channels: [['T', 'probe', 'temperature', 'CEL', 3, 0, '1.4', '5.2']],
  },
  'maxim, day first': {
    asks: ['ZONE_AMBIGUOUS'],
    given: { zone: '-06:00' },
    is: {
      ...{ dialect: 'maxim-onewireviewer', serial: 'EA0000002E200001', encoding: 'iso-8859-1' },
      ...{ dateOrder: { order: 'dmy', because: 'declared start' }, warnings: [] },
      first: { text: '2/3/26 12:14:00 PM', at: Date.UTC(2026, 2, 2, 18, 14) },
    },
    channels: [['Value', 'probe', 'temperature', 'CEL', 3, 0, '21', '22.5']],
  },
  'maxim, month first': {
    asks: ['ZONE_AMBIGUOUS'],
    given: UTC,
    is: {
      dateOrder: { order: 'mdy', because: 'declared start' },
      warnings: [{ code: 'RECORD_INCOMPLETE', text: 'the file declares 9 samples and holds 2' }],
    },
    channels: [['Value', 'probe', 'temperature', 'CEL', 2, 0, '49.103', '50.105']],
  },
  lascar: {
    asks: ['ZONE_MISSING'],
    given: UTC,
    is: { dialect: 'lascar-easylog', name: 'BOX_02', serial: '040000001', encoding: 'iso-8859-1', warnings: [] },
    channels: [['Celsius(°C)', 'probe', 'temperature', 'CEL', 3, 0, '34.5', '127.5']],
  },
  hobo: {
    asks: [],
    given: {},
    is: {
      ...{ dialect: 'onset-hoboware', serial: '748001', name: 'Square Tower', encoding: 'utf-8 with BOM' },
      zone: { stated: 'GMT-06:00', used: '-06:00' },
      first: { text: '03/13/26 11:11:57 AM', at: Date.UTC(2026, 2, 13, 17, 11, 57) },
      statistics: { minimum: '-1.77 °F', maximum: '78.71 °F', mean: null, meanKineticTemperature: null },
    },
    channels: [['H08 Temp.', 'probe', 'temperature', 'FAH', 5, 0, '-1.77', '78.71']],
  },
  wellzion: {
    asks: ['ZONE_MISSING'],
    given: UTC,
    is: {
      ...{ dialect: 'wellzion', serial: '170217TPT0040001', encoding: 'utf-16le with BOM' },
      account: { kinds: { header: 1, reading: 2, fault: 1, blank: 1 } },
    },
    channels: [['Thermocouple(°C)', 'probe', 'temperature', 'CEL', 2, 1, '18.6', '22.9']],
  },
  ruuvi: {
    asks: [],
    given: {},
    is: { dialect: 'ruuvi-station', serial: null, zone: { stated: '+02:00', used: null }, rows: 2 },
    channels: [
      ['temperature', 'probe', 'temperature', 'CEL', 2, 0, '1.72', '1.73'],
      ['humidity', 'humidity', 'humidity', 'P1', 2, 0, '44.18', '44.2'],
      ['pressure', 'pressure', 'pressure', 'A97', 2, 0, '1013.06', '1013.06'],
      ['voltage', 'battery_voltage', 'battery_voltage', 'VLT', 2, 0, '2.911', '2.917'],
    ],
  },
  'decimal comma, two channels': {
    asks: [],
    given: {},
    is: {
      ...{ dialect: 'any', serial: 'LOG-1', declaredIntervalMs: 300_000, rows: 3 },
      first: { text: '13.03.2026 11:00:00', at: Date.UTC(2026, 2, 13, 10) },
    },
    channels: [
      ['Temperatur innen [°C]', 'probe', 'temperature', 'CEL', 3, 0, '4,5', '5,5'],
      ['Temperatur außen [°C]', 'temperatur_au_en_c', 'temperature', 'CEL', 2, 1, '21,0', '21,5'],
      ['Feuchte [%rF]', 'humidity', 'humidity', 'P1', 3, 0, '40,5', '42,25'],
    ],
  },
}

const NAMES = Object.keys(LOGGER_FILES).filter((name): name is LoggerFileName => name in EXPECTED)

describe.each(NAMES)('%s', (name) => {
  const file = LOGGER_FILES[name]
  const { asks, given, is, channels } = EXPECTED[name]

  test('asks what only a person knows, and nothing else', async () => {
    const found = await understand(file)
    expect('asks' in found ? found.asks : []).toEqual(asks)
  })

  test('is recognised by its content and read whole', async () => {
    const found = await understood(file, given)
    expect(found).toMatchObject(is)
    const read = found.channels.map(({ name, channel, quantity, unit, readings, faults, minimum, maximum }) => {
      return [name, channel, quantity, unit, readings, faults, minimum?.text, maximum?.text]
    })
    expect(read).toEqual(channels)
  })

  test('every line is accounted for once', async () => {
    const { account } = await understood(file, given)
    const entered = Object.values(account.kinds).reduce((sum, count) => sum + count, 0)
    expect({ entered, rejected: account.kinds.rejected }).toEqual({ entered: account.lines, rejected: 0 })
  })

  test('pieces of any size make the same file', async () => {
    const whole = await understand(file, given)
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 400 }), async (pieceBytes) => {
        expect(await understand(file, given, pieceBytes)).toEqual(whole)
      }),
      { numRuns: 20 },
    )
  })
})
