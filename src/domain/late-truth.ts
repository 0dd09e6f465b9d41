import type { BudgetState } from './budget.ts'
import type { Status } from './combine.ts'
import type { EvaluationContent, EventContent, LevelContent } from './evaluation-content.ts'
import { type FindingCode, VERDICTS, type Verdict } from './finding.ts'
import { SEVERITY_ORDER } from './profile.ts'
import { exactC, isoInstant } from './units.ts'

/**
 * What came to light after somebody relied on an evaluation (domain page section 0 rule 10, 2.8): every difference
 * that matters, each as a sentence, and whether the decision must be looked at again. It must when the verdict of a
 * unit changed, for better or worse, when the window of judgement moved, or when anything the decision rested on
 * turned out worse than it was known. What only became better or clearer, with the verdict as it was, is told and
 * asks for nothing.
 */
export function lateTruth(relied: KnownTruth, now: KnownTruth): LateTruth {
  const differences = [
    ...statusDifferences(relied.evaluation, now.evaluation),
    ...windowDifferences(relied.evaluation, now.evaluation),
    ...levelDifferences(relied.evaluation.levels, now.evaluation.levels),
    ...gapDifferences(relied.evaluation, now.evaluation),
    ...unitDifferences(relied.units, now.units),
  ]
  return { differences, reReview: differences.some(({ weight }) => weight === 're_review') }
}

/** What was known at one time: the evaluation, and what came of it for each unit; no verdict before its receipt. */
export type KnownTruth = {
  readonly evaluation: EvaluationContent
  readonly units: readonly KnownUnit[]
}

export type KnownUnit = {
  readonly code: string
  readonly budget: BudgetState
  readonly verdict: Verdict | null
  readonly findings: readonly FindingCode[]
}

export type LateTruth = { readonly differences: readonly TruthDifference[]; readonly reReview: boolean }

export type TruthDifference = {
  readonly about:
    | 'status'
    | 'severity'
    | 'presumed'
    | 'reasons'
    | 'window'
    | 'alarm'
    | 'event'
    | 'gap'
    | 'budget'
    | 'finding'
    | 'verdict'
  /** The unit or level it is about; null: the shipment. */
  readonly of: string | null
  readonly weight: 're_review' | 'told'
  readonly text: string
}

function difference(about: TruthDifference['about'], of: string | null, said: { worse: boolean; text: string }) {
  return { about, of, weight: said.worse ? ('re_review' as const) : ('told' as const), text: said.text }
}

const STATUS_ORDER: Record<Status, number> = { in_range: 0, excursion_below_alarm: 1, indeterminate: 2, alarm: 3 }

function statusDifferences(before: EvaluationContent, after: EvaluationContent): TruthDifference[] {
  const found: TruthDifference[] = []
  if (before.status !== after.status) {
    const worse = STATUS_ORDER[after.status] > STATUS_ORDER[before.status]
    found.push(difference('status', null, { worse, text: `The status was ${before.status} and is ${after.status}.` }))
  }
  const [was, is] = [before.severity, after.severity]
  if (was !== is) {
    const worse = (is === null ? 0 : SEVERITY_ORDER[is]) > (was === null ? 0 : SEVERITY_ORDER[was])
    found.push(
      difference('severity', null, { worse, text: `The severity was ${was ?? 'none'} and is ${is ?? 'none'}.` }),
    )
  }
  if (before.presumed !== after.presumed) {
    const text = after.presumed
      ? 'Time beyond a limit is presumed now.'
      : 'No time beyond a limit is presumed any more.'
    found.push(difference('presumed', null, { worse: after.presumed, text }))
  }
  return [...found, ...reasonDifferences(before.reasons, after.reasons)]
}

/** Codes like CALIBRATION_INVALID: why the served status cannot be better. */
function reasonDifferences(before: readonly string[], after: readonly string[]): TruthDifference[] {
  const added = after.filter((reason) => !before.includes(reason))
  const gone = before.filter((reason) => !after.includes(reason))
  return [
    ...added.map((reason) => difference('reasons', null, { worse: true, text: `New: ${reason}.` })),
    ...gone.map((reason) => difference('reasons', null, { worse: false, text: `No longer: ${reason}.` })),
  ]
}

function windowDifferences({ window: before }: EvaluationContent, { window: after }: EvaluationContent) {
  const [was, is] = [printedSpan(before), printedSpan(after)]
  if (was === is) return []
  // a window that was open and closes where it had to is no news; any other move drops or adds readings
  const closes = before !== null && after !== null && before.toAt === null && before.fromAt === after.fromAt
  return [difference('window', null, { worse: !closes, text: `The window of judgement was ${was} and is ${is}.` })]
}

function printedSpan(span: { fromAt: number; toAt: number | null } | null): string {
  if (span === null) return 'none'
  return `${isoInstant(span.fromAt)} to ${span.toAt === null ? 'still open' : isoInstant(span.toAt)}`
}

function levelDifferences(before: readonly LevelContent[], after: readonly LevelContent[]): TruthDifference[] {
  const ids = [...new Set([...before, ...after].map(({ id }) => id))]
  return ids.flatMap((id) => {
    const was = before.find((level) => level.id === id) ?? { id, alarm: NO_ALARM, events: [] }
    const is = after.find((level) => level.id === id) ?? { id, alarm: NO_ALARM, events: [] }
    return [...alarmDifferences(was, is), ...eventDifferences(was, is)]
  })
}

const NO_ALARM = { state: 'none' } as const
const ALARM_ORDER: Record<LevelContent['alarm']['state'], number> = { none: 0, presumed: 1, confirmed: 2 }

function alarmDifferences({ id, alarm: was }: LevelContent, { alarm: is }: LevelContent): TruthDifference[] {
  const [before, after] = [printedAlarm(was), printedAlarm(is)]
  if (before === after) return []
  // an alarm that came earlier lasted longer
  const isEarlier = was.state === is.state && was.state !== 'none' && is.state !== 'none' && is.at < was.at
  const worse = isEarlier || ALARM_ORDER[is.state] > ALARM_ORDER[was.state]
  return [difference('alarm', id, { worse, text: `The alarm of ${id} was ${before} and is ${after}.` })]
}

function printedAlarm(alarm: LevelContent['alarm']): string {
  return alarm.state === 'none' ? 'none' : `${alarm.state} at ${isoInstant(alarm.at)}`
}

/** Events are told apart by where they begin; one that begins elsewhere now went and came. */
function eventDifferences({ id, events: before }: LevelContent, { events: after }: LevelContent): TruthDifference[] {
  const changed = after.flatMap((event) => {
    const was = before.find(({ startAt }) => startAt === event.startAt)
    if (was === undefined) {
      return [difference('event', id, { worse: true, text: `New beyond ${id}: ${printedEvent(event)}.` })]
    }
    if (printedEvent(was) === printedEvent(event)) return []
    const text = `Beyond ${id}: was ${printedEvent(was)}, is ${printedEvent(event)}.`
    return [difference('event', id, { worse: isWorse(was, event), text })]
  })
  const gone = before.filter((event) => !after.some(({ startAt }) => startAt === event.startAt))
  const told = gone.map((event) =>
    difference('event', id, { worse: false, text: `No longer beyond ${id}: ${printedEvent(event)}.` }),
  )
  return [...changed, ...told]
}

/** Longer, presumed for longer, or with another extreme: which one is worse only the level knows, so any counts. */
function isWorse(was: EventContent, is: EventContent): boolean {
  if (!('endAt' in was) || !('endAt' in is)) return true
  return (
    is.confirmedMs > was.confirmedMs ||
    is.confirmedMs + is.presumedMs > was.confirmedMs + was.presumedMs ||
    is.extremeMilliC !== was.extremeMilliC
  )
}

function printedEvent(event: EventContent): string {
  const { startAt, firstOutAt } = event
  const first = firstOutAt === null ? 'nothing measured' : `first measured ${isoInstant(firstOutAt)}`
  if (!('endAt' in event)) return `from ${isoInstant(startAt)}, still lasting, ${first}`
  const { endAt, lastOutAt, confirmedMs, presumedMs, extremeMilliC } = event
  const last = lastOutAt === null ? '' : `, last ${isoInstant(lastOutAt)}`
  const worst = extremeMilliC === null ? '' : `, worst value ${exactC(extremeMilliC)} C`
  const time = `${confirmedMs / 1000} s measured and ${presumedMs / 1000} s presumed`
  return `${isoInstant(startAt)} to ${isoInstant(endAt)}, ${time}, ${first}${last}${worst}`
}

function gapDifferences({ gaps: before }: EvaluationContent, { gaps: after }: EvaluationContent): TruthDifference[] {
  const [was, is] = [before.map(printedSpan), after.map(printedSpan)]
  const added = after.filter((gap) => !was.includes(printedSpan(gap)))
  const gone = before.filter((gap) => !is.includes(printedSpan(gap)))
  // a rest of a gap that was known is no new ignorance
  const isRest = (gap: Gap) => before.some((known) => known.fromAt <= gap.fromAt && endOf(gap) <= endOf(known))
  return [
    ...added.map((gap) => difference('gap', null, { worse: !isRest(gap), text: `No readings ${printedSpan(gap)}.` })),
    ...gone.map((gap) => {
      const text = `Readings have arrived, or the gap changed: it was ${printedSpan(gap)}.`
      return difference('gap', null, { worse: false, text })
    }),
  ]
}

type Gap = EvaluationContent['gaps'][number]

function endOf({ toAt }: Gap): number {
  return toAt ?? Number.POSITIVE_INFINITY
}

const BUDGET_ORDER: Record<BudgetState, number> = { none: 0, within: 0, presumed_exceeded: 1, exceeded: 2 }

function unitDifferences(before: readonly KnownUnit[], after: readonly KnownUnit[]): TruthDifference[] {
  return after.flatMap((is) => {
    const was = before.find(({ code }) => code === is.code)
    if (was === undefined) return []
    return [...verdictDifferences(was, is), ...findingDifferences(was, is), ...budgetDifferences(was, is)]
  })
}

/** A better verdict is news too: a hold must not stand, nor fall, unnoticed. */
function verdictDifferences({ code, verdict: was }: KnownUnit, { verdict: is }: KnownUnit): TruthDifference[] {
  if (was === is) return []
  const direction =
    was === null || is === null ? '' : VERDICTS.indexOf(is) > VERDICTS.indexOf(was) ? ', worse' : ', better'
  const text = `The verdict of ${code} was ${was ?? 'none'} and is ${is ?? 'none'}${direction}.`
  return [difference('verdict', code, { worse: was !== null, text })]
}

function findingDifferences({ code, findings: was }: KnownUnit, { findings: is }: KnownUnit): TruthDifference[] {
  const added = is.filter((finding) => !was.includes(finding))
  const gone = was.filter((finding) => !is.includes(finding))
  return [
    ...added.map((finding) => difference('finding', code, { worse: true, text: `New for ${code}: ${finding}.` })),
    ...gone.map((finding) => difference('finding', code, { worse: false, text: `No longer for ${code}: ${finding}.` })),
  ]
}

function budgetDifferences({ code, budget: was }: KnownUnit, { budget: is }: KnownUnit): TruthDifference[] {
  if (was === is) return []
  const worse = BUDGET_ORDER[is] > BUDGET_ORDER[was] || is === 'none'
  return [difference('budget', code, { worse, text: `The stability budget of ${code} was ${was} and is ${is}.` })]
}
