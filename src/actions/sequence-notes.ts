import { int4s, int8s, texts } from '../../db/binary.ts'
import type { Recording } from '../../db/recording.ts'
import {
  capped,
  gapsOf,
  MAX_RESEND_ATTEMPTS,
  RESEND_GRACE_MS,
  type SeqRange,
  type Sequence,
  without,
} from '../domain/sequence.ts'

/** How a sensor's sequence changed. */
export type SequenceChange = { sensorId: number; before: Sequence | null; after: Sequence }

type Noting = { changes: readonly SequenceChange[]; batchId: number; knownAt: number }

/**
 * Appends what was noticed (a restart, numbers missing, filled or given up) and says since when numbers are missing.
 * Answers the changes with at most as many gaps as are kept.
 */
export async function noteSequences(run: Recording, { changes, batchId, knownAt }: Noting): Promise<SequenceChange[]> {
  const noted = changes.map((change) => {
    const { seen, givenUp } = capped(change.after.seen)
    return { change: { ...change, after: { ...change.after, seen } }, givenUp }
  })
  const events = noted.flatMap(({ change, givenUp }) => eventsOf(change, givenUp))
  if (events.length > 0) {
    const eventful = new Set(events.map(({ sensorId }) => sensorId))
    const marked = noted.flatMap(({ change }) => (eventful.has(change.sensorId) ? [change] : []))
    await note(run, { events, marked, batchId, knownAt })
  }
  return noted.map(({ change }) => change)
}

type Event = { sensorId: number; epoch: number; kind: 'restart' | 'missing' | 'filled' | 'given_up'; range: SeqRange }

function eventsOf({ sensorId, before, after }: SequenceChange, givenUp: readonly SeqRange[]): Event[] {
  const { epoch } = after
  const event = (kind: Event['kind'], list: readonly SeqRange[], of = epoch) =>
    list.map((range) => ({ sensorId, epoch: of, kind, range }))
  const gapsAfter = gapsOf(after.seen)
  const gapsBefore = gapsOf(before?.seen ?? [])
  if (before !== null && before.epoch < epoch) {
    const [first] = after.seen
    const restart = first === undefined ? [] : event('restart', [[first[0], first[0]]])
    return [...event('given_up', gapsBefore, before.epoch), ...restart, ...event('missing', gapsAfter)]
  }
  return [
    ...event('missing', without(gapsAfter, gapsBefore)),
    ...event('filled', without(without(gapsBefore, gapsAfter), givenUp)),
    ...event('given_up', givenUp),
  ]
}

type Noted = { events: readonly Event[]; marked: readonly SequenceChange[]; batchId: number; knownAt: number }

/** A gap is missing since it was first noticed, and asked for after a while; where none is left, no more is asked. */
async function note(run: Recording, { events, marked, batchId, knownAt }: Noted): Promise<void> {
  await run.send({
    name: 'note_sequences',
    text: `with marked as (
        update sensor_sequence q set seen = n.seen::int8multirange,
          missing_since = case when n.gaps > 0 then coalesce(q.missing_since, $7::timestamptz) end,
          attempts = least(q.attempts, $11::int),
          resend_due_at = case when n.gaps > 0 then $12::timestamptz when q.asked is not null then $7::timestamptz end
        from unnest($8::bigint[], $9::text[], $10::int[]) as n(sensor, seen, gaps)
        -- said twice: by the list alone the key is looked up, else all sensors are gone through
        where q.sensor_id = n.sensor and q.sensor_id = any($8::bigint[]))
      insert into sequence_event (sensor_id, epoch, kind, from_seq, to_seq, batch_id, known_at)
      select sensor, epoch, kind, from_seq, to_seq, $6, $7::timestamptz
      from unnest($1::bigint[], $2::int[], $3::text[], $4::bigint[], $5::bigint[])
        as e(sensor, epoch, kind, from_seq, to_seq)`,
    values: [
      int8s(events.map((event) => event.sensorId)),
      int4s(events.map((event) => event.epoch)),
      texts(events.map((event) => event.kind)),
      int8s(events.map((event) => event.range[0])),
      int8s(events.map((event) => event.range[1])),
      batchId,
      new Date(knownAt).toISOString(),
      int8s(marked.map(({ sensorId }) => sensorId)),
      texts(marked.map(({ after }) => multirange(after.seen))),
      int4s(marked.map(({ after }) => gapsOf(after.seen).length)),
      // what is newly missing is asked for at least once
      MAX_RESEND_ATTEMPTS - 1,
      new Date(knownAt + RESEND_GRACE_MS).toISOString(),
    ],
  })
}

/** Ranges as PostgreSQL writes a multirange of integers: `{[1,5),[8,9)}`. */
export function multirange(list: readonly SeqRange[]): string {
  return `{${list.map(([from, to]) => `[${from},${to + 1})`).join(',')}}`
}

/** The ranges of such a text. */
export function ranges(text: string): SeqRange[] {
  return [...text.matchAll(/\[(\d+),(\d+)\)/g)].map(([, from, to]) => [Number(from), Number(to) - 1])
}
