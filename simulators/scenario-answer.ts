import { z } from 'zod'
import { exactC, isoInstant } from '../src/domain/units.ts'
import { shipmentStatus } from './answers.ts'
import type { Ending, Look } from './scenario.ts'
import type { ScenarioTruth } from './scenario-truth.ts'

/** One line of text for each thing that is compared, the same form for what was served and what was injected. */
export type Answer = Record<string, string>

/** A scenario's answers side by side; `differences` is empty where both are equal. */
export type ScenarioRow = { name: string; served: Answer; injected: Answer; differences: string[] }

/** What only a story can say. */
type Custody = Pick<Ending, 'chain' | 'holder' | 'findings'>

/** The injected side: condition by the oracle, custody and what was seen on the way by the story. */
export function injectedAnswer(expected: Custody, found: ScenarioTruth, looks: readonly Look[]): Answer {
  const { truth, counts, reasons, held } = found
  const uncalibrated = reasons.includes('CALIBRATION_INVALID')
  const own = truth?.status ?? 'indeterminate'
  const answer = {
    temperature: temperatureText({
      // domain page 2.5: at best indeterminate, but an alarm stays one
      status: uncalibrated && own !== 'alarm' ? 'indeterminate' : own,
      severity: truth?.severity ?? null,
      complete: truth?.complete ?? false,
    }),
    gaps: (truth?.gaps ?? []).map(({ fromAt, toAt }) => stretch(fromAt, toAt)).join(', '),
    measured: measuredText(counts, { low: celsius(truth?.lowestMilliC), high: celsius(truth?.highestMilliC) }),
    reasons: reasons.join(', '),
    'held messages': String(held),
    chain: expected.chain,
    holder: expected.holder,
    findings: [...(expected.findings ?? [])].sort().join(', '),
  }
  const levels = (truth?.levels ?? []).map(({ id, alarm, events }) => [
    id,
    levelText(
      alarm,
      events.map(({ startAt, endAt, confirmedMs, presumedMs }) => ({ startAt, endAt, confirmedMs, presumedMs })),
    ),
  ])
  return { ...answer, ...Object.fromEntries(levels), ...looked(looks) }
}

/** The served side; `noted` is what was found beside the status. */
export function servedAnswer(status: ScenarioStatus, noted: { holder: string; held: number; looks: Look[] }): Answer {
  const { temperature, custody } = status
  const { counts, worst } = temperature
  const levels = temperature.levels.map(({ id, alarm, events }) => [
    id,
    levelText(
      alarm,
      events.map(({ start, end, confirmedS, presumedS }) => ({
        startAt: start,
        endAt: end,
        confirmedMs: confirmedS,
        presumedMs: presumedS,
      })),
    ),
  ])
  return {
    temperature: temperatureText(temperature),
    gaps: temperature.gaps.map(({ from, to }) => stretch(from, to)).join(', '),
    measured: measuredText(counts, { low: worst.lowestC, high: worst.highestC }),
    reasons: temperature.reasons.join(', '),
    'held messages': String(noted.held),
    chain: custody.chainStatus,
    holder: noted.holder,
    findings: custody.findings
      .map(({ code }) => code)
      .sort()
      .join(', '),
    ...Object.fromEntries(levels),
    ...looked(noted.looks),
  }
}

/** `findings: served HANDOVER_OPEN, injected nothing`; empty where nothing differs. */
export function answerDifferences(served: Answer, injected: Answer): string[] {
  return [...new Set([...Object.keys(served), ...Object.keys(injected)])]
    .filter((name) => served[name] !== injected[name])
    .map((name) => `${name}: served ${served[name] || 'nothing'}, injected ${injected[name] || 'nothing'}`)
}

/** One line for people: the condition, the levels that were left, and the chain. */
export function answerText(answer: Answer): string {
  const { temperature, gaps, reasons, measured, chain, holder, findings, ...rest } = answer
  const held = rest['held messages']
  const levels = Object.entries(rest).filter(([name, text]) => name !== 'held messages' && text !== '')
  const parts = [
    temperature,
    ...(gaps ? [`gaps ${gaps}`] : []),
    ...levels.map(([name, text]) => `${name} ${text}`),
    ...(reasons ? [reasons] : []),
    ...(held === '0' ? [] : [`${held} held`]),
    measured,
    `chain ${chain}, held by ${holder}`,
    ...(findings ? [findings] : []),
  ]
  return parts.join('; ')
}

const seconds = z.number().transform((s) => Math.round(s * 1000))
const instant = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text))

/** What a scenario reads of `GET /shipments/{id}/status`: all that the oracle can know. */
export const scenarioStatus = z.object({
  asOf: instant,
  temperature: z.object({
    ...shipmentStatus.shape.temperature.shape,
    levels: z.array(
      z.object({
        id: z.string(),
        alarm: z.object({ state: z.enum(['none', 'confirmed', 'presumed']), at: instant.nullable() }),
        events: z.array(z.object({ start: instant, end: instant, confirmedS: seconds, presumedS: seconds })),
      }),
    ),
    counts: z.object({ valid: z.int(), faults: z.int(), conflicts: z.int() }),
  }),
  custody: z.object({
    ...shipmentStatus.shape.custody.shape,
    findings: z.array(z.object({ code: z.string() })),
  }),
})

export type ScenarioStatus = z.infer<typeof scenarioStatus>

type Condition = { status: string; severity: string | null; complete: boolean }

function temperatureText({ status, severity, complete }: Condition): string {
  return `${status}${severity === null ? '' : ` (${severity})`}, ${complete ? 'complete' : 'incomplete'}`
}

type Counts = ScenarioTruth['counts']

function measuredText({ valid, faults, conflicts }: Counts, range: { low: number | null; high: number | null }) {
  const odd = [...(faults > 0 ? [`${faults} faults`] : []), ...(conflicts > 0 ? [`${conflicts} conflicts`] : [])]
  return [`${valid} readings`, ...odd, ...(range.low === null ? [] : [`${range.low} to ${range.high} C`])].join(', ')
}

type Event = { startAt: number; endAt: number; confirmedMs: number; presumedMs: number }

/** Empty where nothing was out. */
function levelText(alarm: { state: string; at: number | null }, events: readonly Event[]): string {
  const parts = events.map(
    ({ startAt, endAt, confirmedMs, presumedMs }) =>
      `${stretch(startAt, endAt)} (${confirmedMs / 60_000} min out` +
      `${presumedMs === 0 ? '' : `, ${presumedMs / 60_000} min presumed`})`,
  )
  if (alarm.state !== 'none') parts.push(`${alarm.state} alarm ${alarm.at === null ? '' : clock(alarm.at)}`)
  return parts.join(', ')
}

function looked(looks: readonly Look[]): Answer {
  return Object.fromEntries(
    looks.map(({ status, complete }, index) => [
      `look ${index + 1}`,
      temperatureText({ status, severity: null, complete }),
    ]),
  )
}

function stretch(fromAt: number, toAt: number): string {
  return `${clock(fromAt)}-${clock(toAt)}`
}

/** `23 22:15`: day and time; with seconds where they are not zero. */
function clock(at: number): string {
  const text = isoInstant(at)
  return `${text.slice(8, 10)} ${at % 60_000 === 0 ? text.slice(11, 16) : text.slice(11, 23)}`
}

function celsius(milliC: number | null | undefined): number | null {
  return milliC === null || milliC === undefined ? null : exactC(milliC)
}
