import { type RawBuilder, sql } from 'kysely'
import type { Tx } from '../../db/connect.ts'
import { at } from '../../db/tables.ts'
import type { Actor } from '../domain/actor.ts'
import type { CustodyKind } from '../domain/custody-event.ts'
import { RECORD_SOURCES, type Recording, type RecordSource, type ThingKey } from '../domain/shipment-record.ts'
import { READINGS_ROOT } from './custody-ledger.ts'
import { numbers } from './load-rows.ts'
import { canSeeShipment } from './visibility.ts'

/** Which records of visible shipments are looked for, and from where on. Times are epoch milliseconds. */
export type RecordingSearch = {
  readonly sources: readonly RecordSource[]
  /** Kinds of custody events; null: any. */
  readonly kinds: readonly CustodyKind[] | null
  readonly shipmentIds: readonly number[] | null
  /** A shipment must have one of each list. */
  readonly things: readonly (readonly ThingKey[])[]
  /** When a custody event happened; corrections are not asked. */
  readonly eventTime: Range
  readonly recordTime: Range
  /** What was recorded later is not looked at: a walk over many pages then ends. */
  readonly untilAt: number
  readonly descending: boolean
  /** The record to begin with, itself included; null: the first. */
  readonly from: Recording | null
  readonly limit: number
}

type Range = { readonly fromAt: number | null; readonly toAt: number | null }

/**
 * Records in order of recording (ties by shipment, source, row): the same order for every asker, whatever is recorded
 * meanwhile. One statement: each source gives its next `limit` rows from its index, and the first `limit` of all are
 * taken.
 */
export async function findRecordings(tx: Tx, actor: Actor, search: RecordingSearch): Promise<Recording[]> {
  const branches = search.sources.map((source) => branchOf(source, actor, search))
  if (branches.length === 0) return []
  const direction = search.descending ? sql`desc` : sql`asc`
  const result = await sql<{ recorded: number; shipment: number; rank: number; row: number }>`
    select * from (${sql.join(branches, sql` union all `)}) found
    order by recorded ${direction}, shipment ${direction}, rank ${direction}, row ${direction}
    limit ${search.limit}`.execute(tx)
  return result.rows.flatMap(({ recorded, shipment, rank, row }) => {
    const source = RECORD_SOURCES[rank]
    return source === undefined ? [] : [{ recordedAt: recorded, shipmentId: shipment, source, row }]
  })
}

type Branch = { table: RawBuilder<unknown>; recorded: RawBuilder<unknown>; row: RawBuilder<unknown>; where: Where[] }
type Where = RawBuilder<unknown>

function branchOf(source: RecordSource, actor: Actor, search: RecordingSearch): RawBuilder<unknown> {
  const { table, recorded, row, where } = tableOf(source, search)
  const rank = RECORD_SOURCES.indexOf(source)
  const direction = search.descending ? sql`desc` : sql`asc`
  const conditions = [
    ...where,
    sql`${canSeeShipment(actor, sql.ref<number>('t.shipment_id'))}`,
    sql`${recorded} <= ${at(search.untilAt)}`,
    ...range(recorded, search.recordTime),
    ...(search.shipmentIds === null ? [] : [sql`t.shipment_id = any(${numbers(search.shipmentIds)}::bigint[])`]),
    ...search.things.map((things) => sql`t.shipment_id in (${shipmentsWith(things)})`),
    ...fromOn({ recorded, row, rank }, search),
  ]
  return sql`(select ${recorded} as recorded, t.shipment_id as shipment, ${sql.lit(rank)}::int as rank, ${row} as row
    from ${table} where ${sql.join(conditions, sql` and `)}
    order by ${recorded} ${direction}, t.shipment_id ${direction}, ${row} ${direction} limit ${search.limit})`
}

function tableOf(source: RecordSource, { kinds, eventTime }: RecordingSearch): Branch {
  const known = sql`t.known_at`
  switch (source) {
    case 'custody': {
      const asked = kinds === null ? sql`t.kind <> ${READINGS_ROOT}` : sql`t.kind = any(${[...kinds]}::text[])`
      const times = range(sql`t.at`, eventTime).map((one) => sql`(t.kind = 'correction' or ${one})`)
      return { table: sql`custody_event t`, recorded: known, row: sql`t.seq`, where: [asked, ...times] }
    }
    case 'placement_ended': {
      // a correction within the shipment says itself what no longer holds
      const withdrawn = sql`t.superseded_at is not null and not exists (select 1 from placement n
        where n.corrects_id = t.id and n.shipment_id = t.shipment_id)`
      return { table: sql`placement t`, recorded: sql`t.superseded_at`, row: sql`t.id`, where: [withdrawn] }
    }
    case 'placement':
      return { table: sql`placement t`, recorded: known, row: sql`t.id`, where: [] }
    case 'evaluation':
      return { table: sql`evaluation t`, recorded: known, row: sql`t.version`, where: [] }
  }
}

function range(time: RawBuilder<unknown>, { fromAt, toAt }: Range): Where[] {
  return [
    ...(fromAt === null ? [] : [sql`${time} >= ${at(fromAt)}`]),
    ...(toAt === null ? [] : [sql`${time} < ${at(toAt)}`]),
  ]
}

type Keyed = { recorded: RawBuilder<unknown>; row: RawBuilder<unknown>; rank: number }

/** The second condition says nothing more, but an index can begin there. */
function fromOn({ recorded, row, rank }: Keyed, { from, descending }: RecordingSearch): Where[] {
  if (from === null) return []
  const compare = descending ? sql`<=` : sql`>=`
  const start = sql`(${at(from.recordedAt)}, ${from.shipmentId}::bigint,
    ${RECORD_SOURCES.indexOf(from.source)}::int, ${from.row}::bigint)`
  return [
    sql`(${recorded}, t.shipment_id, ${sql.lit(rank)}::int, ${row}::bigint) ${compare} ${start}`,
    sql`${recorded} ${compare} ${at(from.recordedAt)}`,
  ]
}

/** The shipments that have one of these things; who may see them is asked of the records. */
function shipmentsWith(things: readonly ThingKey[]): RawBuilder<unknown> {
  if (things.length === 0) return sql`select 0`
  return sql.join(things.map(shipmentsOf), sql` union all `)
}

function shipmentsOf(thing: ThingKey): RawBuilder<unknown> {
  switch (thing.key) {
    case 'sscc':
      return sql`select s.id from shipment s where s.sscc = ${thing.value}`
    case 'shipment':
      return sql`select ${thing.id}::bigint`
    case 'unit':
      return sql`select u.shipment_id from unit u where u.serial = ${thing.serial} and u.gtin = ${thing.gtin}`
    case 'din':
      return sql`select u.shipment_id from unit u where u.din = ${thing.value}`
    case 'grai':
      return sql`select s.id from container c join shipment s on s.container_id = c.id where c.grai = ${thing.value}`
    case 'container':
      return sql`select s.id from shipment s where s.container_id = ${thing.id}`
    case 'sensor':
      return sql`select p.shipment_id from placement p where p.sensor_id = ${thing.id}
        union all select c.shipment_id from custody_event c where c.record @? '$.**.sensorId'
          and jsonb_path_query_array(c.record, '$.**.sensorId[*]') @> to_jsonb(${thing.id}::bigint)`
    case 'giai':
      return sql`select p.shipment_id from sensor s join placement p on p.sensor_id = s.id
        where s.serial = ${`(8004)${thing.value}`}`
  }
}
