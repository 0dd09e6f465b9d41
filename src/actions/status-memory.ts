import { type CompiledQuery, sql } from 'kysely'
import type { Database } from '../../db/connect.ts'
import type { Ctx } from '../context.ts'
import type { Actor } from '../domain/actor.ts'
import { gapsOf } from '../domain/sequence.ts'
import { advance } from './fold-placements.ts'
import { isReadOut } from './judging-facts.ts'
import { byPlacement, type NewestRow, newestObservationsOf } from './newest-observations.ts'
import { type Remembered, remembered } from './recorder-memory.ts'
import type { AroundSensors } from './sensor-status.ts'
import { isArchived, loadStatusFacts, type StatusFacts } from './status-facts.ts'
import { ranges } from './store-sequences.ts'
import { canSeeShipment } from './visibility.ts'

/**
 * The facts behind a shipment's status, remembered between questions: one statement asks whether they still hold and
 * brings the readings that came since. Read whole where they do not: most questions are asked again and again of the
 * same journeys, and reading everything takes twenty statements.
 *
 *   asked ──► one statement ── same revision, evaluation and ledger ──► fold the new readings on ──► answer
 *                   └──────── not remembered, or something differs ──► read all in one snapshot ──► answer
 *
 * A shipment's `revision` is raised by whatever changes how it is judged and by readings that came late; what is only
 * later than all before is seen by its time. The ledger is compared byte by byte (by its digest) with the one whose
 * chain was verified, at every question.
 */
export async function currentFacts(
  { db, judges }: Pick<Ctx, 'db' | 'judges'>,
  actor: Actor,
  shipmentId: number,
): Promise<CurrentFacts | 'unseen' | 'behind'> {
  const memory = memoryOf(db)
  const known = memory.get(shipmentId)
  const found = known && (await look(db, actor, known))
  if (known !== undefined && found !== undefined) {
    if (found === null) return 'unseen'
    if (holds(known, found)) return goneOn(known, found)
  }
  return readWhole({ db, judges }, actor, shipmentId)
}

async function look(db: Database, actor: Actor, known: Known): Promise<Found | null> {
  const { sql: text, parameters } = looking(db, actor, known)
  const { rows } = await db.pool.query<Found>({ name: 'look_at_shipment', text, values: [...parameters] })
  return rows[0] ?? null
}

export type CurrentFacts = AroundSensors & { facts: StatusFacts }

async function readWhole(
  { db, judges }: Pick<Ctx, 'db' | 'judges'>,
  actor: Actor,
  shipmentId: number,
): Promise<CurrentFacts | 'unseen' | 'behind'> {
  const snapshot = db.kysely.transaction().setIsolationLevel('repeatable read').setAccessMode('read only')
  return snapshot.execute(async (tx) => {
    const { rows } = await tx.executeQuery(looking(db, actor, { facts: { shipmentId, folded: [] } }))
    const [found] = rows
    if (found === undefined) return 'unseen'
    if (found.behind && !(await isArchived(tx, shipmentId))) return 'behind'
    const facts = await loadStatusFacts(tx, shipmentId, judges.current)
    const { revision, ledger, decided } = found
    const known = { facts, revision, ledger, decided, current: { facts, ...around(found) }, found }
    // seldom asked for, and whatever changes must show at once that it waits
    if (facts.archived === null) memoryOf(db).set(shipmentId, known)
    return known.current
  })
}

type Known = {
  facts: StatusFacts
  revision: number
  ledger: string | null
  decided: number | null
  /** What was answered last, from what was found then. */
  current: CurrentFacts
  found: Pick<Found, 'newest' | 'sequences'>
}

/** Some 20 kB each. */
const MOST_REMEMBERED = 2000

const memories = new WeakMap<Database, Remembered<Known>>()

function memoryOf(db: Database): Remembered<Known> {
  const known = memories.get(db)
  if (known !== undefined) return known
  const made = remembered<Known>(MOST_REMEMBERED)
  memories.set(db, made)
  return made
}

type Found = {
  revision: number
  /** Something is still to be judged, or to be compared with what somebody relied on. */
  behind: boolean
  version: number | null
  ledger: string | null
  /** The newest decision of the sponsor about a lot of the product; null: none. */
  decided: number | null
  /** By placement, ascending; at most `MOST_FRESH` in all. */
  fresh: { placement: number; at: number; value: number | null; first: boolean }[] | null
  /** JSON of `NewestRow[]`, and of `SequenceRow[]`: as texts they are compared before they are read. */
  newest: string | null
  sequences: string | null
}

/** Journeys of a day at a reading a minute; beyond it all is read again. */
const MOST_FRESH = 2000

type Looking = { facts: Pick<StatusFacts, 'shipmentId' | 'folded'> }

/** `LOOK` about a shipment whose readings are known that far. */
function looking(db: Database, actor: Actor, { facts: { shipmentId, folded } }: Looking): CompiledQuery<Found> {
  const after = folded.map(({ seenAt, placement }) => Math.max(seenAt, placement.fromAt - 1))
  const ids = folded.map(({ placement }) => placement.id)
  compiled ??= LOOK.compile(db.kysely)
  const parameters = [shipmentId, actor.organisationId, ids, after.map((at) => new Date(at).toISOString())]
  return { ...compiled, parameters }
}

let compiled: CompiledQuery<Found> | undefined

/**
 * $1 the shipment, $2 the asking organisation, $3 placements and $4 up to which instant their readings are known. As
 * a text of its own, since putting it together and planning it take longer than its execution. Nothing but keys picks
 * rows, so that the plan is as good for any shipment and the server keeps it.
 */
const LOOK = sql<Found>`
  select s.revision, s.judge_from is not null or s.review_due as behind,
    (select max(e.version) from evaluation e where e.shipment_id = s.id) as version,
    ${ledgerDigest()} as ledger,
    (select max(d.id) from lot_decision d where d.product_id = s.product_id) as decided,
    (select json_agg(json_build_object('placement', x.id, 'at', x.at, 'value', x.value, 'first', x.first)
        order by x.at)
      from (${freshRows()}) x) as fresh,
    ${newestObservationsOf(sql<number>`s.id`)} as newest,
    ${sequencesOf()} as sequences
  from shipment s where s.id = $1::bigint and ${canSeeShipment({ organisationId: sql`$2::bigint` }, sql<number>`s.id`)}`

/** Over the hashed records as they are stored, in order: what was verified once is verified while it is the same. */
function ledgerDigest() {
  return sql`(select encode(sha256(convert_to(string_agg(
      c.seq || c.prev_hash || c.hash || c.record::text, ' ' order by c.seq), 'UTF8')), 'hex')
    from custody_event c where c.shipment_id = s.id)`
}

/** Of the live stream: whatever is read out of a memory raises the revision. */
function freshRows() {
  const from = (table: 'reading' | 'conflict') => sql`select measured_at, value_milli_c as value,
      ${sql.lit(table === 'reading')} as first
    from ${sql.table(table)} where sensor_id = l.sensor_id and channel = l.channel and source = 0
      and measured_at > known.after and measured_at < coalesce(l.to_at, 'infinity')`
  return sql`select l.id, floor(extract(epoch from r.measured_at) * 1000)::bigint as at, r.value, r.first
    from placement l cross join lateral (select ($4::timestamptz[])[array_position($3::bigint[], l.id)] as after) known
    cross join lateral (${from('reading')} union all ${from('conflict')}) r
    where l.shipment_id = s.id and l.superseded_at is null order by r.measured_at limit ${sql.lit(MOST_FRESH)}`
}

function sequencesOf() {
  return sql`(select json_agg(json_build_object('sensor', q.sensor_id, 'epoch', q.epoch, 'seen', q.seen::text,
      'since', floor(extract(epoch from q.missing_since) * 1000)::bigint, 'asked', q.attempts)
      order by q.sensor_id)::text
    from sensor_sequence q where q.sensor_id in (select l.sensor_id from placement l
      where l.shipment_id = s.id and l.superseded_at is null))`
}

type SequenceRow = { sensor: number; epoch: number; seen: string; since: number | null; asked: number }

function around({ newest, sequences }: Known['found']): AroundSensors {
  const observed: NewestRow[] = JSON.parse(newest ?? '[]')
  const followed: SequenceRow[] = JSON.parse(sequences ?? '[]')
  const known = followed.map(({ sensor, epoch, seen, since, asked }) => {
    const status = { restarts: epoch, missing: gapsOf(ranges(seen)), missingSinceAt: since, asked }
    return [sensor, status] as const
  })
  return { newest: byPlacement(observed), sequences: new Map(known) }
}

function holds({ facts, revision, ledger, decided }: Known, found: Found): boolean {
  const isSame = !found.behind && found.revision === revision && found.ledger === ledger && found.decided === decided
  if (isReadOut(facts.judging) && found.fresh !== null) return false
  return isSame && found.version === (facts.head?.version ?? null) && (found.fresh?.length ?? 0) < MOST_FRESH
}

/** The same object as before where nothing came since: whoever worked something out of it need not do so again. */
function goneOn(known: Known, found: Found): CurrentFacts {
  const isSame = found.newest === known.found.newest && found.sequences === known.found.sequences
  if (found.fresh === null && isSame) return known.current
  if (found.fresh !== null) foldOn(known.facts, found.fresh)
  known.found = found
  known.current = { facts: known.facts, ...around(found) }
  return known.current
}

/** Folds readings later than all that were seen; another question may have brought some of them meanwhile. */
function foldOn(facts: StatusFacts, fresh: NonNullable<Found['fresh']>): void {
  const isJudging = facts.judging.window !== null
  const rowsOf = Map.groupBy(fresh, ({ placement }) => placement)
  for (const fold of facts.folded) {
    const { fromAt, toAt } = fold.placement.rules
    const rows = (rowsOf.get(fold.placement.id) ?? []).filter(({ at }) => at > fold.seenAt)
    const inScope = rows.filter(({ at }) => at >= fromAt && at < toAt)
    advance(
      fold,
      inScope.map(({ at, value }) => ({ at, milliC: value })),
    )
    const outside = rows.filter(({ at, first }) => first && !(at >= fromAt && at < toAt))
    if (isJudging && facts.outOfWindow !== null) facts.outOfWindow += outside.length
    fold.seenAt = rows.at(-1)?.at ?? fold.seenAt
  }
}
