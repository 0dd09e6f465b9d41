import type { Tx } from '../../db/connect.ts'
import type { Ctx } from '../context.ts'
import type { Actor } from '../domain/actor.ts'
import type { Refusal } from '../domain/refusal.ts'
import type { Recording, ShipmentRecord } from '../domain/shipment-record.ts'
import { judgePending } from './judge.ts'
import { measureLegs } from './measure-legs.ts'
import { findRecordings, type RecordingSearch } from './recordings.ts'
import { loadShipmentRecords } from './shipment-records.ts'
import { noShipment, refuseUnlessSeen } from './shipments.ts'

/**
 * Everything on record about one shipment that the actor may see, with what its sensors showed. What waits for judging
 * is judged first, so that no alarm is missing in it. Refused: `not_found`.
 */
export async function shipmentRecord(ctx: Ctx, actor: Actor, shipmentId: number): Promise<ShipmentRecord | Refusal> {
  for (;;) {
    const found = await inSnapshot(ctx, (tx) => readRecord(tx, actor, shipmentId))
    if (found !== 'behind') return found
    await judgePending(ctx, shipmentId)
  }
}

async function readRecord(tx: Tx, actor: Actor, shipmentId: number): Promise<ShipmentRecord | Refusal | 'behind'> {
  const refused = await refuseUnlessSeen(tx, actor, shipmentId)
  if (refused !== null) return refused
  const row = await tx.selectFrom('shipment').select('judge_from').where('id', '=', shipmentId).executeTakeFirst()
  if (row !== undefined && row.judge_from !== null) return 'behind'
  const [record] = await measureLegs(tx, await loadShipmentRecords(tx, [shipmentId]))
  return record ?? noShipment(shipmentId)
}

/** Records found, in order of recording, and all that is on record about their shipments. */
export type RecordedEvents = {
  readonly recordings: readonly Recording[]
  readonly records: readonly ShipmentRecord[]
  /** How many there are from here on, as far as `limit` counts. */
  readonly left: number
  /** Nothing comes after these. */
  readonly isLast: boolean
}

/** Shipments that are read whole in one go: loading and telling one takes up to 10 ms. */
const MAX_SHIPMENTS = 20
/** Those of them whose readings are read, too: a journey has some thousand of them per sensor. */
const MAX_MEASURED_SHIPMENTS = 4

/**
 * The next records of visible shipments, as many as `limit`, or fewer where they are of too many shipments; in one
 * snapshot, so that what is told of a record agrees with the order it stands in.
 */
export async function recordedEvents(ctx: Ctx, actor: Actor, search: RecordingSearch): Promise<RecordedEvents> {
  return inSnapshot(ctx, async (tx) => {
    const all = await findRecordings(tx, actor, search)
    const found = ofFewShipments(all)
    const records = await loadShipmentRecords(tx, [...new Set(found.map(({ shipmentId }) => shipmentId))])
    const closed = new Set(records.filter(hasClosed).map(({ shipment }) => shipment.id))
    const { recordings, measured } = affordable(found, closed)
    const unmeasured = records.filter(({ shipment }) => !measured.has(shipment.id))
    const withLegs = await measureLegs(
      tx,
      records.filter(({ shipment }) => measured.has(shipment.id)),
    )
    const isLast = recordings.length === all.length && all.length < search.limit
    return { recordings, records: [...unmeasured, ...withLegs], left: all.length, isLast }
  })
}

/** The records up to the first of one shipment too many. */
function ofFewShipments(all: readonly Recording[]): readonly Recording[] {
  const shipments = new Set<number>()
  const end = all.findIndex(({ shipmentId }) => shipments.add(shipmentId).size > MAX_SHIPMENTS)
  return end < 0 ? all : all.slice(0, end)
}

function hasClosed({ evaluations }: ShipmentRecord): boolean {
  return evaluations.some(({ window }) => window !== null && window.toAt !== null)
}

/** The records up to the evaluation of one shipment too many. */
function affordable(found: readonly Recording[], closed: ReadonlySet<number>) {
  const measured = new Set<number>()
  const end = found.findIndex(({ source, shipmentId }) => {
    if (source !== 'evaluation' || !closed.has(shipmentId)) return false
    if (measured.size === MAX_MEASURED_SHIPMENTS && !measured.has(shipmentId)) return true
    measured.add(shipmentId)
    return false
  })
  return { recordings: end < 0 ? found : found.slice(0, end), measured }
}

function inSnapshot<T>(ctx: Ctx, read: (tx: Tx) => Promise<T>): Promise<T> {
  return ctx.db.kysely.transaction().setIsolationLevel('repeatable read').setAccessMode('read only').execute(read)
}
