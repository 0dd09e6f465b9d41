import { instants, int4s, int8s, texts } from '../../db/binary.ts'
import type { Recording } from '../../db/recording.ts'
import { capped, MAX_SEQUENCE_GAPS, RESEND_GRACE_MS, type SeqRange, type Sequence } from '../domain/sequence.ts'

/** A sensor's sequence with what a batch adds to it; numbers of readings later than `upToAt` are found in those. */
export type SequenceOf = Sequence & { sensorId: number; upToAt: number }

type Storing = { joined: readonly SequenceOf[]; batchId: number; knownAt: number }

type Overfull = Omit<Storing, 'joined'> & { overfull: readonly SequenceOf[] }

type Row = Omit<SequenceOf, 'seen'> & { seen: string }

/**
 * Joins sequences, in order of sensor, with those stored, since another process may have seen more; the newer epoch
 * rules. Appends what is noticed (a restart, numbers missing, filled or given up) and says since when numbers are
 * missing and when they are asked for. Answers them as they are stored then, with at most as many gaps as are kept.
 */
export async function storeSequences(run: Recording, { joined, batchId, knownAt }: Storing): Promise<SequenceOf[]> {
  const { rows } = await run.client.query<Row>({
    name: 'store_sequences',
    text: STORE,
    values: [
      int8s(joined.map(({ sensorId }) => sensorId)),
      int4s(joined.map(({ epoch }) => epoch)),
      texts(joined.map(({ seen }) => multirange(seen))),
      instants(joined.map((one) => one.upToAt)),
      batchId,
      new Date(knownAt).toISOString(),
      new Date(knownAt + RESEND_GRACE_MS).toISOString(),
      int4s(joined.map(({ seen }) => seen.length - 1)),
      instants(joined.map(({ begunAt }) => begunAt)),
    ],
  })
  const stored = rows.map((row) => ({ ...row, seen: ranges(row.seen) }))
  const overfull = stored.filter(({ seen }) => seen.length > MAX_SEQUENCE_GAPS + 1)
  if (overfull.length > 0) await giveUp(run, { overfull, batchId, knownAt })
  return stored
}

/**
 * One statement, so that each row is written once. `offset 0`: else what is worked out in one step stands in the next
 * as often as that names it, and is worked out as often. What is newly missing does not put off what is due earlier.
 */
const STORE = `
  with stored as (
    insert into sensor_sequence as q (sensor_id, epoch, seen, up_to_at, begun_at, missing_since, resend_due_at)
    select sensor, epoch, seen::int8multirange, up_to, begun, case when gaps > 0 then $6::timestamptz end,
      case when gaps > 0 then $7::timestamptz end
    from unnest($1::bigint[], $2::int[], $3::text[], $4::timestamptz[], $8::int[], $9::timestamptz[])
      as n(sensor, epoch, seen, up_to, gaps, begun)
    on conflict (sensor_id) do update set
      (epoch, seen, up_to_at, begun_at, missing_since, asked_times, resend_due_at) = (
      select j.epoch, j.seen, greatest(q.up_to_at, excluded.up_to_at),
        case when excluded.epoch > q.epoch then excluded.begun_at when excluded.epoch < q.epoch then q.begun_at
          else least(q.begun_at, excluded.begun_at) end,
        case when g.gaps = '{}' then null when j.epoch > q.epoch then $6 else coalesce(q.missing_since, $6) end,
        case when j.epoch > q.epoch then '{}' else q.asked_times end,
        case when not c.changed then q.resend_due_at when g.gaps = '{}' and q.asked is not null then $6
          when g.gaps = '{}' then null when j.epoch = q.epoch and g.gaps <@ sequence_gaps(q.seen) then q.resend_due_at
          else least(q.resend_due_at, $7::timestamptz) end
      from (select greatest(q.epoch, excluded.epoch) as epoch, case when excluded.epoch > q.epoch then excluded.seen
          when excluded.epoch < q.epoch then q.seen else q.seen + excluded.seen end as seen offset 0) j
      cross join lateral (select sequence_gaps(j.seen) as gaps offset 0) g
      cross join lateral (select j.epoch > q.epoch or g.gaps <> sequence_gaps(q.seen) as changed offset 0) c)
    returning sensor_id, new.epoch, new.seen, new.up_to_at, new.begun_at, old.epoch as epoch_before,
      sequence_gaps(new.seen) as gaps, coalesce(sequence_gaps(old.seen), '{}') as gaps_before
  ), noted as (
    insert into sequence_event (sensor_id, epoch, kind, from_seq, to_seq, batch_id, known_at)
    select sensor_id, e.epoch, kind, lower(numbers), upper(numbers) - 1, $5::bigint, $6
    from stored s cross join lateral (select coalesce(s.epoch > s.epoch_before, false) as restarted) r
    cross join lateral (
      select 1 as step, epoch_before as epoch, 'given_up' as kind, unnest(gaps_before) as numbers where restarted
      union all select 2, epoch, 'restart', int8range(lower(seen), lower(seen), '[]') where restarted
      union all select 3, epoch, 'missing', unnest(case when restarted then gaps else gaps - gaps_before end)
      union all select 4, epoch, 'filled', unnest(gaps_before - gaps) where not restarted) e
    order by sensor_id, step, numbers)
  select sensor_id as "sensorId", epoch, seen::text as seen, up_to_at as "upToAt", begun_at as "begunAt" from stored`

/** Gives up the oldest gaps of sequences that have more than are kept. */
async function giveUp(run: Recording, { overfull, batchId, knownAt }: Overfull): Promise<void> {
  const kept = overfull.map((one) => ({ one, ...capped(one.seen) }))
  await run.send({
    name: 'give_up_sequences',
    text: `with given as (
        select * from unnest($1::bigint[], $2::int[], $3::text[], $4::text[]) as g(sensor, epoch, seen, numbers)
      ), kept as (
        update sensor_sequence q set seen = g.seen::int8multirange from given g where q.sensor_id = g.sensor)
      insert into sequence_event (sensor_id, epoch, kind, from_seq, to_seq, batch_id, known_at)
      select sensor, epoch, 'given_up', lower(r), upper(r) - 1, $5::bigint, $6::timestamptz
      from given cross join lateral unnest(numbers::int8multirange) as r order by sensor, r`,
    values: [
      int8s(kept.map(({ one }) => one.sensorId)),
      int4s(kept.map(({ one }) => one.epoch)),
      texts(kept.map(({ seen }) => multirange(seen))),
      texts(kept.map(({ givenUp }) => multirange(givenUp))),
      batchId,
      new Date(knownAt).toISOString(),
    ],
  })
  for (const { one, seen } of kept) one.seen = seen
}

/** Ranges as PostgreSQL writes a multirange of integers: `{[1,5),[8,9)}`. */
export function multirange(list: readonly SeqRange[]): string {
  return `{${list.map(([from, to]) => `[${from},${to + 1})`).join(',')}}`
}

/** The ranges of such a text. */
export function ranges(text: string): SeqRange[] {
  return [...text.matchAll(/\[(\d+),(\d+)\)/g)].map(([, from, to]) => [Number(from), Number(to) - 1])
}
