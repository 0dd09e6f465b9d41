import { expect, test } from 'vitest'
import type { LineReason } from '../../src/loggers/account.ts'
import type { Answers, QuestionCode } from '../../src/loggers/question.ts'
import { surveyFile } from '../../src/loggers/survey.ts'
import type { WarningCode } from '../../src/loggers/warnings.ts'
import { LOGGER_FILES, sourceOf } from '../support/logger-files.ts'
import { rowsOf, understand, understood } from '../support/survey.ts'

type Case = [file: string | Uint8Array, given?: Partial<Answers>]

const TITLE = 'Time (UTC),Temperature (°C)'
const LOCAL = 'Time,Temperature (°C)'
const rows = (title: string, ...lines: string[]) => `${[title, ...lines].join('\n')}\n`
const BERLIN = { zone: 'Europe/Berlin' }

/** The least that leaves each question open. */
const ASKING: Record<QuestionCode, Case> = {
  ZONE_MISSING: [rows(LOCAL, '2026-03-02 10:00,5.0', '2026-03-02 10:05,5.0')],
  ZONE_AMBIGUOUS: [LOGGER_FILES['maxim, day first']],
  ZONE_CONTRADICTED: [rows(TITLE, '2026-03-02 10:00,5.0', '2026-03-02 10:05,5.0'), BERLIN],
  TIME_TWICE: [rows(LOCAL, '2026-10-25 02:30,5.0'), BERLIN],
  TIME_NEVER: [rows(LOCAL, '2026-03-29 01:30,5.0', '2026-03-29 02:30,5.0', '2026-03-29 03:30,5.0'), BERLIN],
  DATE_ORDER_AMBIGUOUS: [rows(TITLE, '11/10/2026 10:00,5.0', '11/10/2026 10:05,5.0')],
  DATE_ORDER_CONTRADICTED: [rows(TITLE, '13/10/2026 10:00,5.0'), { dateOrder: 'mdy' }],
  UNIT_MISSING: [rows('Time (UTC),Temperature', '2026-03-02 10:00,5.0')],
  UNIT_CONTRADICTED: [rows(TITLE, '2026-03-02 10:00,5.0'), { unit: 'FAH' }],
  CHANNEL_UNKNOWN: [rows(TITLE, '2026-03-02 10:00,5.0'), { channels: { Cellar: 'probe' } }],
}

test.each(Object.entries(ASKING))('%s is asked, not guessed', async (code, [file, given]) => {
  expect(await understand(file, given)).toEqual({ asks: [code] })
})

test('all that is open is asked at once', async () => {
  const file = rows('Time,Temperature', '11/10/2026 10:00,5.0', '11/10/2026 10:05,5.0')
  const found = await understand(file)
  expect('asks' in found && found.asks.toSorted()).toEqual(['DATE_ORDER_AMBIGUOUS', 'UNIT_MISSING', 'ZONE_MISSING'])
})

test.each([
  ['dmy', Date.UTC(2026, 9, 11, 8)],
  ['mdy', Date.UTC(2026, 10, 10, 9)],
] as const)('an answer decides the order %s, and the zone its daylight saving', async (dateOrder, at) => {
  const file = rows(LOCAL, '11/10/2026 10:00,5.0', '11/10/2026 10:05,5.0')
  expect((await understood(file, { ...BERLIN, dateOrder })).first?.at).toBe(at)
})

test('an hour that came twice is decided where the clock goes back', async () => {
  const file = rows(
    LOCAL,
    '2026-10-25 02:30,5.0',
    '2026-10-25 02:45,5.1',
    '2026-10-25 02:00,5.2',
    '2026-10-25 02:15,5.3',
  )
  const found = await understood(file, BERLIN)
  expect([found.first?.at, found.last?.at]).toEqual([Date.UTC(2026, 9, 25, 0, 30), Date.UTC(2026, 9, 25, 1, 15)])
  expect(found.warnings.map(({ code }) => code)).toContain('HOUR_TWICE')
})

const GOOD = ['2026-03-02 10:00,5.0', '2026-03-02 10:05,5.0', '2026-03-02 10:10,5.0']

/** The least that has each line refused. Times that never were, or came twice, are asked about before. */
const REJECTING: Record<Exclude<LineReason, 'TIME_TWICE' | 'TIME_NEVER'>, Case> = {
  TIME_UNREADABLE: [rows(TITLE, ...GOOD, '2026-13-02 10:15,5.0')],
  TIME_MISSING: [rows(TITLE, ...GOOD, ',5.0')],
  VALUE_UNREADABLE: [rows(TITLE, ...GOOD, '2026-03-02 10:15,5.0.1')],
  UNIT_UNREADABLE: [rows('Time (UTC),Value,Unit', ...GOOD.map((row) => `${row},C`), '2026-03-02 10:15,5.0,Q')],
  CELLS_DO_NOT_FIT: [rows(TITLE, ...GOOD, '2026-03-02 10:15,5,0')],
  SECOND_TABLE: [rows(TITLE, ...GOOD, 'Time (UTC),Humidity (%)', '2026-03-02 10:00,40')],
  LINE_TOO_LONG: [rows(TITLE, ...GOOD, `2026-03-02 10:15,5.0,${'x'.repeat(70_000)}`)],
}

test.each(Object.entries(REJECTING))(
  'a line is refused as %s, named, and the others are read',
  async (reason, given) => {
    const { account, rows: read } = await understood(...given)
    expect(account.reasons).toEqual({ [reason]: 1 })
    expect(account.rejected).toHaveLength(1)
    expect(read).toBe(GOOD.length)
  },
)

test.each(['5.O1', '1O.2', '5.0 5.1'])(
  '%s is a value nobody can read, not one in a unit nobody knows',
  async (value) => {
    const { account } = await understood(rows(TITLE, ...GOOD, `2026-03-02 10:15,${value}`))
    expect(account.reasons).toEqual({ VALUE_UNREADABLE: 1 })
  },
)

test.each(['', 'Remark', 'Alarm'])(
  'a decimal comma between commas is not cut where "%s" stands beside',
  async (title) => {
    const commas = ['2026-03-02 10:00,8,9,', '2026-03-02 10:05,8,8,', '2026-03-02 10:10,8,']
    const { account, rows: read } = await understood(rows(`${TITLE},${title}`, ...commas))
    expect(account.reasons).toEqual({ CELLS_DO_NOT_FIT: 2 })
    expect(read).toBe(1)
  },
)

test('percents of a battery or of oxygen are no humidity', async () => {
  const title = `${TITLE},Battery (%),Oxygen (%),CO2 (%),Ch 2 (%)`
  const { channels } = await understood(
    rows(title, '2026-03-02 10:00,5.0,88,21,5,40', '2026-03-02 10:05,5.1,87,21,5,41'),
  )
  expect(channels.map(({ quantity }) => quantity)).toEqual(['temperature', 'battery', 'humidity'])
})

const CLIMATE = 'Tilt (°),Shock (g),Weight [kg],Lat,Longitude,Battery (V),CO2 (ppm),Light (lx)'

test('what a logger measured beside its temperature is read', async () => {
  const cells = (temperature: string) => `${temperature},12.5,0.9,14.25,52.5200066,-13.4,3.61,420,17`
  const { channels } = await understood(
    rows(`${TITLE},${CLIMATE}`, `2026-03-02 10:00,${cells('5.0')}`, `2026-03-02 10:05,${cells('5.1')}`),
  )
  expect(channels.map(({ channel, unit, minimum }) => `${channel} ${minimum?.text} ${unit}`)).toEqual([
    ...['probe 5.0 CEL', 'tilt 12.5 DD', 'shock 0.9 K40', 'mass 14.25 KGM', 'latitude 52.5200066 DD'],
    ...['longitude -13.4 DD', 'battery_voltage 3.61 VLT', 'carbon_dioxide 420 59', 'light 17 LUX'],
  ])
})

test.each([
  ['Shock freezer temp', 'temperature'],
  ['Thermal mass probe', 'temperature'],
  ['Long Beach Temp', 'temperature'],
  ['Lat Probe', 'temperature'],
  ['Gewichtete Temperatur', 'temperature'],
])('%s is a temperature', async (title, quantity) => {
  const file = rows(`${TITLE},${title}`, '2026-03-02 10:00,5.0,-20.5', '2026-03-02 10:05,5.1,-20.4')
  const { channels } = await understood(file, { unit: 'CEL' })
  expect(channels.map((channel) => channel.quantity)).toEqual(['temperature', quantity])
})

test.each(['Shock freezer', 'Thermal mass', 'Lager Long Beach', 'Impact zone'])(
  '%s is what its cells or a person say it is',
  async (title) => {
    const plain = rows(`${TITLE},${title}`, '2026-03-02 10:00,5.0,-20.5', '2026-03-02 10:05,5.1,-20.4')
    const answered = await understood(plain, { channels: { [title]: 'freezer:CEL' } })
    expect(answered.channels.map(({ channel, unit }) => `${channel} ${unit}`)).toEqual(['probe CEL', 'freezer CEL'])
    const written = await understood(plain.replaceAll(/-20\.\d/g, '$& °C'))
    expect(written.channels.map(({ quantity }) => quantity)).toEqual(['temperature', 'temperature'])
    const alone = rows(`Time (UTC),${title},Unit`, '2026-03-02 10:00,-20.5,C', '2026-03-02 10:05,-20.4,C')
    expect((await understood(alone)).rows).toBe(2)
  },
)

test.each([
  ...[
    'Mass Flow (kg/h)',
    'Weight loss (kg)',
    'Air Mass (kg/m3)',
    'Latitude Accuracy (m)',
    'Latitude (rad)',
    'Long Term',
  ],
  ...['Tilt (%)', 'Shock (mg)', 'Weight (t)', 'Abneigung (%)', 'Combattant %'],
])('%s is nothing that is read', async (title) => {
  const file = rows(`${TITLE},${title}`, '2026-03-02 10:00,5.0,20.5', '2026-03-02 10:05,5.1,20.4')
  expect((await understood(file)).notRead).toEqual([title])
})

test.each([
  ['Peak Shock, g', '9.5', '9.5 K40'],
  ['Weight [lb]', '14', '14 LBR'],
  ['Battery %', '88', '88 P1'],
  ['% Battery', '88', '88 P1'],
  ['GPS Long', '-74.006', '-74.006 DD'],
  ['Neigung (°)', '12', '12 DD'],
])('%s is read', async (title, cell, read) => {
  const file = rows(`${TITLE},"${title}"`, `2026-03-02 10:00,5.0,${cell}`, `2026-03-02 10:05,5.1,${cell}`)
  const { channels } = await understood(file)
  expect(channels.slice(1).map(({ minimum, unit }) => `${minimum?.text} ${unit}`)).toEqual([read])
})

test('a position without its hemisphere is not read', async () => {
  const file = rows(`${TITLE},LAT,N/S,LON,E/W`, ...GOOD.map((row) => `${row},40.7128,N,74.006,W`))
  expect((await understood(file)).notRead).toEqual(['LAT', 'LON'])
})

test('a unit behind a value is that of the value', async () => {
  const file = rows(`${TITLE},Weight (kg)`, `${GOOD[0]},8.6`, `${GOOD[1]},8600 g`, `${GOOD[2]},8.6 stone`)
  const read = await rowsOf(file)
  expect(read.map(({ values }) => `${values[1]?.decimal} ${values[1]?.unit}`)).toEqual([
    '8.6 KGM',
    '8600 GRM',
    'null KGM',
  ])
})

test('a fault code costs the other channels nothing, and neither does a value nobody can read', async () => {
  const lines = ['2026-03-02 10:00,5.000,-999.000', '2026-03-02 10:05,12.400,21.500', '2026-03-02 10:10,12.300,5.0.1']
  const { account, rows: read, channels } = await understood(rows('Time (UTC),Probe (°C),Room (°C)', ...lines))
  expect([read, account.reasons, channels.map(({ faults }) => faults)]).toEqual([3, {}, [0, 2]])
})

test('thousands do not begin with a zero', async () => {
  const { account } = await understood(rows(TITLE, ...GOOD, '2026-03-02 10:15,"0,125"'))
  expect(account.reasons).toEqual({ VALUE_UNREADABLE: 1 })
})

test('a position in degrees and minutes is left out, and costs no temperature', async () => {
  const found = await understood(rows(`${TITLE},Latitude`, '2026-03-02 10:00,5.0,52°31′N', '2026-03-02 10:05,5.1,-'))
  expect([found.rows, found.account.kinds.rejected, found.channels.length]).toEqual([2, 0, 1])
})

/** A file with columns that do not say enough, and what it is said of them. */
const LEAN = rows(
  `${TITLE},Lean,Load,Max. acceleration (m/s²)`,
  '2026-03-02 10:00,5.0,12.5,14,2.5',
  '2026-03-02 10:05,5.1,13.5,14,9.75',
)

test.each([
  [{ Lean: 'tilt:DD', Load: 'mass_2:LBR' }, ['temperature', 'tilt', 'mass']],
  [{ Lean: 'tilt:C81' }, ['temperature', 'tilt']],
  [{ Load: 'lid:FAH' }, ['temperature', 'temperature']],
  [{ 'Max. acceleration (m/s²)': 'shock' }, ['temperature', 'shock']],
])('a channel says what a column measures: %o', async (channels, quantities) => {
  const found = await understood(LEAN, { channels })
  expect(found.channels.map(({ quantity }) => quantity)).toEqual(quantities)
})

test.each([
  [{ Lean: 'tilt' }, ['UNIT_MISSING']],
  [{ Lean: 'tilt:KGM' }, ['UNIT_MISSING']],
  [{ 'Temperature (°C)': 'probe:FAH' }, ['UNIT_CONTRADICTED']],
  [{ 'Temperature (°C)': 'tilt' }, ['CHANNEL_UNKNOWN']],
])('%o is asked about', async (channels, asks) => {
  expect(await understand(LEAN, { channels })).toEqual({ asks })
})

test('the channel of an acceleration is one, once a person says so', async () => {
  const { channels } = await understood(LOGGER_FILES.ruuvi, { channels: { 'acceleration x': 'shock_x:K40' } })
  expect(channels.find(({ quantity }) => quantity === 'shock')).toMatchObject({ channel: 'shock_x', readings: 2 })
})

test('degrees with a point in a file with commas are read as neither', async () => {
  const semicolons = ['2026-03-02 10:00;5,1', '2026-03-02 10:05;5,2', '2026-03-02 10:10;5.123']
  const found = await understood(rows('Time (UTC);Temperature (°C)', ...semicolons))
  expect([found.rows, found.account.reasons]).toEqual([2, { VALUE_UNREADABLE: 1 }])
})

/** The least that warns of each. */
const WARNING: Record<WarningCode, Case> = {
  RECORD_INCOMPLETE: [LOGGER_FILES['maxim, month first'], { zone: '+00:00' }],
  NO_READINGS: [rows(TITLE, '2026-03-02 10:00,5,0', '2026-03-02 10:05,5,5')],
  LINES_REJECTED: [rows(TITLE, ...GOOD, ',5.0')],
  FAULTS: [rows(TITLE, ...GOOD, '2026-03-02 10:15,---')],
  GAPS: [rows(TITLE, ...GOOD, '2026-03-02 12:00,5.0')],
  INTERVAL_DIFFERS: [rows('Logging interval: 10 min', '', TITLE, ...GOOD)],
  DUPLICATE_TIMES: [rows(TITLE, ...GOOD, '2026-03-02 10:10,5.1')],
  NOT_IN_ORDER: [rows(TITLE, ...GOOD, '2026-03-02 09:00,5.0')],
  HOUR_TWICE: [rows(LOCAL, '2026-10-25 02:30,5.0', '2026-10-25 02:45,5.1', '2026-10-25 02:00,5.2'), BERLIN],
  ZONE_DIFFERS: [LOGGER_FILES['maxim, day first'], { zone: 'Asia/Tokyo' }],
  MINIMUM_DIFFERS: [rows('Minimum: 4.0 °C', '', TITLE, ...GOOD)],
  MAXIMUM_DIFFERS: [rows('Maximum: 6.0 °C', '', TITLE, ...GOOD)],
  MEAN_DIFFERS: [rows('Average: 6.0 °C', '', TITLE, ...GOOD)],
  COLUMNS_NOT_READ: [LOGGER_FILES.ruuvi],
  SERIALS_DIFFER: [rows(`${TITLE},Serial Number`, `${GOOD[0]},A`, `${GOOD[1]},B`)],
}

test.each(Object.entries(WARNING))('%s is said', async (code, [file, given]) => {
  expect((await understood(file, given)).warnings.map((warning) => warning.code)).toContain(code)
})

test.each(['America/Chicago', 'America/Costa_Rica', '+08:00'])('%s is one of the clocks called CST', async (zone) => {
  const { warnings } = await understood(LOGGER_FILES['maxim, day first'], { zone })
  expect(warnings.map(({ code }) => code)).not.toContain('ZONE_DIFFERS')
})

test('what a vendor states is compared in the unit it states it in, and told in one', async () => {
  const { warnings } = await understood(rows('Average: 43.0 °F', '', 'Time (UTC),Temperature (°F)', ...GOOD))
  const text = expect.stringMatching(
    /^the file states 43\.0 °F, which is 6\.111 degrees Celsius; its rows give -15\.000 /,
  )
  expect(warnings).toContainEqual({ code: 'MEAN_DIFFERS', text })
})

test.each([
  ['nothing', ''],
  ['prose', 'Dear Sir,\nthe box was cold.\n'],
  ['a PDF', '%PDF-1.7\n%\u00e2\u00e3\n1 0 obj\n'],
  ['a spreadsheet', 'PK\u0003\u0004\u0014\u0000\u0006\u0000[Content_Types].xml'],
])('%s holds no table, and it is said what to do', async (_what, text) => {
  const surveyed = await surveyFile(sourceOf(Buffer.from(text)), {
    zone: null,
    dateOrder: null,
    unit: null,
    channels: {},
  })
  expect(surveyed).toMatchObject({ outcome: 'no_table', detail: expect.stringContaining('export the file as CSV') })
})
