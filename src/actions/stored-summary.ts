import { z } from 'zod'
import { OBSERVATION_UNIT_CODES, QUANTITIES } from '../domain/quantity.ts'
import { UNIT_CODES } from '../domain/units.ts'
import { LINE_KINDS, LINE_REASONS } from '../loggers/account.ts'
import type { FileSummary } from '../loggers/summary.ts'
import { WARNING_CODES } from '../loggers/warnings.ts'

const text = z.string().nullable()
const count = z.int().nonnegative()
const moment = z.object({ text: z.string(), at: z.int() }).nullable()
const extreme = z.object({ text: z.string(), timeText: z.string(), at: z.int(), milliC: z.int().nullable() }).nullable()

const channel = z.object({
  name: z.string(),
  channel: z.string(),
  quantity: z.enum(['temperature', ...QUANTITIES]),
  unit: z.enum([...UNIT_CODES, ...OBSERVATION_UNIT_CODES]).nullable(),
  unitFrom: z.enum(['title', 'row', 'header', 'dialect', 'answer']),
  readings: count,
  faults: count,
  minimum: extreme,
  maximum: extreme,
  resolutionMilliC: z.int().nullable(),
})

const account = z.object({
  lines: count,
  kinds: z.record(z.enum(LINE_KINDS), count),
  reasons: z.partialRecord(z.enum(LINE_REASONS), count),
  rejected: z.array(z.object({ line: z.int(), reason: z.enum(LINE_REASONS), text: z.string() })),
})

const schema = z.object({
  dialect: z.string(),
  vendor: text,
  model: text,
  serial: text,
  name: text,
  signed: z.boolean(),
  declaredSamples: z.int().nullable(),
  declaredIntervalMs: z.int().nullable(),
  limits: z.object({ low: text, high: text }),
  encoding: z.enum([
    ...(['us-ascii', 'utf-8', 'utf-8 with BOM', 'iso-8859-1', 'windows-1252', 'utf-16le', 'utf-16be'] as const),
    ...(['utf-16le with BOM', 'utf-16be with BOM'] as const),
  ]),
  zone: z.object({ stated: text, used: text }),
  dateOrder: z.object({ order: text, because: z.string() }),
  statistics: z.object({ minimum: text, maximum: text, mean: text, meanKineticTemperature: text }),
  rows: count,
  marked: count,
  first: moment,
  last: moment,
  steps: z.object({
    usualMs: z.int().nullable(),
    differing: count,
    largestMs: z.int().nullable(),
    gaps: count,
    duplicateTimes: count,
    order: z.enum(['ascending', 'descending', 'mixed']),
  }),
  channels: z.array(channel),
  notRead: z.array(z.string()),
  account,
  warnings: z.array(z.object({ code: z.enum(WARNING_CODES), text: z.string() })),
})

/** The summary in `logger_import.summary`. */
export function storedSummary(summary: unknown): FileSummary {
  return schema.parse(summary)
}
