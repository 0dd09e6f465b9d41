import { int2s, int8s } from '../../db/binary.ts'
import type { Recording } from '../../db/recording.ts'
import type { Row } from '../domain/excursion.ts'
import type { Memory, ShipmentMemory } from './recorder-memory.ts'
import { stripesOf } from './stripes.ts'

/** The shipments that changed readings concern: their readings by placement, ascending, and whether any came late. */
export type Concern = Map<number, ConcernOf>
type ConcernOf = { rows: Map<number, Row[]>; late: boolean }

/** Shipments that differ from what is remembered of them, as their rows are. */
export type Differing = ReadonlyMap<number, LockedRow>
export type LockedRow = { id: number; revision: number; keeper: number | null; waits: boolean }

/** Locked shipments, with what came for them; `differing` may name more of them. */
export type LockedConcern = { ids: number[]; concern: Concern; memory: Memory; differing: Differing }

/** The shipments of a concern, ascending. */
export function idsOf(concern: Concern): number[] {
  return [...concern.keys()].sort((a, b) => a - b)
}

/**
 * Locks the shipments: their stripes, and the rows of those that are not remembered, whose windows are closed, or of
 * whose stripe something may have changed; both in order. After the readings are stored: locking before makes two
 * recording processes no faster than one. Before the batch is closed: from then on its readings are known. Answers the
 * locked rows that are not as remembered.
 */
export async function lockConcerned(run: Recording, concern: Concern, memory: Memory): Promise<Differing> {
  const ids = idsOf(concern)
  if (ids.length === 0) return new Map()
  await lockStripes(run, ids, memory)
  const doubtful = ids.filter((id) => memory.shipments.get(id)?.stripe !== memory.shipmentStripes.of(id))
  return doubtful.length === 0 ? new Map() : lockRows(run, doubtful, memory)
}

type StripeRow = { id: number; revision: number; keeper: number | null }

/**
 * Where another process recorded last, what it remembers of the whole stripe has to be compared before it is used
 * again: taking over raises the revision.
 */
async function lockStripes(run: Recording, ids: readonly number[], { shipmentStripes, keeper }: Memory): Promise<void> {
  const stripes = stripesOf(ids)
  const { rows } = await run.client.query<StripeRow>({
    name: 'lock_shipment_stripes',
    text: `with locked as materialized (
        select id, revision, keeper from shipment_stripe where id = any($1::smallint[]) order by id for no key update)
      select l.* from locked l join unnest($1::smallint[], $2::bigint[]) as r(id, revision) on r.id = l.id
      where l.revision <> r.revision or l.keeper is distinct from $3`,
    values: [int2s(stripes), int8s(stripes.map(shipmentStripes.of)), keeper],
  })
  for (const { id, revision } of rows) shipmentStripes.see(id, revision)
  const taken = rows.filter((row) => row.keeper !== keeper).map(({ id }) => id)
  if (taken.length === 0) return
  const raised = await run.client.query<Omit<StripeRow, 'keeper'>>({
    name: 'take_shipment_stripes',
    text: `update shipment_stripe set keeper = $2, revision = revision + 1 where id = any($1::smallint[])
      returning id, revision`,
    values: [int2s(taken), keeper],
  })
  for (const { id, revision } of raised.rows) shipmentStripes.see(id, revision)
}

async function lockRows(run: Recording, ids: readonly number[], memory: Memory): Promise<Differing> {
  const { rows } = await run.client.query<LockedRow>({
    name: 'lock_shipments',
    text: `with locked as materialized (
        select id, revision, keeper, judge_from is not null as waits
        from shipment where id = any($1::bigint[]) order by id for no key update)
      select l.* from locked l left join unnest($1::bigint[], $2::bigint[]) as r(id, revision) on r.id = l.id
      where l.revision is distinct from r.revision or l.keeper is distinct from $3 or l.waits`,
    values: [int8s(ids), int8s(ids.map((id) => memory.shipments.get(id)?.revision ?? null)), memory.keeper],
  })
  return new Map(rows.map((row) => [row.id, row]))
}

/**
 * Says in the rows who recorded last, and where something came late that what others remember holds no longer. What is
 * remembered then holds as long as its stripe stays as it is.
 */
export async function signShipments(run: Recording, work: LockedConcern): Promise<void> {
  const { ids, concern, memory, differing } = work
  const isOthers = (id: number) => {
    const row = differing.get(id)
    return row !== undefined && row.keeper !== memory.keeper
  }
  const late = new Set(
    ids.filter((id) => {
      const came = concern.get(id)
      // outside of the window nothing is compared with what the other process stored there, which may be later
      return came?.late === true || (isOthers(id) && liesOutside(memory.shipments.get(id), came))
    }),
  )
  const isLate = (id: number) => late.has(id)
  const signed = ids.filter((id) => isLate(id) || isOthers(id))
  if (signed.length > 0) {
    await run.client.query({
      name: 'sign_shipments',
      text: `update shipment s set keeper = $3, revision = s.revision + w.raised
        from unnest($1::bigint[], $2::bigint[]) as w(id, raised) where s.id = w.id`,
      values: [int8s(signed), int8s(signed.map((id) => Number(isLate(id)))), memory.keeper],
    })
  }
  for (const id of ids) {
    const entry = memory.shipments.get(id)
    if (entry === undefined) continue
    if (isLate(id)) entry.revision += 1
    const stripe = memory.shipmentStripes.of(id)
    if (entry.stripe !== stripe) entry.stripe = isClosed(entry) ? NO_STRIPE : stripe
  }
}

function liesOutside(entry: ShipmentMemory | undefined, came: ConcernOf | undefined): boolean {
  return (entry?.folded ?? []).some(({ placement: { id, rules } }) =>
    came?.rows.get(id)?.some(({ at }) => at < rules.fromAt || at >= rules.toAt),
  )
}

/** Of an entry whose row has to be compared always. */
export const NO_STRIPE = -2

/**
 * A closed window: few readings come for it, and what takes its time with such a shipment (a certificate, an archive)
 * locks its row alone, so that nobody else waits.
 */
function isClosed({ facts: { window } }: ShipmentMemory): boolean {
  return window !== null && Number.isFinite(window.toAt)
}
