import { expect, test } from 'vitest'
import { LOGGER_FILES } from '../support/logger-files.ts'
import { rowsOf, understand, understood } from '../support/survey.ts'

const TITLE = 'Time (UTC),Temperature (°C)'
const rows = (title: string, ...lines: string[]) => `${[title, ...lines].join('\n')}\n`
const GOOD = ['2026-03-02 10:00,5.0', '2026-03-02 10:05,5.0', '2026-03-02 10:10,5.0']

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

test.each([
  ['Lat,N/S,Lon,E/W', '40.7128,N,74.006,W'],
  ['Lat,Lon,NS,EW', '40.7128,74.006,N,W'],
  ['Lat,Lat Dir,Lon,Lon Dir', '40.7128,South,74.006,West'],
])('a position without its hemisphere is not read: %s', async (titles, cells) => {
  const file = rows(`${TITLE},${titles}`, ...GOOD.map((row) => `${row},${cells}`))
  expect((await understood(file)).notRead).toEqual(['Lat', 'Lon'])
})

test('a door that is open says nothing of a position', async () => {
  const file = rows(`${TITLE},Lat,Lon,Door`, ...GOOD.map((row) => `${row},40.7128,74.006,O`))
  expect((await understood(file)).notRead).toEqual([])
})

test('a column of units is that of the temperature', async () => {
  const cells = GOOD.map((row) => `${row},C,0.1,3.5,1013,4.1`)
  const file = rows('Time (UTC),Temperature,Unit,Shock,Battery,Pressure,Absolute humidity (g/m³)', ...cells)
  const found = await understood(file)
  expect(found.channels.map(({ quantity }) => quantity)).toEqual(['temperature'])
  const battery = await understood(file, { channels: { Battery: 'battery:P1' } })
  expect(battery.channels.map(({ quantity }) => quantity)).toEqual(['temperature', 'battery'])
})

test.each([
  ['Probe battery (%)', '95', 'battery P1'],
  ['Sonde 2 (% HR)', '48', 'humidity P1'],
  ['Voltage (V)', '3.05 Volts', 'battery_voltage VLT'],
  ['Battery (V)', '3.6v', 'battery_voltage VLT'],
  ['Humidity (%RH)', '45.2 pct', 'humidity P1'],
  ['Humidity sensor temp', '5.2 °C', 'temperature CEL'],
])('%s: %s', async (title, cell, read) => {
  const file = rows(`${TITLE},${title}`, `${GOOD[0]},${cell}`, `${GOOD[1]},${cell}`)
  const { channels } = await understood(file)
  expect(channels.map(({ quantity, unit, faults }) => `${quantity} ${unit} ${faults}`)[1]).toEqual(`${read} 0`)
})

test.each(['Probe ID', 'Text'])('%s is no temperature', async (title) => {
  const file = rows(`${TITLE},${title}`, ...GOOD.map((row) => `${row},A7`))
  expect((await understood(file)).channels).toHaveLength(1)
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

test('a fault code costs the other channels nothing; a temperature nobody can read has its line named', async () => {
  const lines = ['2026-03-02 10:00,5.000,-999.000', '2026-03-02 10:05,12.400,21.500', '2026-03-02 10:10,12.300,5.0.1']
  const { account, rows: read, channels } = await understood(rows('Time (UTC),Probe (°C),Room (°C)', ...lines))
  expect([read, account.reasons, channels.map(({ faults }) => faults)]).toEqual([2, { VALUE_UNREADABLE: 1 }, [0, 1]])
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
