import type { CustodyKind } from '../domain/custody-event.ts'
import type { RecordSource, ThingKey } from '../domain/shipment-record.ts'
import { kindsOfStep } from './epcis-custody.ts'
import { placeOfEventId } from './epcis-id.ts'
import type { EpcisQuery } from './epcis-query.ts'
import { thingOf } from './epcis-uri.ts'

/** What a question says about the records themselves, so that others need not be read and told. */
export type Narrowing = {
  readonly sources: readonly RecordSource[]
  /** Null: any. */
  readonly kinds: readonly CustodyKind[] | null
  readonly shipmentIds: readonly number[] | null
  /** A shipment must have one of each list. */
  readonly things: readonly (readonly ThingKey[])[]
  /** Of custody events that are no corrections: those tell of other times than their own. */
  readonly eventTime: { readonly fromAt: number | null; readonly toAt: number | null }
  readonly recordTime: { readonly fromAt: number | null; readonly toAt: number | null }
}

/** Never narrower than the question: what is let through is matched as an event (`matchesQuery`). */
export function narrowingOf(query: EpcisQuery, idUrl: string): Narrowing {
  const { MATCH_epc, MATCH_anyEPC, MATCH_parentID, EQ_eventID, EXISTS_errorDeclaration, EQ_bizStep } = query
  const lists = [MATCH_epc, MATCH_anyEPC, MATCH_parentID].filter((list) => list !== undefined)
  const kinds = EQ_bizStep === undefined ? null : kindsOfStep(EQ_bizStep)
  return {
    sources: sourcesOf(query),
    kinds: EXISTS_errorDeclaration === undefined ? kinds : ['correction'],
    shipmentIds: EQ_eventID?.flatMap((id) => placeOfEventId(id)?.shipmentId ?? []) ?? null,
    things: lists.map((list) => list.flatMap((uri) => thingOf(uri, idUrl) ?? [])),
    eventTime: { fromAt: query.GE_eventTime ?? null, toAt: query.LT_eventTime ?? null },
    recordTime: { fromAt: query.GE_recordTime ?? null, toAt: query.LT_recordTime ?? null },
  }
}

/** Pairings are AssociationEvents without place and disposition; sensors report in ObjectEvents. */
function sourcesOf(query: EpcisQuery): RecordSource[] {
  const { eventType, EQ_bizStep: steps, EQ_disposition, EQ_action: actions, EQ_readPoint, EQ_bizLocation } = query
  const isOf = (list: readonly string[] | undefined, ...values: string[]) =>
    list === undefined || values.some((value) => list.includes(value))
  const pairs =
    isOf(eventType, 'AssociationEvent') &&
    isOf(steps, 'assembling', 'removing') &&
    isOf(actions, 'ADD', 'DELETE') &&
    [EQ_disposition, EQ_readPoint, EQ_bizLocation].every((list) => list === undefined)
  const reports =
    isOf(eventType, 'ObjectEvent') &&
    isOf(steps, 'sensor_reporting') &&
    isOf(actions, 'OBSERVE') &&
    [EQ_disposition, EQ_bizLocation, query.MATCH_parentID].every((list) => list === undefined)
  return [
    'custody',
    ...(pairs ? (['placement_ended', 'placement'] as const) : []),
    ...(reports ? (['evaluation'] as const) : []),
  ]
}
