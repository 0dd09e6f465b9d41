import { exactC } from '../src/domain/units.ts'
import type { ShipmentStatus } from './answers.ts'
import { PACKED_MS } from './custody-script.ts'
import { type Journey, knownSamples, type Staging } from './journey.ts'
import { EXAMPLE_LIMITS } from './limits.ts'
import { type Truth, truthOf } from './truth.ts'

/** Every instant of the scripts lies on a full minute. */
const GRID_MS = 60_000

/** What the service must answer for a journey at `asOf`, computed from the injected samples by the oracle. */
export function expectedTruth(journey: Journey, staging: Staging, asOf: number): Truth {
  const { startAt } = staging
  const openedAt = startAt + (openedAfter(journey) ?? Number.POSITIVE_INFINITY)
  const window = {
    fromAt: startAt + PACKED_MS,
    toAt: Math.min(asOf, openedAt),
    closed: openedAt <= asOf,
    gridMs: GRID_MS,
  }
  const samples = knownSamples(journey, staging, asOf).map(({ at, milliC }) => ({
    at,
    milliC: milliC + journey.sensor.correctionMilliC,
  }))
  return truthOf(EXAMPLE_LIMITS[journey.limits], window, samples)
}

function openedAfter(journey: Journey): number | null {
  return journey.custody.find((step) => step.by === 'centre' && step.kind === 'opened')?.atMs ?? null
}

/** What is compared of a shipment, in one form for both sides: what was served, and what was injected. */
export type Verdict = {
  status: string
  severity: string | null
  complete: boolean
  gaps: string[]
  levels: { id: string; events: number; confirmedS: number; alarm: string; alarmAt: string | null }[]
  /** Valid readings and their range; null while the window is open and the sensor goes on. */
  measured: string | null
  chainStatus: string
  /** `re_review` where somebody relied on what came out otherwise. */
  review: string
  /** Name of the organisation that holds the shipment. */
  holder: string | null
  /** What was served before later knowledge changed it. */
  before: string | null
  /** Whether the evaluation of that time is still served, superseded by a newer one. */
  historyKept: boolean
}

/** The injected side: temperature by the oracle, custody by the story. */
export function injectedVerdict(journey: Journey, truth: Truth, holder: string): Verdict {
  const { chainStatus, before, review = 'none' } = journey.expected
  const { instants, lowestMilliC, highestMilliC } = truth
  const range = { lowestC: celsius(lowestMilliC), highestC: celsius(highestMilliC) }
  return {
    status: truth.status,
    severity: truth.severity,
    complete: truth.complete,
    gaps: truth.gaps.map(stretch),
    levels: truth.levels.map(({ id, events, confirmedMs, alarm }) => ({
      id,
      events: events.length,
      confirmedS: confirmedMs / 1000,
      alarm: alarm.state,
      alarmAt: alarm.at === null ? null : minute(alarm.at),
    })),
    measured: openedAfter(journey) === null ? null : measuredText(instants, range),
    chainStatus,
    review,
    holder,
    before: before === undefined ? null : temperatureText({ ...before, severity: null }),
    historyKept: true,
  }
}

/** The served side; `noted` is what the play saw on the way and the history it found afterwards. */
export function servedVerdict(
  { temperature, custody, review }: ShipmentStatus,
  noted: { holder: string | null; before: string | null; historyKept: boolean },
): Verdict {
  return {
    status: temperature.status,
    severity: temperature.severity,
    complete: temperature.complete,
    gaps: temperature.gaps.map(({ from, to }) => stretch({ fromAt: from, toAt: to })),
    levels: temperature.levels.map(({ id, events, totalConfirmedS, alarm }) => ({
      id,
      events: events.length,
      confirmedS: totalConfirmedS / 1000,
      alarm: alarm.state,
      alarmAt: alarm.at === null ? null : minute(alarm.at),
    })),
    measured: temperature.window.state === 'closed' ? measuredText(temperature.counts.valid, temperature.worst) : null,
    chainStatus: custody.chainStatus,
    review: review.state,
    ...noted,
  }
}

/** Where served and injected differ, one line each; empty when they are equal. */
export function differences(served: Verdict, injected: Verdict): string[] {
  const [left, right] = [flat(served), flat(injected)]
  return [...new Set([...left.keys(), ...right.keys()])]
    .filter((path) => left.get(path) !== right.get(path))
    .map((path) => `${path}: served ${left.get(path) ?? 'nothing'}, injected ${right.get(path) ?? 'nothing'}`)
}

/** One line for people: `alarm (major), complete; H1: 1 event, alarm at 2026-03-02 22:30`. */
export function summary(verdict: Verdict): string {
  const { status, severity, complete, gaps, levels, before, measured, chainStatus, review } = verdict
  const parts = [
    `${temperatureText({ status, severity, complete })}`,
    ...(before === null ? [] : [`before: ${before}`]),
    ...gaps.map((gap) => `gap ${gap}`),
    ...levels.filter((level) => level.events > 0).map(levelText),
    ...(measured === null ? [] : [measured]),
    `chain ${chainStatus}`,
    ...(review === 'none' ? [] : [review]),
  ]
  return parts.join('; ')
}

/** A status with its completeness: one never stands without the other. */
export function temperatureText({
  status,
  severity,
  complete,
}: Pick<Verdict, 'status' | 'severity' | 'complete'>): string {
  return `${status}${severity === null ? '' : ` (${severity})`}, ${complete ? 'complete' : 'incomplete'}`
}

function levelText({ id, events, alarm, alarmAt }: Verdict['levels'][number]): string {
  const count = `${id} ${events} ${events === 1 ? 'event' : 'events'}`
  return alarm === 'none' ? count : `${count}, ${alarm} alarm ${alarmAt?.slice(11, 16)}`
}

function measuredText(readings: number, range: { lowestC: number | null; highestC: number | null }): string {
  return `${readings} readings, ${range.lowestC} to ${range.highestC} C`
}

function celsius(milliC: number | null): number | null {
  return milliC === null ? null : exactC(milliC)
}

function stretch({ fromAt, toAt }: { fromAt: number; toAt: number }): string {
  return `${minute(fromAt).slice(11, 16)} to ${minute(toAt).slice(11, 16)}`
}

function minute(at: number): string {
  return new Date(at).toISOString()
}

function flat(verdict: Verdict): Map<string, string> {
  const { gaps, levels, ...plain } = verdict
  return new Map([
    ...Object.entries(plain).map(([name, value]): [string, string] => [name, String(value)]),
    ...gaps.map((gap, index): [string, string] => [`gap ${index + 1}`, gap]),
    ...levels.flatMap(({ id, ...level }) =>
      Object.entries(level).map(([name, value]): [string, string] => [`${id} ${name}`, String(value)]),
    ),
  ])
}
