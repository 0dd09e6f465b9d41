import type { CustodyFindingCode } from '../src/domain/custody-finding.ts'
import type { Severity } from '../src/domain/profile.ts'
import type { DeviceScript } from './device/script.ts'
import type { CustodyStep, PartyKey } from './journey.ts'
import type { Curve } from './physics/curve.ts'
import type { Input } from './physics/input.ts'
import type { Probe } from './physics/probe.ts'
import type { ScenarioLimitsKey } from './scenario-limits.ts'
import type { ReportKey } from './scenario-reports.ts'

/**
 * A named scenario: one shipment with everything that happens to it as data, told as a story, with the answer that
 * must come out. The same data are played through the public doors and read by the oracle.
 */
export type Scenario = {
  /** By which it is selected; also the end of the shipment's reference. */
  name: string
  /** What happens, why it matters, what must come out. */
  story: string
  /** Which failures of other systems it would show here. */
  reports: readonly ReportKey[]
  /** The data, for a play that begins at an instant (epoch ms). */
  script: (startAt: number) => Script
  expected: Ending
}

/** All times are ms since the start of the play; `toldMs` is when somebody says so, `atMs` when it happened. */
export type Script = {
  limits: ScenarioLimitsKey
  sensors: readonly SensorPart[]
  custody: readonly Statement[]
  looks: readonly Look[]
  /** When the service is killed; it comes back by itself. */
  kills: readonly number[]
  /** The journey began at another instant, and everything about it is told at once, later. Null: it is told live. */
  afterwards: { journeyAt: number; toldMs: number } | null
  /** All changes lie on multiples of this: a minute, but where something happens within milliseconds. */
  gridMs: number
}

/** One sensor of a shipment: what it lives through, how it behaves, and where it was said to ride. */
export type SensorPart = {
  /** Unique within the script. */
  key: string
  fromMs: number
  untilMs: number
  intervalMs: number
  /** After each measurement another one so many ms later; null: none. */
  echoMs: number | null
  curve: Curve
  inputs: readonly Input[]
  probe: Probe
  device: DeviceScript
  /** Its registered range: a value at an end or beyond is a fault. */
  rangeC: { lowC: number; highC: number }
  certificates: readonly CertificatePart[]
  placements: readonly PlacementPart[]
  /** What still waits in its memory is read out then; null: never. */
  readOutMs: number | null
  /** Everything measured so far is sent once more, as loggers do at each download. */
  downloadsMs: readonly number[]
  /** A person releases its held messages then; null: nobody does. */
  releasedMs: number | null
  /** Instants are written as local time with this offset (ms) instead of UTC. */
  localOffsetMs: ((at: number) => number) | null
}

/** `addedMs` null: it was in the register before the journey. */
export type CertificatePart = { correctionMilliC: number; datedMs: number; dueMs: number; addedMs: number | null }

export type PlacementPart = {
  role: 'product' | 'product_backup' | 'ambient'
  fromMs: number
  /** Null: until the window ends. */
  toMs: number | null
  toldMs: number
  /** What a person corrected afterwards; null: nothing. */
  correction: { toldMs: number; reason: string; change: { toMs: number } | 'withdrawn' } | null
}

/** A custody event as its party tells it; `label` names it for a correction. */
export type Statement = CustodyStep & {
  toldMs?: number
  label?: string
  /** States this code instead of the shipment's own. */
  coi?: string
  /** kind `correction`: the statement it is about, and what holds instead; null voids it. */
  corrects?: { label: string; instead: CustodyStep | null }
}

/** Somebody asks in the middle of the play. */
export type Look = { atMs: number; status: Status; complete: boolean }

export type Status = 'in_range' | 'excursion_below_alarm' | 'indeterminate' | 'alarm'

/** The story's own word on how it ends. What is left out did not happen. */
export type Ending = {
  status: Status
  severity: Severity | null
  complete: boolean
  /** Hours and minutes since the start of the journey, as in `12:00-15:00`. */
  gaps?: readonly string[]
  /** How many events each level has. */
  events?: Readonly<Record<string, number>>
  alarms?: Readonly<Record<string, 'confirmed' | 'presumed'>>
  reasons?: readonly Reason[]
  chain: 'intact' | 'incomplete' | 'broken'
  holder: PartyKey
  findings?: readonly CustodyFindingCode[]
  /** Messages that wait for a person at the end. */
  held?: number
}

/** Why a status is not better, beside gaps. */
export type Reason = 'NO_READINGS' | 'PRESUMED_ALARM' | 'CALIBRATION_INVALID' | 'SENSOR_SUSPECT'
