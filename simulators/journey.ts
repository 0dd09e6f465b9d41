import type { CustodyKind } from '../src/domain/custody-event.ts'
import type { Severity } from '../src/domain/profile.ts'
import type { Curve } from './physics/curve.ts'
import type { Input } from './physics/input.ts'
import { measured, type Probe } from './physics/probe.ts'
import { seedOf } from './random.ts'
import type { Gauges } from './sensor.ts'

/**
 * One journey as data: who does what when, what the probe lives through, what gets lost on the way, and the answer that
 * must come out. All times are ms since the journey's start, so a story can be told at any instant.
 */
export type Journey = {
  /** Ends the shipment's reference, the sensor's serial and the seals; unique among the journeys of one play. */
  key: string
  title: string
  story: string
  limits: LimitsKey
  sensor: SensorScript
  placement: PlacementScript
  custody: readonly CustodyStep[]
  expected: Expected
}

/** Which of the demo's example profiles (and with it product and container) the shipment travels under. */
export type LimitsKey = 'cryo' | 'fridge'

export type PartyKey = 'sponsor' | 'distributor' | 'carrier' | 'centre'

/** One statement in the chain of custody, as its party sends it; `unitsNamed` says that it concerns every bag. */
export type CustodyStep = {
  atMs: number
  by: PartyKey
  kind: CustodyKind
  unitsNamed?: boolean
  coiNamed?: boolean
  to?: PartyKey
  said?: CustodyDetails
}

/** The fields of a statement that name no organisation. */
export type CustodyDetails = {
  seals?: readonly string[]
  handoverId?: string
  attestedBy?: { printedName: string; meaning: string }
  acknowledgement?: { name: string; company: string; code: string }
  place?: string
  reason?: string
  authority?: string
  witness?: string
  replaces?: readonly string[]
}

/** `madeAtMs` is when a person says so, `fromMs` since when the sensor rides: back-dated where it lies earlier. */
export type PlacementScript = { madeAtMs: number; fromMs: number }

/** What the sensor measures, and what becomes of it. */
export type SensorScript = {
  fromMs: number
  /** null: it goes on measuring as long as somebody listens */
  untilMs: number | null
  intervalMs: number
  probe: Probe
  /** What its certificate adds to every value. */
  correctionMilliC: number
  /** The truth at the probe, and what makes it bend. */
  curve: Curve
  inputs: readonly Input[]
  /** What else it observes of its container; null: nothing. */
  gauges: { tiltDeg: Input; massKg: Curve } | null
  silences: readonly Silence[]
  /** Every so many messages one is sent twice; null: never. */
  duplicateEvery: number | null
}

/** The radio is off in `[fromMs, toMs)`; the memory is read out later, or lost for good. */
export type Silence = { fromMs: number; toMs: number; memory: { uploadAtMs: number } | 'lost' }

/** The story's own word on how it ends; the oracle must come to the same from the samples. */
export type Expected = {
  status: 'in_range' | 'excursion_below_alarm' | 'indeterminate' | 'alarm'
  severity: Severity | null
  complete: boolean
  chainStatus: 'intact' | 'incomplete' | 'broken'
  holder: PartyKey
  /** Whether somebody relied on what came out otherwise later; `none` unless said. */
  review?: 're_review'
  /** What was served before later knowledge changed it. */
  before?: { status: Expected['status']; complete: boolean; seen: 'before the placement' | 'before the upload' }
}

/** One measured value: `milliC` as the sensor sends it, uncorrected; `sentAt` null where it is lost. */
export type Sample = { at: number; milliC: number; gauges: Gauges | null; sentAt: number | null }

/** Where and with which noise a journey is played. */
export type Staging = { startAt: number; seed: number }

/** Everything the journey's sensor measures, in order; endless where the script has no end. */
export function* samplesOf(journey: Journey, staging: Staging): Generator<Sample> {
  const { sensor } = journey
  const seed = seedOf(staging.seed, journey.key)
  const milliCAt = measured(sensor.curve, sensor.probe, { seed, inputs: sensor.inputs })
  for (
    let sinceMs = sensor.fromMs;
    sinceMs < (sensor.untilMs ?? Number.POSITIVE_INFINITY);
    sinceMs += sensor.intervalMs
  ) {
    const sentMs = sentAfter(sensor.silences, sinceMs)
    yield {
      at: staging.startAt + sinceMs,
      milliC: milliCAt(sinceMs),
      gauges: gaugesAt(sensor, sinceMs),
      sentAt: sentMs === null ? null : staging.startAt + sentMs,
    }
  }
}

function gaugesAt({ gauges }: SensorScript, sinceMs: number): Gauges | null {
  if (gauges === null) return null
  return { tiltDeg: gauges.tiltDeg.valueAt(sinceMs), massG: Math.round(gauges.massKg(sinceMs) * 1000) }
}

function sentAfter(silences: readonly Silence[], sinceMs: number): number | null {
  const silence = silences.find(({ fromMs, toMs }) => sinceMs >= fromMs && sinceMs < toMs)
  if (silence === undefined) return sinceMs
  return silence.memory === 'lost' ? null : silence.memory.uploadAtMs
}

/** What the service can know of a journey by `asOf`: samples measured and sent by then, oldest first. */
export function knownSamples(journey: Journey, staging: Staging, asOf: number): Sample[] {
  const known: Sample[] = []
  for (const sample of samplesOf(journey, staging)) {
    if (sample.at > asOf) break
    if (sample.sentAt !== null && sample.sentAt <= asOf) known.push(sample)
  }
  return known
}
