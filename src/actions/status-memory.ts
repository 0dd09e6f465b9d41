import { sql } from 'kysely'
import type { Database } from '../../db/connect.ts'
import type { Actor } from '../domain/actor.ts'
import { gapsOf } from '../domain/sequence.ts'
import { advance } from './fold-placements.ts'
import { numbers, texts } from './load-rows.ts'
import { byPlacement, type NewestRow, newestObservationsOf } from './newest-observations.ts'
import { type Remembered, remembered } from './recorder-memory.ts'
import type { AroundSensors } from './sensor-status.ts'
import { ranges } from './sequence-notes.ts'
import { loadStatusFacts, type StatusFacts } from './status-facts.ts'
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
  db: Database,
  actor: Actor,
  shipmentId: number,
): Promise<CurrentFacts | 'unseen' | 'behind'> {
  const memory = memoryOf(db)
  const known = memory.get(shipmentId)
  const found = known && (await look(db.kysely, actor, known))
  if (known !== undefined && found !== undefined) {
    if (found === null) return 'unseen'
    if (found.behind) return 'behind'
    if (holds(known, found)) return { facts: goneOn(known, found), ...around(found) }
  }
  return readWhole(db, actor, shipmentId)
}

export type CurrentFacts = AroundSensors & { facts: StatusFacts }

async function readWhole(db: Database, actor: Actor, shipmentId: number): Promise<CurrentFacts | 'unseen' | 'behind'> {
  const snapshot = db.kysely.transaction().setIsolationLevel('repeatable read').setAccessMode('read only')
  return snapshot.execute(async (tx) => {
    const found = await look(tx, actor, { facts: { shipmentId, folded: [] } })
    if (found === null) return 'unseen'
    if (found.behind) return 'behind'
    const facts = await loadStatusFacts(tx, shipmentId)
    memoryOf(db).set(shipmentId, { facts, revision: found.revision, ledger: found.ledger })
    return { facts, ...around(found) }
  })
}

type Known = { facts: StatusFacts; revision: number; ledger: string | null }

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
  behind: boolean
  version: number | null
  ledger: string | null
  /** By placement, ascending; at most `MOST_FRESH` in all. */
  fresh: { placement: number; at: number; value: number | null }[] | null
  newest: NewestRow[] | null
  sequences: { sensor: number; epoch: number; seen: string; since: number | null; asked: number }[] | null
}

/** Journeys of a day at a reading a minute; beyond it all is read again. */
const MOST_FRESH = 2000

type Looking = { facts: Pick<StatusFacts, 'shipmentId' | 'folded'> }

/** One statement, so one snapshot; null where the actor may not see the shipment. */
async function look(db: Database['kysely'], actor: Actor, { facts }: Looking): Promise<Found | null> {
  const { shipmentId, folded } = facts
  const result = await sql<Found>`
    select s.revision, s.judge_from is not null as behind,
      (select max(e.version) from evaluation e where e.shipment_id = s.id) as version,
      ${ledgerDigest} as ledger,
      (select json_agg(json_build_object('placement', x.placement, 'at', x.at, 'value', x.value) order by x.at)
        from (${freshRows(folded)} limit ${MOST_FRESH}) x) as fresh,
      ${newestObservationsOf(sql<number>`s.id`)} as newest,
      ${sequences} as sequences
    from shipment s where s.id = ${shipmentId} and ${canSeeShipment(actor, sql<number>`s.id`)}`.execute(db)
  return result.rows[0] ?? null
}

/** Over the hashed records as they are stored, in order: what was verified once is verified while it is the same. */
const ledgerDigest = sql`(select encode(sha256(convert_to(string_agg(
    c.seq || c.prev_hash || c.hash || c.record::text, ' ' order by c.seq), 'UTF8')), 'hex')
  from custody_event c where c.shipment_id = s.id)`

const sequences = sql`(select json_agg(json_build_object('sensor', q.sensor_id, 'epoch', q.epoch, 'seen', q.seen::text,
    'since', floor(extract(epoch from q.missing_since) * 1000)::bigint, 'asked', q.attempts))
  from sensor_sequence q where q.sensor_id in (select l.sensor_id from placement l
    where l.shipment_id = s.id and l.superseded_at is null))`

function around({ newest, sequences: found }: Found): AroundSensors {
  const known = (found ?? []).map(({ sensor, epoch, seen, since, asked }) => {
    const status = { restarts: epoch, missing: gapsOf(ranges(seen)), missingSinceAt: since, asked }
    return [sensor, status] as const
  })
  return { newest: byPlacement(newest ?? []), sequences: new Map(known) }
}

function freshRows(folded: StatusFacts['folded']) {
  const after = folded.map(({ seenAt, placement }) => Math.max(seenAt, placement.fromAt - 1))
  return sql`select p.placement, floor(extract(epoch from r.measured_at) * 1000)::bigint as at, r.value
    from unnest(${numbers(folded.map(({ placement }) => placement.id))}::bigint[],
      ${numbers(folded.map(({ placement }) => placement.sensorId))}::bigint[],
      ${texts(folded.map(({ placement }) => placement.channel))}::text[],
      ${texts(after.map((at) => new Date(at).toISOString()))}::timestamptz[],
      ${texts(folded.map(({ placement }) => endText(placement.toAt)))}::timestamptz[])
      as p(placement, sensor, channel, after, before)
    cross join lateral (
      select measured_at, value_milli_c as value from reading
        where sensor_id = p.sensor and channel = p.channel and measured_at > p.after and measured_at < p.before
      union all select measured_at, value_milli_c from conflict
        where sensor_id = p.sensor and channel = p.channel and measured_at > p.after and measured_at < p.before
    ) r order by r.measured_at`
}

function endText(at: number): string {
  return Number.isFinite(at) ? new Date(at).toISOString() : 'infinity'
}

function holds({ facts, revision, ledger }: Known, found: Found): boolean {
  const isSame = found.revision === revision && found.ledger === ledger
  return isSame && found.version === (facts.head?.version ?? null) && (found.fresh?.length ?? 0) < MOST_FRESH
}

/** Folds readings later than all that were seen; another question may have brought some of them meanwhile. */
function goneOn({ facts }: Known, { fresh }: Found): StatusFacts {
  if (fresh === null) return facts
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
    if (isJudging) facts.outOfWindow += rows.length - inScope.length
    fold.seenAt = rows.at(-1)?.at ?? fold.seenAt
  }
  return facts
}
