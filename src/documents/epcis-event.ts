import type { Action, BizStep, Disposition } from './epcis-vocabulary.ts'

/**
 * An EPCIS 2.0 event as JSON (GS1 EPCIS 2.0, section 7.4): exactly what this service says, so a field it never fills is
 * not here. Own fields are CURIEs of the prefix `cc` (`epcis-context.ts` says what they mean).
 */
export type EpcisEvent = EpcisBody & {
  readonly eventID: string
  readonly recordTime?: string
  readonly errorDeclaration?: ErrorDeclaration
}

/** What happened, without the name it is told under. */
export type EpcisBody = (ObjectBody | AggregationBody | AssociationBody) & {
  readonly eventTime: string
  readonly eventTimeZoneOffset: string
  readonly action: Action
  readonly bizStep: BizStep
  readonly disposition?: Disposition
  readonly readPoint?: { readonly id: string }
  readonly bizLocation?: { readonly id: string }
  readonly sourceList?: readonly { readonly type: 'possessing_party'; readonly source: string }[]
  readonly destinationList?: readonly { readonly type: 'possessing_party'; readonly destination: string }[]
  readonly bizTransactionList?: readonly { readonly type: 'bol' | 'rma'; readonly bizTransaction: string }[]
} & Extensions

type ObjectBody = {
  readonly type: 'ObjectEvent'
  readonly epcList: readonly string[]
  /** Allowed on no other type of event (domain page 5.2). */
  readonly persistentDisposition?: PersistentDisposition
  readonly sensorElementList?: readonly SensorElement[]
}

type AggregationBody = { readonly type: 'AggregationEvent' } & Parenthood
type AssociationBody = { readonly type: 'AssociationEvent' } & Parenthood

/** Without children only where all of them leave their parent. */
type Parenthood = { readonly parentID: string; readonly childEPCs?: readonly string[] }

export type PersistentDisposition = {
  readonly set?: readonly Disposition[]
  readonly unset?: readonly Disposition[]
}

export type SensorElement = {
  readonly sensorMetadata: {
    readonly time?: string
    readonly startTime?: string
    readonly endTime?: string
    readonly deviceID?: string
    readonly deviceMetadata?: string
    readonly rawData?: string
    readonly bizRules?: string
  }
  readonly sensorReport: readonly SensorReport[]
}

export type SensorReport = {
  readonly type: 'Temperature'
  readonly minValue?: number
  readonly maxValue?: number
  readonly meanValue?: number
  readonly uom?: 'CEL'
  readonly exception?: 'ALARM_CONDITION' | 'ERROR_CONDITION'
  readonly booleanValue?: true
  readonly time?: string
} & Extensions

/** The prior event was wrong; told as that event once more, under the same id (EPCIS 2.0, section 7.4.1.2). */
export type ErrorDeclaration = {
  readonly declarationTime: string
  readonly reason: 'incorrect_data' | 'did_not_occur'
  /** Never with `did_not_occur` (CBV 2.0, section 7.5). */
  readonly correctiveEventIDs?: readonly string[]
} & Extensions

/** A value of an own field. */
export type Extension = string | number | boolean | readonly string[]
export type Extensions = { readonly [name: `cc:${string}`]: Extension }

/** The fields that have a value; own fields that do not apply are left out. */
export function extensions(fields: Readonly<Record<`cc:${string}`, Extension | null | undefined>>): Extensions {
  const kept: { [name: `cc:${string}`]: Extension } = {}
  for (const name of extensionNames(fields)) {
    const value = fields[name]
    if (value !== null && value !== undefined) kept[name] = value
  }
  return kept
}

function extensionNames(fields: object): `cc:${string}`[] {
  return Object.keys(fields).flatMap((name) => (isExtension(name) ? [name] : []))
}

function isExtension(name: string): name is `cc:${string}` {
  return name.startsWith('cc:')
}
