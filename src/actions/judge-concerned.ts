import { int8s } from '../../db/binary.ts'
import type { Recording } from '../../db/recording.ts'
import type { Ctx } from '../context.ts'
import { type Row, upToAt } from '../domain/excursion.ts'
import type { Folded } from './fold-placements.ts'
import { judgeOrPostpone, MAX_ROWS_PER_TRANSACTION } from './judge.ts'
import { type Extension, extensionOf, inScope, judgeRemembered, quietOf } from './judge-remembered.ts'
import { isReadOut } from './judging-facts.ts'
import type { KnownSensors } from './known-sensors.ts'
import { loadRows } from './load-rows.ts'
import { areLastOf } from './recent-rows.ts'
import type { Memory } from './recorder-memory.ts'
import { loadHeads } from './store-evaluations.ts'
import type { ToStore } from './store-readings.ts'

/** The shipments that changed readings concern: their readings by placement, ascending, and whether any came late. */
export type Concern = Map<number, { rows: Map<number, Row[]>; late: boolean }>

/** Finds the shipments of stored readings, which are in order of key, by the placements of their sensors. */
export function concernOf(changed: readonly ToStore[], known: KnownSensors, late: ReadonlySet<number>): Concern {
  const concern: Concern = new Map()
  let from = 0
  while (from < changed.length) {
    const sensorId = changed[from]?.sensorId ?? 0
    let to = from + 1
    while (changed[to]?.sensorId === sensorId) to++
    for (const { id, channel, shipmentId, fromAt, toAt } of known.get(sensorId)?.memory.placements ?? []) {
      const rows = within(changed, { from, to }, (row) => row.channel === channel && row.at >= fromAt && row.at < toAt)
      if (rows.length === 0) continue
      const entry = concern.get(shipmentId) ?? { rows: new Map(), late: false }
      entry.rows.set(id, rows)
      entry.late ||= late.has(sensorId)
      concern.set(shipmentId, entry)
    }
    from = to
  }
  return concern
}

function within(
  rows: readonly ToStore[],
  { from, to }: { from: number; to: number },
  holds: (row: ToStore) => boolean,
) {
  const found: ToStore[] = []
  for (let index = from; index < to; index++) {
    const row = rows[index]
    if (row !== undefined && holds(row)) found.push(row)
  }
  return found
}

/**
 * Locks the shipments, in order of id. After the readings are stored: locking before makes two recording processes no
 * faster than one. Before the batch is closed: from then on its readings are known. Answers the locked rows that are
 * not as remembered.
 */
export async function lockConcerned(run: Recording, concern: Concern, memory: Memory): Promise<Differing> {
  const ids = idsOf(concern)
  return ids.length === 0 ? new Map() : lock(run, ids, memory)
}

/** Shipments that differ from what is remembered of them. */
export type Differing = ReadonlyMap<number, LockedRow>

function idsOf(concern: Concern): number[] {
  return [...concern.keys()].sort((a, b) => a - b)
}

/** Judges them: those whose folds are remembered go on from there, the others from their checkpoints. */
export async function judgeConcerned(
  run: Recording,
  ctx: Ctx,
  locked: Omit<LockedConcern, 'ids'>,
): Promise<{ unjudged: boolean }> {
  if (locked.concern.size === 0) return { unjudged: false }
  const work = { ...locked, ids: idsOf(locked.concern) }
  const { cold, extensions } = await divide(run, work)
  const failed = await judgeRemembered(run, ctx, extensions)
  const { unjudged } = await judgeCold(run, ctx, { ...work, cold: [...cold, ...failed] })
  await sign(run, work)
  return { unjudged }
}

type LockedRow = { id: number; revision: number; keeper: number | null; waits: boolean }

/** Locked shipments, with what came for them; `differing` may name more of them. */
type LockedConcern = { ids: number[]; concern: Concern; memory: Memory; differing: Differing }

async function lock(run: Recording, ids: number[], memory: Memory): Promise<Differing> {
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

async function divide(run: Recording, work: LockedConcern): Promise<{ cold: number[]; extensions: Extension[] }> {
  const cold: number[] = []
  const extensions: Extension[] = []
  const foreign: Extension[] = []
  for (const id of work.ids) {
    const entry = work.memory.shipments.get(id)
    const row = work.differing.get(id)
    const holds = entry !== undefined && (row === undefined || (row.revision === entry.revision && !row.waits))
    const came = work.concern.get(id)
    const extension = holds ? extensionOf(entry, came?.rows ?? new Map()) : null
    if (came !== undefined) came.late ||= extension?.came === 'late'
    if (extension === null) cold.push(id)
    else if (row === undefined) extensions.push(extension)
    // what others stored is read from where the folds stand, and what came late stands before that
    else if (extension.came === 'late') cold.push(id)
    else foreign.push(extension)
  }
  const caughtUp = await catchUp(run, foreign)
  const behind = foreign.filter((_, index) => caughtUp[index] === null)
  return {
    cold: [...cold, ...behind.map(({ entry }) => entry.facts.shipmentId)],
    extensions: [...extensions, ...caughtUp.flatMap((extension) => extension ?? [])],
  }
}

/**
 * Another process recorded for these since: what it stored is later than what is remembered, and is read. Null where
 * that is too much, or where what came now does not come after it: its checkpoints saw too little then.
 */
async function catchUp(run: Recording, foreign: readonly Extension[]): Promise<(Extension | null)[]> {
  if (foreign.length === 0) return []
  const entries = foreign.map(({ entry }) => entry)
  const folds = entries.flatMap((entry) => entry.folded)
  const wanted = folds.map((fold) => ({ placement: fold.placement, afterAt: upToAt(fold.state) }))
  const { rowsOf } = await loadRows(run.tx, wanted, MAX_ROWS_PER_TRANSACTION)
  const heads = await loadHeads(
    run.tx,
    entries.map(({ facts }) => facts.shipmentId),
  )
  return foreign.map(({ entry, rows: came }) => {
    const rows = new Map<number, Row[]>()
    for (const { placement } of entry.folded) {
      const found = rowsOf.get(placement.id)
      if (found?.more === true || !endsWith(found?.rows ?? [], came.get(placement.id) ?? [])) return null
      if (found !== undefined && found.rows.length > 0) rows.set(placement.id, found.rows)
    }
    entry.head = heads.get(entry.facts.shipmentId) ?? null
    entry.quiet = null
    return { entry, rows, came: 'others' }
  })
}

/** Whether rows that were stored now come after all others; both ascend, and the stored ones hold them. */
function endsWith(stored: readonly Row[], came: readonly Row[]): boolean {
  const [first, before] = [came[0], stored.at(-came.length - 1)]
  return first === undefined || before === undefined || before.at < first.at
}

async function judgeCold(
  run: Recording,
  ctx: Ctx,
  { cold, concern, memory, differing }: Omit<LockedConcern, 'ids'> & { cold: readonly number[] },
): Promise<{ unjudged: boolean }> {
  const changedFromAt = new Map<number, number>()
  const revisions = new Map<number, number>()
  for (const id of cold) {
    const row = differing.get(id)
    const came = concern.get(id)
    revisions.set(id, row?.revision ?? memory.shipments.get(id)?.revision ?? 0)
    memory.shipments.delete(id)
    for (const [placementId, [first]] of came?.rows ?? []) {
      if (first !== undefined) changedFromAt.set(placementId, first.at)
    }
  }
  const shipmentIds = cold.toSorted((a, b) => a - b)
  const { unjudged, judged } = await judgeOrPostpone(run.tx, ctx, { shipmentIds, changedFromAt })
  const judgedOf = new Map(judged.map((one) => [one.shipment.shipmentId, one]))
  for (const id of cold) {
    const [came, one] = [concern.get(id), judgedOf.get(id)]
    if (came !== undefined)
      came.late ||= one === undefined || isReadOut(one.shipment) || !areLast(one.folded, came.rows)
  }
  for (const { shipment, folded, head, assessment } of judged) {
    if (isReadOut(shipment)) continue
    const revision = revisions.get(shipment.shipmentId) ?? 0
    memory.shipments.set(shipment.shipmentId, { revision, facts: shipment, folded, head, quiet: quietOf(assessment) })
  }
  return { unjudged }
}

/**
 * Whether rows that came are the last that folds took. Only the folds know: what a process remembers of a sensor does
 * not tell what others have stored. Where more came than a fold remembers, nobody knows.
 */
function areLast(folded: readonly Folded[], cameOf: ReadonlyMap<number, readonly Row[]>): boolean {
  return folded.every(({ placement, recent }) => {
    const came = inScope(cameOf.get(placement.id) ?? [], placement.rules)
    return came.length === 0 || areLastOf(recent, came)
  })
}

/** Says in the rows who recorded last, and where something came late that what others remember holds no longer. */
async function sign(run: Recording, { ids, concern, memory, differing }: LockedConcern): Promise<void> {
  const isLate = (id: number) => concern.get(id)?.late === true
  const isOthers = (id: number) => {
    const row = differing.get(id)
    return row !== undefined && row.keeper !== memory.keeper
  }
  const signed = ids.filter((id) => isLate(id) || isOthers(id))
  if (signed.length === 0) return
  await run.client.query({
    name: 'sign_shipments',
    text: `update shipment s set keeper = $3, revision = s.revision + w.raised
      from unnest($1::bigint[], $2::bigint[]) as w(id, raised) where s.id = w.id`,
    values: [int8s(signed), int8s(signed.map((id) => Number(isLate(id)))), memory.keeper],
  })
  for (const id of signed.filter(isLate)) {
    const entry = memory.shipments.get(id)
    if (entry !== undefined) entry.revision += 1
  }
}
