import type { LevelResult } from './combine.ts'
import type { CustodyEvent } from './custody-event.ts'
import type { LegMeasures } from './leg.ts'
import type { Severity } from './profile.ts'

/**
 * What is on record about one shipment, for the documents that tell it to somebody: its ledger, its placements with the
 * superseded ones, the versions of its judgement, and the registers they name. Everything carries the instant from
 * which it was known, so a document can tell what was known then. Instants are epoch milliseconds.
 */
export type ShipmentRecord = {
  readonly shipment: RecordedShipment
  /** The box or dewar; null where the shipment names none. */
  readonly container: { readonly id: number; readonly grai: string | null } | null
  readonly units: readonly RecordedUnit[]
  /** Places of the shipment's parties. */
  readonly sites: readonly RecordedSite[]
  readonly sensors: readonly RecordedSensor[]
  /** In order of recording. */
  readonly ledger: readonly RecordedEntry[]
  /** In order of id, superseded ones included. */
  readonly placements: readonly RecordedPlacement[]
  /** In order of version. */
  readonly evaluations: readonly RecordedEvaluation[]
}

export type RecordedShipment = {
  readonly id: number
  readonly reference: string
  readonly sscc: string | null
  readonly coi: string | null
  /** As organisations stand in the ledger: the GLN, else `organisation:<id>`. */
  readonly senderOrg: string
  readonly consigneeOrg: string
}

export type RecordedUnit = {
  readonly code: string
  readonly gtin: string | null
  readonly serial: string | null
  readonly din: string | null
}

export type RecordedSite = {
  readonly id: number
  readonly org: string
  readonly name: string
  readonly gln: string | null
  /** IANA name. */
  readonly timeZone: string
  readonly knownAt: number
}

/** `knownAt`: since when it is known to be one of this shipment's. */
export type RecordedSensor = { readonly id: number; readonly serial: string; readonly knownAt: number }

/** A custody event with the hash under which it stands in the ledger. */
export type RecordedEntry = { readonly event: CustodyEvent; readonly hash: string }

export type RecordedPlacement = {
  readonly id: number
  readonly sensorId: number
  readonly channel: string
  readonly role: string
  readonly fromAt: number
  readonly toAt: number | null
  /** The placement it stands for now; it may have been one of another shipment. */
  readonly correctsId: number | null
  readonly knownAt: number
  readonly supersededAt: number | null
}

export type RecordedEvaluation = {
  readonly version: number
  readonly knownAt: number
  readonly contentSha256: string
  readonly inputsSha256: string
  readonly profileId: number
  readonly status: string
  readonly complete: boolean
  /** Null: not packed. `toAt` null: open. */
  readonly window: { readonly fromAt: number; readonly toAt: number | null } | null
  readonly alarms: readonly RecordedAlarm[]
  /** The placements it was judged from. */
  readonly placements: readonly JudgedPlacement[]
  /** What the sensors showed in each leg, as far as it was known then; null: the window was open, or nobody asked. */
  readonly legs: readonly LegMeasures[] | null
}

/** The state of one level's alarm; `severity` null where the profile no longer says. */
export type RecordedAlarm = {
  readonly level: string
  readonly severity: Severity | null
  readonly alarm: LevelResult['alarm']
}

export type JudgedPlacement = {
  readonly sensorId: number
  readonly channel: string
  readonly fromAt: number
  readonly toAt: number | null
  /** Ids of the certificates that ruled its readings, and of the one it named. */
  readonly certificates: readonly number[]
  readonly namedCertificate: number | null
  /** Ids of what was read out of the sensor's memory, and judged. */
  readonly readouts: readonly number[]
}

/** What is on record beside the registers, in the order in which records of one instant are told. */
export const RECORD_SOURCES = ['custody', 'placement_ended', 'placement', 'evaluation'] as const
export type RecordSource = (typeof RECORD_SOURCES)[number]

/** One record of a shipment; `row` is its number in the ledger, the placement's id, the evaluation's version. */
export type Recording = {
  readonly recordedAt: number
  readonly shipmentId: number
  readonly source: RecordSource
  readonly row: number
}

/** How a thing can be named whose shipments are looked for. */
export type ThingKey =
  | { readonly key: 'sscc' | 'grai' | 'giai' | 'din'; readonly value: string }
  | { readonly key: 'unit'; readonly gtin: string; readonly serial: string }
  | { readonly key: 'shipment' | 'container' | 'sensor'; readonly id: number }
