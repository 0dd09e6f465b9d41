import { createReadStream, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { type About, aboutOf } from '../../src/loggers/about.ts'
import { NO_ANSWERS } from '../../src/loggers/question.ts'
import { readRows } from '../../src/loggers/read-rows.ts'
import type { ChannelStatistics } from '../../src/loggers/statistics.ts'
import { type ByteSource, type Survey, surveyFile } from '../../src/loggers/survey.ts'
import { difference } from '../../src/vectors/compare.ts'

/**
 * `node test/loggers/check-expectations.ts FOLDER`: reads every file that `FOLDER/expectations.json` names and compares
 * each figure that stands there with what the importer makes of the file. Prints a line for every figure that differs
 * and closes with `N passed, N failed`. A file without a zone is read as if its clock stood at UTC, so that local times
 * can be compared.
 */
async function main(folder: string | undefined): Promise<number> {
  if (folder === undefined) {
    process.stderr.write('node test/loggers/check-expectations.ts FOLDER\n')
    return 2
  }
  const { files } = expectations.parse(JSON.parse(readFileSync(join(folder, 'expectations.json'), 'utf8')))
  let [passed, failed] = [0, 0]
  for (const expected of files) {
    for (const { figure, message } of await compareFile(join(folder, expected.file), expected)) {
      if (message === null) passed++
      else failed++
      if (message !== null) process.stdout.write(`${expected.file}: ${figure}: ${message}\n`)
    }
  }
  process.stdout.write(`${passed} passed, ${failed} failed\n`)
  return failed === 0 && passed > 0 ? 0 : 1
}

const text = z.string().nullable()

const channel = z.object({
  name: z.string(),
  unit: z.string(),
  unit_in_file: z.boolean(),
  readings: z.number(),
  min: z.string(),
  min_at: z.string(),
  max: z.string(),
  max_at: z.string(),
  not_numeric_or_suspect: z.record(z.string(), z.number()).optional(),
})

const expectation = z.object({
  file: z.string(),
  vendor: z.string(),
  serial: text,
  encoding: z.string(),
  time_zone_in_file: text,
  readings: z.number(),
  rows: z.number(),
  first: z.string(),
  last: z.string(),
  min: z.string(),
  max: z.string(),
  unit: z.string(),
  unit_in_file: z.boolean(),
  channel_names: z.array(z.string()),
  channels: z.array(channel),
  first_local: z.string(),
  last_local: z.string(),
  decimal_mark: z.string(),
  order: z.string(),
  usual_step_s: z.number(),
  steps_that_differ: z.number(),
  largest_step_s: z.number(),
  marked_out_of_limits: z.number().optional(),
  below_low_limit: z.number().optional(),
  above_high_limit: z.number().optional(),
  limits_in_file: z.object({ low: z.string(), high: z.string() }).optional(),
  declared_samples: z.string().optional(),
  declared_interval: z.string().optional(),
  logger_name: z.string().optional(),
  plot_title: z.string().optional(),
  model: z.string(),
  vendor_statistics: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
})

const expectations = z.object({ files: z.array(expectation) })
type Expected = z.infer<typeof expectation>

type Compared = { figure: string; message: string | null }

async function compareFile(path: string, expected: Expected): Promise<Compared[]> {
  const source: ByteSource = () => createReadStream(path)
  const asked = await surveyFile(source, NO_ANSWERS)
  const surveyed = asked.outcome === 'asks' ? await surveyFile(source, { ...NO_ANSWERS, zone: '+00:00' }) : asked
  if (surveyed.outcome !== 'read') return [{ figure: 'outcome', message: JSON.stringify(surveyed) }]
  const { survey } = surveyed
  const about = aboutOf(survey)
  const codes = asked.outcome === 'asks' ? asked.questions.map(({ code }) => code) : []
  const actual: Record<string, unknown> = {
    ...figuresOf(survey),
    ...saidOf(survey, about, expected),
    ...(await marksOf(source, survey, about)),
    questions: codes,
  }
  const wanted: Record<string, unknown> = {
    ...expected,
    ...saidAsExpected(expected),
    questions: zoneQuestion(expected),
  }
  return Object.keys(actual)
    .filter((figure) => wanted[figure] !== undefined)
    .map((figure) => ({ figure, message: difference(wanted[figure], actual[figure]) }))
}

const UNITS: Record<string, string | undefined> = {
  CEL: 'C',
  FAH: 'F',
  KEL: 'K',
  P1: '%RH',
  A97: 'hPa',
  VLT: 'V',
}

function figuresOf(survey: Survey): Record<string, unknown> {
  const { account, steps, channels } = survey
  const [main] = channels
  const accounted = Object.values(account.kinds).reduce((sum, count) => sum + count, 0)
  return {
    encoding: survey.encoding,
    readings: main?.readings,
    rows: survey.rows,
    first: survey.first?.timeText,
    last: survey.last?.timeText,
    min: main?.minimum?.text,
    max: main?.maximum?.text,
    unit: UNITS[main?.unit ?? ''],
    unit_in_file: main !== undefined && isInFile(main),
    channel_names: channels.map(({ channel }) => channel.name),
    channels: channels.map(printChannel),
    decimal_mark: survey.plan.columns.mark,
    order: steps.order,
    usual_step_s: (steps.usualMs ?? 0) / 1000,
    steps_that_differ: steps.differing,
    largest_step_s: (steps.largestMs ?? 0) / 1000,
    lines: accounted,
  }
}

function printChannel(one: ChannelStatistics) {
  const suspect = Object.fromEntries(one.faultTexts)
  return {
    name: one.channel.name,
    unit: UNITS[one.unit ?? ''],
    unit_in_file: isInFile(one),
    readings: one.readings,
    min: one.minimum?.text,
    min_at: one.minimum?.timeText,
    max: one.maximum?.text,
    max_at: one.maximum?.timeText,
    ...(one.faults > 0 ? { not_numeric_or_suspect: suspect } : {}),
  }
}

/** A percent sign is not in a title that only says humidity. */
function isInFile({ channel }: ChannelStatistics): boolean {
  if (channel.quantity === 'humidity') return channel.name.includes('%')
  return channel.unitFrom !== 'dialect' && channel.unitFrom !== 'answer'
}

function saidOf(survey: Survey, about: About, expected: Expected): Record<string, unknown> {
  const statistics = about.statistics
  return {
    vendor: about.vendor,
    serial: about.serial,
    model: MODELS.find((name) => about.model?.includes(name)) ?? 'not in the file',
    time_zone_in_file: about.zone,
    first_local: localOf(survey.first?.at, expected.first_local, survey),
    last_local: localOf(survey.last?.at, expected.last_local, survey),
    limits_in_file: about.limits,
    declared_samples: about.declaredSamples?.toString(),
    declared_interval: about.declaredIntervalMs,
    logger_name: about.name,
    plot_title: about.name,
    stated_minimum: statistics.minimum?.text,
    stated_maximum: statistics.maximum?.text,
    stated_mean: statistics.mean?.text,
    stated_mkt: statistics.meanKineticTemperature?.text,
    stated_samples: about.declaredSamples,
  }
}

/** The instant as the clock of the file showed it, with an offset where the expectation has one. */
function localOf(at: number | undefined, expected: string, { plan }: Survey): string {
  const zone = plan.zone
  const stated = /([+-])(\d\d):(\d\d)$/.exec(expected)
  const statedMs =
    stated === null ? 0 : (Number(stated[2]) * 60 + Number(stated[3])) * (stated[1] === '-' ? -60_000 : 60_000)
  const offsetMs = zone?.kind === 'offset' ? zone.offsetMs : statedMs
  return `${new Date((at ?? 0) + offsetMs).toISOString().slice(0, 19)}${stated?.[0] ?? ''}`
}

/** What the expectations word for people, in the terms of the importer. */
function saidAsExpected({ vendor, model, ...expected }: Expected): Record<string, unknown> {
  const said = expected.vendor_statistics ?? {}
  const number = (...names: string[]) =>
    names.flatMap((name) => /^[-+]?[\d.]+/.exec(String(said[name] ?? ''))?.[0] ?? [])[0]
  const zone = expected.time_zone_in_file
  return {
    vendor: vendor.split(' ')[0],
    model: MODELS.find((name) => model.includes(name)) ?? 'not in the file',
    time_zone_in_file: zone === null ? null : zoneWritten(zone.split(' ')[0] ?? ''),
    limits_in_file: expected.limits_in_file && { low: expected.limits_in_file.low, high: expected.limits_in_file.high },
    declared_interval: expected.declared_interval === undefined ? undefined : declaredMs(expected.declared_interval),
    stated_minimum: number('min', 'lowest_daily_min'),
    stated_maximum: number('max', 'highest_daily_max'),
    stated_mean: number('mean'),
    stated_mkt: number('mkt'),
    stated_samples: said.samples === undefined ? undefined : Number(String(said.samples).replace(',', '')),
  }
}

/** Models that stand in a file; the others are known from where the file was found. */
const MODELS = ['Q-tag Fridge-tag 2 L', 'Q-tag CLm doc LR', 'DS1921G-F5', 'DS1922T', 'H08']

function zoneWritten(zone: string): string {
  return /^[+-]\d{4}$/.test(zone) ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone
}

function declaredMs(interval: string): number {
  const [, number, unit] = /(\d+) (minute|second)/.exec(interval) ?? []
  return Number(number) * (unit === 'minute' ? 60_000 : 1000)
}

function zoneQuestion({ time_zone_in_file: zone }: Expected): string[] {
  if (zone === null) return ['ZONE_MISSING']
  return /abbreviation/.test(zone) ? ['ZONE_AMBIGUOUS'] : []
}

/** Marks of the device, and how many readings its own limits make of them. */
async function marksOf(source: ByteSource, survey: Survey, { limits }: About): Promise<Record<string, unknown>> {
  if (limits.low === null || limits.high === null) return {}
  const [low, high] = [Number(limits.low) * 1000, Number(limits.high) * 1000]
  let [below, above] = [0, 0]
  for await (const rows of readRows(source, survey.plan)) {
    for (const { values } of rows) {
      const milliC = values[0]?.milliC ?? null
      if (milliC !== null && milliC < low) below++
      if (milliC !== null && milliC > high) above++
    }
  }
  return { marked_out_of_limits: survey.marked, below_low_limit: below, above_high_limit: above }
}

process.exitCode = await main(process.argv[2])
