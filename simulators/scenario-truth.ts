import { knownReadings } from './device/known.ts'
import type { CustodyStep } from './journey.ts'
import type { CertificatePart, PlacementPart, Script, SensorPart, Statement } from './scenario.ts'
import { SCENARIO_LIMITS } from './scenario-limits.ts'
import { journeyStart, type Staging, tellingsOf } from './scenario-telling.ts'
import { combinedTruthOf, type Truth, type TruthSample } from './truth.ts'

/** What must be served of a scenario's condition: the oracle's truth, and what speaks beside it. */
export type ScenarioTruth = {
  /** Null while nobody said that it was packed. */
  truth: Truth | null
  counts: { valid: number; faults: number; conflicts: number }
  reasons: string[]
  /** Messages that wait for a person. */
  held: number
}

/**
 * The truth of a scenario as it can be known at `asOf` (epoch ms): from the injected curve through the sensor's own
 * faults, with what people had said by then of placements, certificates and the window.
 */
export function scenarioTruth(script: Script, staging: Staging, asOf: number): ScenarioTruth {
  const told = asOf - staging.startAt
  const window = windowOf(script, staging, { told, asOf })
  const sensors = script.sensors.map((part) => heardOf(script, part, { ...staging, told }))
  const held = sum(sensors, (sensor) => sensor.held)
  if (window === null) return { truth: null, counts: { valid: 0, faults: 0, conflicts: 0 }, reasons: [], held }
  const startAt = journeyStart(script, staging)
  const rides = sensors.flatMap((sensor) => ridesOf(sensor, { startAt, told, window }))
  const { limits } = SCENARIO_LIMITS[script.limits]
  const grid = { ...window, gridMs: script.gridMs }
  const truth = combinedTruthOf(limits, grid, rides)
  const seen = rides.map((ride) => seenIn(ride, window))
  const counts = {
    valid: sum(seen, ({ instants }) => instants.length),
    faults: sum(seen, ({ faults }) => faults),
    conflicts: sum(seen, ({ instants }) => sum(instants, ({ values }) => values.length - 1)),
  }
  const suspect = seen.some(({ instants }) => longestStandstillMs(instants) > SUSPECT_AFTER_MS)
  const reasons: [string, boolean][] = [
    ['NO_READINGS', counts.valid === 0],
    ['GAP', truth.gaps.length > 0],
    ['PRESUMED_ALARM', truth.levels.some((level) => level.alarm.state === 'presumed')],
    ['CALIBRATION_INVALID', rides.some((ride) => isUncalibrated(ride, window))],
    ['SENSOR_SUSPECT', suspect],
  ]
  return { truth, counts, reasons: reasons.flatMap(([reason, holds]) => (holds ? [reason] : [])), held }
}

type Window = { fromAt: number; toAt: number; closed: boolean }

/** Domain page 2.3 item 1 in plain words, over what had been said by then. */
function windowOf(script: Script, staging: Staging, { told, asOf }: { told: number; asOf: number }): Window | null {
  const startAt = journeyStart(script, staging)
  const heard = script.custody.filter((statement) => toldMs(script, statement) <= told)
  const steps = standing(heard).sort((a, b) => a.atMs - b.atMs)
  const packed = steps.find(({ kind }) => kind === 'packed')
  if (packed === undefined) return null
  const centre = steps.filter(({ by }) => by === 'centre')
  const received = centre.find(({ kind }) => kind === 'received')
  const opened = centre.find((step) => step.kind === 'opened' && received !== undefined && step.atMs >= received.atMs)
  const taken = centre.find(({ kind }) => kind === 'unpacked' || kind === 'accepted' || kind === 'quarantined')
  const over = steps.find(({ kind }) => kind === 'refused' || kind === 'lost' || kind === 'cancelled')
  const ends = [opened ?? taken, over].flatMap((step) => (step === undefined ? [] : [step.atMs]))
  const fromAt = startAt + packed.atMs
  if (ends.length === 0) return { fromAt, toAt: asOf, closed: false }
  return { fromAt, toAt: startAt + Math.min(...ends), closed: true }
}

/** When a statement is made, in ms of the play. */
export function toldMs(script: Script, statement: Statement): number {
  return script.afterwards?.toldMs ?? statement.toldMs ?? statement.atMs
}

/** What holds after corrections. */
function standing(heard: readonly Statement[]): CustodyStep[] {
  const corrections = heard.flatMap(({ corrects }) => corrects ?? [])
  return heard
    .filter(({ corrects }) => corrects === undefined)
    .flatMap((statement) => {
      const correction = corrections.findLast(({ label }) => label === statement.label)
      return correction === undefined ? [statement] : (correction.instead ?? [])
    })
}

type Heard = { part: SensorPart; stored: TruthSample[]; held: number; certificates: CertificatePart[] }

function heardOf(script: Script, part: SensorPart, at: Staging & { told: number }): Heard {
  const tellings = tellingsOf(script, part, { ...at, sensorId: 0 }).filter(({ atMs }) => atMs <= at.told)
  const transmissions = tellings.flatMap((telling) => telling.transmissions)
  const receivedAt = new Map(
    tellings.flatMap(({ atMs, transmissions: some }) => some.map((one) => [one, at.startAt + atMs] as const)),
  )
  const readings = knownReadings(transmissions, (one) => receivedAt.get(one) ?? one.sentAt)
  const released = part.releasedMs !== null && part.releasedMs <= at.told
  const stored = released ? [...readings.stored, ...readings.held] : readings.stored
  const heldInstants = new Set(readings.held.map((reading) => reading.at))
  const waiting = transmissions.filter(({ told }) => told.some((reading) => heldInstants.has(reading.at)))
  return {
    part,
    stored: stored.filter(({ channel }) => channel === part.device.channel),
    held: released ? 0 : waiting.length,
    certificates: part.certificates.filter(({ addedMs }) => addedMs === null || addedMs <= at.told),
  }
}

type Ride = { fromAt: number; toAt: number; samples: TruthSample[]; certificates: Dated[] }
type Dated = { datedAt: number; dueAt: number; correctionMilliC: number }

/** The product placements of a sensor as they stand, with what it measured, corrected. */
function ridesOf({ part, stored, certificates }: Heard, at: { startAt: number; told: number; window: Window }): Ride[] {
  const dated = certificates
    .map(({ datedMs, dueMs, correctionMilliC }) => ({
      datedAt: at.startAt + datedMs,
      dueAt: at.startAt + dueMs,
      correctionMilliC,
    }))
    .sort((a, b) => a.datedAt - b.datedAt)
  const samples = stored.map(({ at: measuredAt, milliC }) => {
    const correction = dated.findLast(({ datedAt }) => datedAt <= measuredAt)?.correctionMilliC ?? 0
    return { at: measuredAt, milliC: milliC === null || isSaturated(part, milliC) ? null : milliC + correction }
  })
  return part.placements
    .filter((placement) => placement.toldMs <= at.told && placement.role !== 'ambient')
    .flatMap((placement): Ride[] => {
      const toMs = endOf(placement, at.told)
      if (toMs === 'withdrawn') return []
      const fromAt = at.startAt + placement.fromMs
      const toAt = toMs === null ? Number.POSITIVE_INFINITY : at.startAt + toMs
      const inside = fromAt < at.window.toAt && toAt > at.window.fromAt
      return inside ? [{ fromAt, toAt, samples, certificates: dated }] : []
    })
}

function isSaturated({ rangeC }: SensorPart, milliC: number): boolean {
  return milliC <= rangeC.lowC * 1000 || milliC >= rangeC.highC * 1000
}

function endOf({ toMs, correction }: PlacementPart, told: number): number | null | 'withdrawn' {
  if (correction === null || correction.toldMs > told) return toMs
  return correction.change === 'withdrawn' ? 'withdrawn' : correction.change.toMs
}

type Seen = { instants: { at: number; values: number[] }[]; faults: number }

function seenIn({ fromAt, toAt, samples }: Ride, window: Window): Seen {
  const isInside = (at: number) =>
    at >= Math.max(fromAt, window.fromAt) && at < toAt && (at < window.toAt || (!window.closed && at === window.toAt))
  const inside = samples.filter(({ at }) => isInside(at))
  const byInstant = Map.groupBy(inside, ({ at }) => at)
  const instants = [...byInstant].map(([at, all]) => ({
    at,
    values: [...new Set(all.flatMap(({ milliC }) => milliC ?? []))],
  }))
  const faults = new Set(inside.filter(({ milliC }) => milliC === null).map(({ at }) => at))
  return { instants: instants.filter(({ values }) => values.length > 0), faults: faults.size }
}

/** Domain page 2.3 item 2: identical values for longer than this, of a sensor that shows noise. */
const SUSPECT_AFTER_MS = 6 * 3_600_000

function longestStandstillMs(instants: Seen['instants']): number {
  const ordered = instants.toSorted((a, b) => a.at - b.at)
  const lengths = ordered.map(({ at, values }, index) => {
    const isSame = (other: number[]) => values.length === 1 && other.length === 1 && other[0] === values[0]
    const other = ordered.findIndex((later, position) => position > index && !isSame(later.values))
    const last = ordered[(other < 0 ? ordered.length : other) - 1]
    return (last?.at ?? at) - at
  })
  return Math.max(0, ...lengths)
}

/** Domain page 2.5: a certificate must be there at the start, and none may run out before its turn is over. */
function isUncalibrated({ fromAt, toAt, certificates }: Ride, window: Window): boolean {
  const [from, to] = [Math.max(fromAt, window.fromAt), Math.min(toAt, window.toAt)]
  const first = certificates.findLast(({ datedAt }) => datedAt <= from)
  if (first === undefined) return true
  const ruling = [first, ...certificates.filter(({ datedAt }) => datedAt > from && datedAt < to)]
  return ruling.some(({ dueAt }, index) => dueAt < (ruling[index + 1]?.datedAt ?? to))
}

function sum<T>(list: readonly T[], of: (item: T) => number): number {
  return list.reduce((total, item) => total + of(item), 0)
}
