import { int8s } from '../../db/binary.ts'
import type { Recording } from '../../db/recording.ts'
import type { ParsedMessage, ReceivedMessage } from '../domain/message.ts'
import { type SeqRange, type Sequence, stepOf, union } from '../domain/sequence.ts'
import { EARLIEST_AT } from '../domain/units.ts'
import type { Gathered } from './gather-readings.ts'
import { type KnownSensor, knownOf } from './known-sensors.ts'
import type { StoredReadings } from './store-readings.ts'
import { ranges, type SequenceOf, storeSequences } from './store-sequences.ts'

/**
 * What is remembered of a sensor's sequence. `top` runs ahead of the last range by numbers not stored yet; they stand
 * with readings later than `upToAt`.
 */
export type SequenceMemory = Sequence & { upToAt: number; top: number; unstored: number }

export type Following = {
  messages: readonly ReceivedMessage[]
  gathered: Gathered
  /** Numbers that stand with no stored reading. */
  numbersLost: StoredReadings['numbersLost']
  batchId: number
  knownAt: number
  /** Whether other processes may get messages of the same sensors. */
  shared: boolean
}

/**
 * Takes the sequence numbers of a batch into what was seen of each sensor, duplicates and held messages too. The next
 * number, with readings later than what is entered as seen, is only remembered: it is found again in the stored
 * readings. Everything else is stored here: a gap, what fills one, a restart.
 */
export async function followSequences(run: Recording, following: Following): Promise<void> {
  let pending = take(following)
  if (following.shared && (await catchUp(run, following, pending))) pending = take(following)
  const joined = [...pending].flatMap(([sensorId, { joined: sequence, begun, sensor }]) =>
    sequence === null ? [] : [{ sensorId, upToAt: upToAt(sensor.followedAt, begun || following.shared), ...sequence }],
  )
  joined.sort((a, b) => a.sensorId - b.sensorId)
  if (joined.length === 0) return
  const { gathered, batchId, knownAt } = following
  for (const stored of await storeSequences(run, { joined, batchId, knownAt })) {
    const sensor = knownOf(gathered, stored.sensorId)
    if (sensor !== undefined) sensor.memory.sequence = remember(stored, stored.upToAt)
  }
}

/** What a batch adds to a sensor's sequence, null while it adds nothing; `begun`: it begins with the batch. */
type Pending = { sensor: KnownSensor; joined: Sequence | null; begun: boolean }

function take({ messages, gathered, numbersLost, shared }: Following): Map<number, Pending> {
  const changed = new Map<number, Pending>()
  for (const sensor of gathered.values()) sensor.followedAt = sensor.newestAt
  for (const { parsed } of messages) {
    const { sensorId, seq, readings } = parsed
    const sensor = sensorId === null ? undefined : knownOf(gathered, sensorId)
    if (sensorId === null || seq === null || sensor === undefined) continue
    const pending = changed.get(sensorId) ?? null
    const mayRemember = !shared && (pending?.joined ?? null) === null && !numbersLost.get(sensorId)?.has(seq)
    const isRemembered = mayRemember && extend(sensor.memory.sequence, parsed)
    if (!isRemembered) changed.set(sensorId, join(pending ?? { sensor, joined: null, begun: false }, { seq, readings }))
    sensor.followedAt = newestOf(readings, sensor.followedAt)
  }
  return changed
}

/**
 * Where sensors seem to have restarted: looks how new their readings are by what others have stored. A message that
 * comes again, by way of another process, is no restart. Answers whether anything was newer than remembered.
 */
async function catchUp(
  run: Recording,
  { gathered, batchId }: Following,
  pending: Map<number, Pending>,
): Promise<boolean> {
  const restarted = [...pending].flatMap(([id, { joined }]) =>
    joined !== null && joined.epoch > (gathered.get(id)?.memory?.sequence?.epoch ?? joined.epoch) ? [id] : [],
  )
  if (restarted.length === 0) return false
  const { rows } = await run.client.query<{ id: number; newest: number | null }>({
    name: 'newest_of_others',
    text: `select s.id, (select r.measured_at from reading r where r.sensor_id = s.id and r.batch_id <> $2
        order by r.measured_at desc limit 1) as newest
      from unnest($1::bigint[]) as s(id)`,
    values: [int8s(restarted), batchId],
  })
  let isNewer = false
  for (const { id, newest } of rows) {
    const sensor = gathered.get(id)
    if (sensor === undefined || newest === null || newest <= sensor.newestAt) continue
    sensor.newestAt = newest
    isNewer = true
  }
  return isNewer
}

/** After so many numbers that are only remembered they are stored: who loads them looks in as many readings. */
const MOST_UNSTORED = 500

/** Whether there are readings, and all are later than an instant. */
function isLater(readings: readonly { at: number }[], newestAt: number): boolean {
  for (const { at } of readings) if (at <= newestAt) return false
  return readings.length > 0
}

function newestOf(readings: readonly { at: number }[], newestAt: number): number {
  let newest = newestAt
  for (const { at } of readings) if (at > newest) newest = at
  return newest
}

/** Counts the next number on; false where it is not the next, or would not be found, or too many are remembered. */
function extend(sequence: SequenceMemory | null, { seq, readings }: ParsedMessage): boolean {
  if (sequence === null || seq !== sequence.top + 1 || sequence.unstored >= MOST_UNSTORED) return false
  if (!isLater(readings, sequence.upToAt)) return false
  sequence.top = seq
  sequence.unstored += 1
  return true
}

type Joining = Pick<ParsedMessage, 'readings'> & { seq: number }

function join(pending: Pending, { seq, readings }: Joining): Pending {
  const { memory, followedAt } = pending.sensor
  const { sequence } = memory
  const current = pending.joined ?? (sequence && { ...sequence, seen: seenOf(sequence) })
  const begunAt = current?.begunAt ?? null
  const former = begunAt !== null && readings.length > 0 && newestOf(readings, EARLIEST_AT) < begunAt
  const step = stepOf(current, { seq, later: isLater(readings, followedAt), former })
  if (step === 'repeated' || step === 'former') return pending
  const isNew = step === 'first' || step === 'restart'
  const joined = {
    epoch: (current?.epoch ?? 0) + (step === 'restart' ? 1 : 0),
    seen: isNew ? [[seq, seq] as const] : union(current?.seen ?? [], [[seq, seq]]),
    begunAt: step === 'restart' ? oldestOf(readings) : begunAt,
  }
  return { ...pending, joined, begun: pending.begun || isNew }
}

function oldestOf(readings: readonly { at: number }[]): number | null {
  return readings.reduce<number | null>((oldest, { at }) => Math.min(oldest ?? at, at), null)
}

function seenOf({ seen, top }: SequenceMemory): SeqRange[] {
  const last = seen.at(-1)
  return last === undefined ? [] : [...seen.slice(0, -1), [last[0], top]]
}

/** Numbers of readings that come at most so late are only remembered: at one a minute about `MOST_UNSTORED`. */
const LATE_BY_MS = 8 * 3_600_000

/**
 * Up to where the readings are entered as seen; the numbers of later ones are found in them, entered or not. `exact`
 * where a sequence begins, which must not find the numbers of the one before, and where nothing is only remembered.
 */
function upToAt(newestAt: number, exact: boolean): number {
  if (!Number.isFinite(newestAt)) return EARLIEST_AT
  return exact ? newestAt : newestAt - LATE_BY_MS
}

function remember({ epoch, seen, begunAt }: Sequence, enteredUpToAt: number): SequenceMemory {
  return { epoch, seen, begunAt, upToAt: enteredUpToAt, top: seen.at(-1)?.[1] ?? -1, unstored: 0 }
}

type StoredRow = Omit<SequenceOf, 'seen'> & { seen: string; since: string | null }

/** What was seen of sensors: as stored, with the numbers of later readings that were only remembered. */
export async function loadSequences(run: Recording, ids: Buffer): Promise<Map<number, SequenceMemory>> {
  const { rows } = await run.client.query<StoredRow>({
    name: 'load_sequences',
    text: `select q.sensor_id as "sensorId", q.epoch, q.seen::text as seen, q.up_to_at as "upToAt",
        q.begun_at as "begunAt", (select range_agg(int8range(r.seq, r.seq, '[]'))::text from reading r
          where r.sensor_id = q.sensor_id and r.measured_at > q.up_to_at and r.source = 0
            and r.seq is not null) as since
      from sensor_sequence q where q.sensor_id = any($1::bigint[])`,
    values: [ids],
  })
  return new Map(
    rows.map(({ sensorId, epoch, seen, begunAt, upToAt: enteredUpToAt, since }) => {
      const all = union(ranges(seen), since === null ? [] : ranges(since))
      return [sensorId, remember({ epoch, seen: all, begunAt }, enteredUpToAt)]
    }),
  )
}
