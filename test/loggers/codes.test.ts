import { expect, test } from 'vitest'
import type { LineReason } from '../../src/loggers/account.ts'
import type { Answers, QuestionCode } from '../../src/loggers/question.ts'
import { surveyFile } from '../../src/loggers/survey.ts'
import type { WarningCode } from '../../src/loggers/warnings.ts'
import { LOGGER_FILES, sourceOf } from '../support/logger-files.ts'
import { understand, understood } from '../support/survey.ts'

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
