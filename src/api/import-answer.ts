import { z } from '@hono/zod-openapi'
import type { Imported, Preview } from '../actions/import-file.ts'
import type { ImportedReadout, LoggerImport, Run } from '../actions/logger-imports.ts'
import { exactC, isoInstant } from '../domain/units.ts'
import { LINE_KINDS, LINE_REASONS } from '../loggers/account.ts'
import type { TableRow } from '../loggers/reader.ts'
import type { Extreme } from '../loggers/statistics.ts'
import type { FileSummary, Moment } from '../loggers/summary.ts'
import { WARNING_CODES } from '../loggers/warnings.ts'
import { celsiusOrNull, printedInstant } from './inputs.ts'

const text = z.string().nullable()
const count = z.int()
const asWritten = z.string().meta({ description: 'as the file writes it' })
const moment = z.object({ text: asWritten, at: printedInstant }).nullable()
const extreme = z
  .object({ text: asWritten, timeText: asWritten, at: printedInstant, valueC: z.number().nullable() })
  .nullable()
const seconds = z.number().nullable()

const channel = z.object({
  name: asWritten,
  channel: z.string().meta({ description: 'the sensor’s channel the values belong to' }),
  quantity: z.string(),
  unit: text.meta({ description: 'UN/ECE Rec 20 code' }),
  unitFrom: z.enum(['title', 'row', 'header', 'dialect', 'answer']),
  readings: count,
  faults: count,
  minimum: extreme,
  maximum: extreme,
  resolutionC: z.number().nullable().meta({ description: 'smallest step of the printed values' }),
})

const fileSummary = z.object({
  dialect: z.string(),
  vendor: text,
  model: text,
  serial: text,
  name: text,
  signed: z.boolean().meta({
    description:
      "carries its maker's signature, which is not verified here: the file is kept byte for byte, for who can",
  }),
  encoding: z.string(),
  zone: z.object({ stated: text, used: text.meta({ description: 'null: every row states its offset' }) }),
  dateOrder: z.object({ order: text, because: z.string() }),
  declaredSamples: count.nullable(),
  declaredIntervalS: seconds,
  limits: z.object({ low: text, high: text }).meta({ description: 'of the device, as the file writes them' }),
  statistics: z
    .object({ minimum: text, maximum: text, mean: text, meanKineticTemperature: text })
    .meta({ description: 'the vendor’s own, as the file writes them' }),
  rows: count,
  marked: count.meta({ description: 'rows the device itself marks' }),
  first: moment,
  last: moment,
  usualStepS: seconds,
  stepsThatDiffer: count,
  largestStepS: seconds,
  channels: z.array(channel),
  columnsNotRead: z.array(z.string()),
  lines: z
    .object({
      total: count,
      ...Object.fromEntries(LINE_KINDS.map((kind) => [kind, count])),
    })
    .catchall(count)
    .meta({ description: 'every line of the file is exactly one of these' }),
  rejected: z.array(z.object({ line: z.int(), reason: z.enum(LINE_REASONS), text: z.string() })).meta({
    description: 'the first of the rejected lines',
  }),
  warnings: z.array(z.object({ code: z.enum(WARNING_CODES), text: z.string() })),
})

const run = z.object({ stored: count, duplicates: count, conflicts: count, held: count, observations: count })

const row = z.object({
  line: z.int(),
  timeText: asWritten,
  at: printedInstant,
  values: z.array(
    z.object({ channel: z.string(), text: asWritten, value: text, unit: text, valueC: z.number().nullable() }),
  ),
})

export const importAnswer = z
  .object({
    id: z.int().nullable().meta({ description: 'null: a dry run' }),
    sensorId: z.int(),
    created: z.boolean().meta({ description: 'false: the same file with the same answers was imported before' }),
    file: z.object({ sha256: z.string(), bytes: z.int() }),
    summary: fileSummary,
    run: run.nullable().meta({ description: 'what was stored; null: nothing, or interrupted' }),
    held: z
      .array(z.object({ line: z.int(), at: printedInstant }))
      .meta({ description: 'implausible times, the first' }),
    rows: z
      .object({ first: z.array(row), last: z.array(row) })
      .nullable()
      .meta({ description: 'in a dry run' }),
  })
  .openapi('ReadingImport')

type Answer = z.infer<typeof importAnswer>
type Of = { sensorId: number; file: { sha256: string; bytes: number } }

/** An import at its end. */
export function printImported({ sensorId, file }: Of, done: Imported): Answer {
  const held = done.held.map(({ line, at }) => ({ line, at: isoInstant(at) }))
  const { importId: id, created } = done
  return { id, sensorId, created, file: printFile(file), ...printed(done.summary, done.run), held, rows: null }
}

/** A file as it would be imported. */
export function printPreview({ sensorId, file }: Of, { summary, survey }: Preview): Answer {
  const rows = { first: survey.firstRows.map(printRow), last: survey.lastRows.map(printRow) }
  return { id: null, sensorId, created: false, file: printFile(file), ...printed(summary, null), held: [], rows }
}

const readout = z.object({
  channel: z.string(),
  from: printedInstant,
  to: printedInstant,
  superseded: z
    .object({ at: printedInstant, reason: z.string() })
    .nullable()
    .meta({ description: 'taken back: kept, and not judged' }),
})

export const storedImport = importAnswer
  .omit({ created: true, held: true, rows: true })
  .extend({
    readouts: z.array(readout).meta({ description: 'the stretches of memory that are judged alone' }),
    ...{ answers: z.unknown(), serialDiffers: text, knownAt: printedInstant },
  })
  .openapi('StoredReadingImport')

/** An import as it is kept. */
export function printStored(kept: LoggerImport): z.infer<typeof storedImport> {
  const { id, sensorId, fileSha256, fileBytes, answers, serialDiffers, knownAt } = kept
  const file = { sha256: fileSha256, bytes: fileBytes }
  return {
    id,
    sensorId,
    file,
    ...printed(kept.summary, kept.run),
    readouts: kept.readouts.map(printReadout),
    answers,
    serialDiffers,
    knownAt: isoInstant(knownAt),
  }
}

function printReadout({ channel: name, fromAt, toAt, supersededAt, supersededReason }: ImportedReadout) {
  const superseded = supersededAt === null ? null : { at: isoInstant(supersededAt), reason: supersededReason ?? '' }
  return { channel: name, from: isoInstant(fromAt), to: isoInstant(toAt), superseded }
}

function printFile({ sha256, bytes }: Of['file']): Answer['file'] {
  return { sha256, bytes }
}

function printed(summary: FileSummary, done: Run | null): Pick<Answer, 'summary' | 'run'> {
  return { summary: printSummary(summary), run: done }
}

/** What a file is and holds, in the units of the door. */
export function printSummary(summary: FileSummary): Answer['summary'] {
  const { account, steps, channels, notRead, declaredIntervalMs, first, last, ...rest } = summary
  return {
    ...rest,
    declaredIntervalS: secondsOrNull(declaredIntervalMs),
    first: printMoment(first),
    last: printMoment(last),
    usualStepS: secondsOrNull(steps.usualMs),
    stepsThatDiffer: steps.differing,
    largestStepS: secondsOrNull(steps.largestMs),
    channels: channels.map(({ minimum, maximum, resolutionMilliC, ...of }) => ({
      ...of,
      minimum: printExtreme(minimum),
      maximum: printExtreme(maximum),
      resolutionC: celsiusOrNull(resolutionMilliC),
    })),
    columnsNotRead: notRead,
    lines: { total: account.lines, ...account.kinds },
    rejected: account.rejected,
  }
}

function printMoment(one: Moment | null): Answer['summary']['first'] {
  return one && { text: one.text, at: isoInstant(one.at) }
}

function printExtreme(one: Extreme | null): Answer['summary']['channels'][number]['minimum'] {
  return one && { text: one.text, timeText: one.timeText, at: isoInstant(one.at), valueC: celsiusOrNull(one.milliC) }
}

function secondsOrNull(ms: number | null): number | null {
  return ms === null ? null : ms / 1000
}

function printRow({ line, timeText, at, values }: TableRow): z.infer<typeof row> {
  return {
    line,
    timeText,
    at: isoInstant(at),
    values: values.map(({ channel: { channel: name }, text: written, decimal, unit, milliC }) => {
      return { channel: name, text: written, value: decimal, unit, valueC: milliC === null ? null : exactC(milliC) }
    }),
  }
}
