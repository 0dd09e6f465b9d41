import { setTimeout as pause } from 'node:timers/promises'
import { formatDistanceStrict } from 'date-fns'
import type { Logger } from 'pino'
import type { MessageProblem, ReceivedMessage } from '../domain/message.ts'
import type { Metrics } from '../metrics.ts'
import type { BatcherLimits } from './batcher-limits.ts'

/**
 * Self-clocked group commit: while one batch is being stored the next one gathers, so that batches grow with the load
 * and a lone message waits for nobody. No timer, a bounded queue; a message is acked only after its commit, and after
 * all that came before it. One writer; another one joins while a whole batch waits, so that the database is never idle.
 *
 *   idle ── offer ──► storing ── committed ──► acks in arrival order ──► something waits? storing : idle
 *                      │  ▲ database away, or a fault of ours with one message: again, later and later, for ever
 *                      │  └──────────────────────────────────────────────────────────────────────────────┐
 *                      ├──────────────────────────────────────────────────────────────────────── backoff ┘
 *                      └─ data refused, fault of ours ──► halves ──► … ──► the one message refused: set aside ──► ack
 */
export function createBatcher(options: BatcherOptions): Batcher {
  const batcher: State = {
    options,
    waiting: [],
    waitingReadings: 0,
    arrived: [],
    held: { messages: 0, bytes: 0 },
    writers: 0,
    accepting: true,
    abandon: new AbortController(),
    outage: null,
    roomListeners: [],
    emptyListeners: [],
  }
  return {
    offer: (message, from, tag) => offer(batcher, { message, from, tag, stored: false }),
    hasRoom: () => hasRoom(batcher),
    onRoom: (listener) => void batcher.roomListeners.push(listener),
    held: () => batcher.held.messages,
    drain: (deadlineMs) => drain(batcher, deadlineMs),
  }
}

/** Where acks go: one connection of one door. After it closes it forgets them: the sender sends again. */
export type AckSink = {
  /** The messages with these tags are committed; tags in arrival order, called once per batch and run of one sink. */
  stored: (tags: readonly number[]) => void
}

export type BatcherOptions = {
  /** One transaction for the whole batch, in arrival order; resolves after COMMIT. */
  record: (batch: readonly ReceivedMessage[]) => Promise<void>
  /** Keeps one message, whose data `record` refuses, as rejected; resolves after COMMIT. */
  setAside: (message: ReceivedMessage, problem: MessageProblem) => Promise<void>
  /** The database is away or busy: the same transaction can succeed later. */
  isTransient: (error: unknown) => boolean
  /** The database refuses these data, and always will. */
  isDataError: (error: unknown) => boolean
  log: Logger
  metrics: Pick<Metrics, 'queued' | 'batchSeconds' | 'recordRetries'>
  limits: BatcherLimits
}

export type Batcher = {
  /** Takes a message, or answers false when full or draining; `tag` comes back through `from.stored` after COMMIT. */
  offer: (message: ReceivedMessage, from: AckSink, tag: number) => boolean
  hasRoom: () => boolean
  /** Calls the listener whenever a stored batch has made room. */
  onRoom: (listener: () => void) => void
  /** Messages held: waiting or being stored. */
  held: () => number
  /** Takes nothing more and waits until all is stored and acked; at the deadline the rest stays unacked. */
  drain: (deadlineMs: number) => Promise<'empty' | 'deadline'>
}

type Entry = { message: ReceivedMessage; from: AckSink; tag: number; stored: boolean }

type State = {
  readonly options: BatcherOptions
  waiting: Entry[]
  waitingReadings: number
  /** In order of arrival, from the oldest that is not acked. */
  arrived: Entry[]
  held: { messages: number; bytes: number }
  writers: number
  accepting: boolean
  readonly abandon: AbortController
  outage: { sinceMs: number; tries: number } | null
  readonly roomListeners: (() => void)[]
  emptyListeners: (() => void)[]
}

function offer(batcher: State, entry: Entry): boolean {
  if (!batcher.accepting || !hasRoom(batcher)) return false
  batcher.waiting.push(entry)
  batcher.waitingReadings += readingsOf(entry.message)
  batcher.arrived.push(entry)
  batcher.held.messages += 1
  batcher.held.bytes += entry.message.payload.length
  // 30 ns, and true also while a batch hangs, which is when somebody looks
  batcher.options.metrics.queued.set(batcher.held.messages)
  if (mayWrite(batcher)) {
    batcher.writers += 1
    // not at once: the packets that came in the same read of the socket make the first batch together
    setImmediate(() => void write(batcher))
  }
  return true
}

function hasRoom({ held, options: { limits } }: State): boolean {
  return held.messages < limits.highWaterMessages && held.bytes < limits.highWaterBytes
}

/**
 * Whether another writer is worth its while: the first one always, a further one for a whole batch. Half a batch makes
 * more transactions of the same readings, each of which opens, locks and judges: a tenth slower.
 */
function mayWrite({ waiting, waitingReadings, writers, options: { limits } }: State): boolean {
  if (writers === 0) return waiting.length > 0
  const isWhole = waiting.length >= limits.maxBatchMessages || waitingReadings >= limits.maxBatchReadings
  return writers < limits.maxWriters && isWhole
}

/** A writer: stores batch after batch while enough waits. */
async function write(batcher: State): Promise<void> {
  for (;;) {
    const batch = takeBatch(batcher)
    if (batch.length > 0) await store(batcher, batch)
    batcher.writers -= 1
    if (batcher.abandon.signal.aborted || !mayWrite(batcher)) break
    batcher.writers += 1
  }
  if (batcher.writers > 0 || batcher.waiting.length > 0) return
  const listeners = batcher.emptyListeners
  batcher.emptyListeners = []
  for (const listener of listeners) listener()
}

/** The oldest messages within both limits, and at least one where any waits. */
function takeBatch(batcher: State): Entry[] {
  const { waiting, options } = batcher
  const { maxBatchMessages, maxBatchReadings } = options.limits
  let count = 0
  let readings = 0
  for (const { message } of waiting) {
    const more = readingsOf(message)
    if (count > 0 && (count === maxBatchMessages || readings + more > maxBatchReadings)) break
    readings += more
    count += 1
  }
  batcher.waitingReadings -= readings
  return waiting.splice(0, count)
}

function readingsOf({ parsed }: ReceivedMessage): number {
  return parsed.readings.length + parsed.observations.length + parsed.held.length
}

/**
 * Stores a batch and acks it; a batch the database refuses is halved until the refused message stands alone. So is one
 * that meets a fault of ours, which may be one of its size or of one message; that one is tried for ever.
 */
async function store(batcher: State, batch: readonly Entry[]): Promise<void> {
  const run = () => record(batcher, batch)
  const outcome = await persist(batcher, { run, mayBeRefused: true, mayBeHalved: batch.length > 1 })
  if (outcome === 'abandoned') return
  if (outcome === 'stored') return release(batcher, batch)
  const [only] = batch
  if (only !== undefined && batch.length === 1) return setAside(batcher, only, outcome.refusal)
  const half = batch.length >>> 1
  await store(batcher, batch.slice(0, half))
  await store(batcher, batch.slice(half))
}

async function record({ options }: State, batch: readonly Entry[]): Promise<void> {
  const endTimer = options.metrics.batchSeconds.startTimer()
  await options.record(batch.map((entry) => entry.message))
  endTimer()
}

async function setAside(batcher: State, entry: Entry, refusal: unknown): Promise<void> {
  const { options } = batcher
  const detail = `the database refused these data: ${messageOf(refusal)}`
  const { topic, receivedAt } = entry.message
  options.log.error(
    { err: refusal, topic, receivedAt },
    'A message was refused by the database and is kept as rejected',
  )
  const run = () => options.setAside(entry.message, { reason: 'NOT_STORABLE', detail })
  if ((await persist(batcher, { run, mayBeRefused: false, mayBeHalved: false })) === 'stored') release(batcher, [entry])
}

type Transaction = { run: () => Promise<void>; mayBeRefused: boolean; mayBeHalved: boolean }

/** Runs a transaction until it commits, or is to be halved; everything else is waited out, never acked. */
async function persist(
  batcher: State,
  transaction: Transaction,
): Promise<'stored' | 'abandoned' | { refusal: unknown }> {
  for (;;) {
    try {
      await transaction.run()
      noteSuccess(batcher)
      return 'stored'
    } catch (error) {
      const { isDataError, isTransient } = batcher.options
      if (transaction.mayBeRefused && isDataError(error)) return { refusal: error }
      noteFailure(batcher, error)
      if (transaction.mayBeHalved && !isTransient(error)) return { refusal: error }
    }
    await backoff(batcher)
    if (batcher.abandon.signal.aborted) return 'abandoned'
  }
}

async function backoff({ outage, options: { limits }, abandon }: State): Promise<void> {
  // 2 ** 20 times the first pause is beyond every cap, and no overflow
  const doubled = limits.retryDelayMs * 2 ** Math.min((outage?.tries ?? 1) - 1, 20)
  const { signal } = abandon
  await pause(Math.min(doubled, limits.retryDelayMaxMs), undefined, { signal }).catch(() => undefined)
}

/** An outage is said once; a fault of ours at every try, because only a person can end it. */
function noteFailure(batcher: State, error: unknown): void {
  const { log, metrics, isTransient } = batcher.options
  metrics.recordRetries.inc()
  const expected = isTransient(error)
  if (!expected) {
    const text =
      'Storing failed in a way this program does not know; nothing is acked or lost, trying again. Report this'
    log.error({ err: error, held: batcher.held.messages }, text)
  } else if (batcher.outage === null) {
    const what = `The database cannot store readings (${messageOf(error)})`
    log.error(
      `${what}: they wait unacked and nothing is lost. Check that it runs and DATABASE_URL; trying again until then`,
    )
  }
  batcher.outage ??= { sinceMs: performance.now(), tries: 0 }
  batcher.outage.tries += 1
}

function noteSuccess(batcher: State): void {
  if (batcher.outage === null) return
  const after = formatDistanceStrict(0, performance.now() - batcher.outage.sinceMs)
  batcher.options.log.info(`Storing readings works again after ${after} and ${batcher.outage.tries} tries`)
  batcher.outage = null
}

/** Acks what is stored, as far as everything that arrived before is stored too: MQTT demands that order. */
function release(batcher: State, batch: readonly Entry[]): void {
  for (const entry of batch) entry.stored = true
  const next = batcher.arrived.findIndex((entry) => !entry.stored)
  const done = batcher.arrived.splice(0, next < 0 ? batcher.arrived.length : next)
  batcher.held.messages -= done.length
  for (const entry of done) batcher.held.bytes -= entry.message.payload.length
  batcher.options.metrics.queued.set(batcher.held.messages)
  acknowledge(done)
  if (hasRoom(batcher)) for (const listener of batcher.roomListeners) listener()
}

/** One call per run of messages from one sink, so that a door can write its acks as one buffer. */
function acknowledge(batch: readonly Entry[]): void {
  let tags: number[] = []
  for (const [index, { from, tag }] of batch.entries()) {
    tags.push(tag)
    if (batch[index + 1]?.from === from) continue
    from.stored(tags)
    tags = []
  }
}

async function drain(batcher: State, deadlineMs: number): Promise<'empty' | 'deadline'> {
  batcher.accepting = false
  if (batcher.writers === 0) return batcher.held.messages === 0 ? 'empty' : 'deadline'
  const deadline = new AbortController()
  const empty = new Promise<'empty'>((resolve) => batcher.emptyListeners.push(() => resolve('empty')))
  const late = pause(deadlineMs, 'deadline' as const, { signal: deadline.signal }).catch(() => 'empty' as const)
  const outcome = await Promise.race([empty, late])
  deadline.abort()
  if (outcome === 'deadline') {
    batcher.abandon.abort()
    batcher.options.log.warn(`${batcher.held.messages} messages were not stored in time; unacked, they are sent again`)
  }
  return outcome
}

/** A refused connection is an AggregateError without a message, but with a code. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.message !== '' ? error.message : 'code' in error ? String(error.code) : error.name
}
