import type { Recording } from '../../db/recording.ts'
import type { Ctx } from '../context.ts'
import { noteCalmly } from '../domain/calm.ts'
import { type Row, upToAt } from '../domain/excursion.ts'
import type { Folded } from './fold-placements.ts'
import type { Gathered } from './gather-readings.ts'
import { judgeOrPostpone, MAX_ROWS_PER_TRANSACTION } from './judge.ts'
import { type Extension, extensionOf, inScope, judgeRemembered, quietOf } from './judge-remembered.ts'
import { isReadOut } from './judging-facts.ts'
import { loadRows } from './load-rows.ts'
import { type Concern, idsOf, type LockedConcern, NO_STRIPE, signShipments } from './lock-concerned.ts'
import { areLastOf } from './recent-rows.ts'
import { loadHeads } from './store-evaluations.ts'
import type { ToStore } from './store-readings.ts'

/** Finds the shipments of stored readings, which are in order of key, by the placements of their sensors. */
export function concernOf(changed: readonly ToStore[], gathered: Gathered, late: ReadonlySet<number>): Concern {
  const concern: Concern = new Map()
  let from = 0
  while (from < changed.length) {
    const sensorId = changed[from]?.sensorId ?? 0
    let to = from + 1
    while (changed[to]?.sensorId === sensorId) to++
    for (const { id, channel, shipmentId, fromAt, toAt } of gathered.get(sensorId)?.memory?.placements ?? []) {
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

/** Judges them: those whose folds are remembered go on from there, the others from their checkpoints. */
export async function judgeConcerned(
  run: Recording,
  ctx: Ctx,
  locked: Omit<LockedConcern, 'ids'>,
): Promise<{ unjudged: boolean }> {
  if (locked.concern.size === 0) return { unjudged: false }
  const work = { ...locked, ids: idsOf(locked.concern) }
  const cold: number[] = []
  const caughtUp = await catchUp(run, othersToo(work, cold), { concern: work.concern, cold })
  const failed = await judgeRemembered(run, ctx, together(caughtUp, only(work, cold)))
  const { unjudged } = await judgeCold(run, ctx, { ...work, cold: [...cold, ...failed] })
  await signShipments(run, work)
  return { unjudged }
}

/**
 * Those for which only this process has recorded, as they are asked for, without those whose readings are only noted;
 * to `cold` go those that cannot go on.
 */
function* only(work: LockedConcern, cold: number[]): Generator<Extension> {
  for (const id of work.ids) {
    if (work.differing.has(id) || isNoted(work, id)) continue
    const extension = extend(work, id)
    if (extension === null) cold.push(id)
    else yield extension
  }
}

/** Those that are remembered and for which another process recorded since. */
function othersToo(work: LockedConcern, cold: number[]): Extension[] {
  return work.ids.flatMap((id) => {
    const row = work.differing.get(id)
    if (row === undefined) return []
    const holds = row.revision === work.memory.shipments.get(id)?.revision && !row.waits
    const extension = holds ? extend(work, id) : null
    // what others stored is read from where the folds stand, and what came late stands before that
    if (extension !== null && extension.came !== 'late') return [extension]
    cold.push(id)
    return []
  })
}

function isNoted({ memory, concern }: LockedConcern, id: number): boolean {
  const [calm, came] = [memory.shipments.get(id)?.calm, concern.get(id)]
  return came !== undefined && calm !== undefined && calm !== null && noteCalmly(calm, came.rows)
}

function extend({ memory, concern }: LockedConcern, id: number): Extension | null {
  const [entry, came] = [memory.shipments.get(id), concern.get(id)]
  if (entry === undefined || came === undefined) return null
  const extension = extensionOf(entry, came.rows)
  came.late ||= extension?.came === 'late'
  return extension
}

function* together<T>(some: Iterable<T>, others: Iterable<T>): Generator<T> {
  yield* some
  yield* others
}

/**
 * Another process recorded for these since: what it stored is later than what is remembered, and is read. To `cold` go
 * those of which that is too much, or where what came now does not come after it: its checkpoints saw too little then.
 */
async function catchUp(
  run: Recording,
  foreign: readonly Extension[],
  { concern, cold }: { concern: Concern; cold: number[] },
): Promise<Extension[]> {
  if (foreign.length === 0) return []
  const entries = foreign.map(({ entry }) => entry)
  const folds = entries.flatMap((entry) => entry.folded)
  const wanted = folds.map((fold) => ({ placement: fold.placement, afterAt: upToAt(fold.state) }))
  const { rowsOf } = await loadRows(run.tx, wanted, MAX_ROWS_PER_TRANSACTION)
  const ids = entries.map(({ facts }) => facts.shipmentId)
  const heads = await loadHeads(run.tx, ids)
  return foreign.flatMap(({ entry }) => {
    const found = entry.folded.map(({ placement }) => rowsOf.get(placement.id))
    // what was noted before is among what is stored
    const came = concern.get(entry.facts.shipmentId)?.rows
    const follows = entry.folded.every(({ placement: { id, rules } }, index) => {
      const [one, now] = [found[index], inScope(came?.get(id) ?? [], rules)]
      return one?.more !== true && endsWith(one?.rows ?? [], now)
    })
    if (!follows) {
      cold.push(entry.facts.shipmentId)
      return []
    }
    entry.head = heads.get(entry.facts.shipmentId) ?? null
    entry.quiet = null
    const rows = found.map((one) => (one === undefined || one.rows.length === 0 ? undefined : one.rows))
    return [{ entry, rows, came: 'others', few: false }]
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
    const judgement = { folded, head, quiet: quietOf(assessment), calm: null }
    memory.shipments.set(shipment.shipmentId, { revision, stripe: NO_STRIPE, facts: shipment, ...judgement })
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
