import type { Recording } from '../../db/recording.ts'
import type { Ctx } from '../context.ts'
import { type Row, upToAt } from '../domain/excursion.ts'
import type { Folded } from './fold-placements.ts'
import { judgeOrPostpone, MAX_ROWS_PER_TRANSACTION } from './judge.ts'
import { type Extension, extensionOf, inScope, judgeRemembered, quietOf } from './judge-remembered.ts'
import { isReadOut } from './judging-facts.ts'
import type { KnownSensors } from './known-sensors.ts'
import { loadRows } from './load-rows.ts'
import { type Concern, idsOf, type LockedConcern, NO_STRIPE, signShipments } from './lock-concerned.ts'
import { areLastOf } from './recent-rows.ts'
import { loadHeads } from './store-evaluations.ts'
import type { ToStore } from './store-readings.ts'

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
  await signShipments(run, work)
  return { unjudged }
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
    const entry = { revision, stripe: NO_STRIPE, facts: shipment, folded, head, quiet: quietOf(assessment) }
    memory.shipments.set(shipment.shipmentId, entry)
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
