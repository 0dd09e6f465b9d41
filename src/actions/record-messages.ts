import { DatabaseError } from 'pg'
import { type Recording, recording, requireBegun } from '../../db/recording.ts'
import type { Ctx } from '../context.ts'
import type { ReceivedMessage } from '../domain/message.ts'
import { followSequences } from './follow-sequences.ts'
import { countOf, type Gathered, gather, readingsOf } from './gather-readings.ts'
import { concernOf, judgeConcerned } from './judge-concerned.ts'
import { keepMessages } from './keep-messages.ts'
import { knownOf, openBatch } from './known-sensors.ts'
import { lockConcerned } from './lock-concerned.ts'
import { inOpenMonths } from './open-months.ts'
import { lacksInstant } from './recent-rows.ts'
import { emptyMemory, forget, type Memory, memoryOf } from './recorder-memory.ts'
import { type Turn, takeTurn } from './recording-turns.ts'
import { resolveUplinks } from './resolve-uplinks.ts'
import { storeObservations } from './store-observations.ts'
import {
  byKey,
  COPY_FROM_READINGS,
  type Divided,
  divide,
  type StoredReadings,
  storeReadings,
  type ToStore,
} from './store-readings.ts'

/**
 * Records a batch of received messages in one transaction and judges the shipments they concern. When it returns, every
 * message has a row somewhere: readings, conflicts, or the message itself kept for a person. Only then may the door
 * ack.
 *
 *   hold sensors (shared) → store readings, keep conflicts → lock shipments → batch row → judge
 *
 * A handful of readings goes out in half as many round trips (`db/recording.ts`), in the same order: where nothing can
 * contradict what is stored, and nothing else is stored, the lock of the shipments is sent right behind the readings.
 *
 * READ COMMITTED, each step its own statement, so that concurrent recorders see each other. Both locks are those of
 * stripes of ids (`stripes.ts`), of sensors before shipments everywhere; whatever changes a placement holds the stripe
 * of its sensor alone, so a placement being made while its readings arrive is seen either here or there. What the
 * process remembers (`recorder-memory.ts`) saves asking; it is changed in place, and forgotten when anything fails, the
 * commit included.
 */
export async function recordMessages(ctx: Ctx, received: readonly ReceivedMessage[]): Promise<{ unjudged: boolean }> {
  const resolved = await resolveUplinks(ctx, received)
  return inOpenMonths(ctx.db, resolved, (messages) => recordResolved(ctx, messages))
}

async function recordResolved(ctx: Ctx, messages: readonly ReceivedMessage[]): Promise<{ unjudged: boolean }> {
  const memory = memoryOf(ctx.db)
  const gathered = gather(messages)
  const recorded = await recordOnce(ctx, { messages, gathered, memory, trusting: true }).catch((error) => {
    // stored by another process, or by a batch ahead, and not remembered yet: once more, looking for each reading
    if (!(error instanceof DatabaseError && error.code === UNIQUE_VIOLATION)) throw error
    return recordOnce(ctx, { messages, gathered, memory, trusting: false })
  })
  ctx.metrics.readings.inc({ outcome: 'stored' }, recorded.stored)
  ctx.metrics.readings.inc({ outcome: 'duplicate' }, recorded.duplicates)
  ctx.metrics.readings.inc({ outcome: 'conflict' }, recorded.conflicts)
  return { unjudged: recorded.unjudged }
}

const UNIQUE_VIOLATION = '23505'

/** The same inside a transaction of the caller, whose partitions exist; nothing is remembered of it. */
export async function recordApart(run: Recording, ctx: Ctx, messages: readonly ReceivedMessage[]): Promise<Recorded> {
  const gathered = gather(messages)
  const memory = emptyMemory()
  const turn = takeTurn(memory, gathered)
  return recordIn(run, ctx, { messages, gathered, memory, trusting: false, turn })
}

/** `unjudged`: more readings than one transaction judges; `judgePending` goes on. */
type Recorded = { stored: number; duplicates: number; conflicts: number; unjudged: boolean }

type Work = {
  messages: readonly ReceivedMessage[]
  gathered: Gathered
  memory: Memory
  /** Whether readings are taken to be new that are later than all that are known, or lacking among those. */
  trusting: boolean
}

/** One turn at the memory; whatever fails in it, the commit included, and all that is remembered is forgotten. */
async function recordOnce(ctx: Ctx, work: Work): Promise<Recorded> {
  const { memory, gathered } = work
  let turn = takeTurn(memory, gathered)
  let attempts = 0
  try {
    return await recording(
      ctx.db,
      (run) => {
        // after a deadlock, say: what the failed attempt has changed did not happen, and others go first
        if (attempts++ > 0) {
          forget(memory)
          turn.end()
          turn = takeTurn(memory, gathered)
        }
        return recordIn(run, ctx, { ...work, turn })
      },
      { pipelined: countOf(gathered) < COPY_FROM_READINGS },
    )
  } catch (error) {
    forget(memory)
    throw error
  } finally {
    turn.end()
  }
}

async function recordIn(run: Recording, ctx: Ctx, work: Work & { turn: Turn }): Promise<Recorded> {
  const { messages, gathered, memory, turn } = work
  await turn.toStore()
  const batchId = await openBatch(run, work)
  requireBegun(run)
  const divided = divideBy(work)
  const storing = store(run, batchId, { gathered, divided })
  const concerned = mayLockEarly(run, work, divided) ? concernOf(divided.certain, gathered, divided.late) : null
  // sent right behind the readings: all of them are new
  const lockedEarly = concerned && run.behind(lockConcerned(run, concerned, memory))
  const stored = await storing
  turn.haveStored()
  await storeObservations(run.tx, batchId, observing(messages, gathered))
  await keepMessages(run, ctx, { messages, gathered, conflicts: stored.conflicts })
  await turn.toJudge()
  const concern = concerned ?? concernOf(changedBy(stored), gathered, stored.late)
  const differing = await (lockedEarly ?? lockConcerned(run, concern, memory))
  const knownAt = ctx.now()
  await closeBatch(run, { batchId, knownAt, messages: messages.length, stored })
  const { unjudged } = await judgeConcerned(run, ctx, { concern, memory, differing })
  const { inserted, conflicts, duplicates, numbersLost } = stored
  await followSequences(run, { messages, gathered, numbersLost, batchId, knownAt, shared: ctx.sharesMessages })
  return { stored: inserted.length, duplicates, conflicts: conflicts.length, unjudged }
}

/** Conflicts and observations are stored before shipments are locked: in another order two processes could deadlock. */
function mayLockEarly({ client }: Recording, { messages, turn }: Work & { turn: Turn }, divided: Divided): boolean {
  if (!client.pipeline || !turn.isFirst() || divided.doubtful.length > 0) return false
  return messages.every(({ parsed }) => parsed.observations.length === 0)
}

function changedBy({ inserted, conflicts }: StoredReadings): ToStore[] {
  return conflicts.length === 0 ? inserted : [...inserted, ...conflicts].sort(byKey)
}

function divideBy({ gathered, memory, trusting }: Work): Divided {
  return divide(readingsOf(gathered), {
    newest: (sensorId) => (trusting ? (gathered.get(sensorId)?.newestAt ?? NEVER) : NEVER),
    lacks: (reading) => trusting && lacksReading(memory, gathered, reading),
  })
}

async function store(
  run: Recording,
  batchId: number,
  { gathered, divided }: { gathered: Gathered; divided: Divided },
): Promise<StoredReadings> {
  const stored = await storeReadings(run, batchId, divided)
  for (const { readings, memory } of gathered.values()) {
    if (memory !== null) memory.newestAt = Math.max(memory.newestAt, readings.at(-1)?.at ?? memory.newestAt)
  }
  return stored
}

/** Later than any reading: nothing is taken to be new. */
const NEVER = Number.POSITIVE_INFINITY

/**
 * Whether the fold of a reading's placement remembers what was stored around it, and nothing of its instant. Wrong only
 * for what another process stored since, or a batch ahead that is not judged yet.
 */
function lacksReading({ shipments }: Memory, gathered: Gathered, { sensorId, channel, at }: ToStore): boolean {
  const placements = gathered.get(sensorId)?.memory?.placements ?? []
  const placed = placements.find((link) => link.channel === channel && at >= link.fromAt && at < link.toAt)
  const folded = placed && shipments.get(placed.shipmentId)?.folded
  const fold = folded?.find(({ placement }) => placement.id === placed?.id)
  if (fold === undefined) return false
  const { rules } = fold.placement
  // what lies outside of the window is stored, and no fold takes it
  return at >= rules.fromAt && at < rules.toAt && lacksInstant(fold.recent, at)
}

/** The messages of known sensors that bring observations. */
function observing(messages: readonly ReceivedMessage[], gathered: Gathered): ReceivedMessage[] {
  return messages.filter(({ parsed: { sensorId, observations } }) => {
    return observations.length > 0 && sensorId !== null && knownOf(gathered, sensorId) !== undefined
  })
}

type Closing = { batchId: number; knownAt: number; messages: number; stored: StoredReadings }

async function closeBatch(run: Recording, { batchId, knownAt, messages, stored }: Closing): Promise<void> {
  await run.send({
    name: 'close_batch',
    text: `insert into batch (id, known_at, messages, readings, duplicates, conflicts)
      values ($1, $2::timestamptz, $3, $4, $5, $6)`,
    values: [
      batchId,
      new Date(knownAt).toISOString(),
      messages,
      stored.inserted.length,
      stored.duplicates,
      stored.conflicts.length,
    ],
  })
}
