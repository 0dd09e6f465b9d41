import type { Logger } from 'pino'
import { isDataError, isTransient } from '../../db/connection-error.ts'
import { bootstrapKey } from '../actions/bootstrap-key.ts'
import { appendDueRoots } from '../actions/due-roots.ts'
import { judgePending } from '../actions/judge.ts'
import { recordMessages } from '../actions/record-messages.ts'
import { dueResendRequests, noteAsked } from '../actions/resend-requests.ts'
import { verifySensor } from '../actions/sensors.ts'
import { ensureServiceKey } from '../actions/service-keys.ts'
import { createApp } from '../api/app.ts'
import type { Config } from '../config.ts'
import type { Ctx } from '../context.ts'
import { JUDGES } from '../domain/judge-versions.ts'
import type { ReceivedMessage } from '../domain/message.ts'
import { isRefusal } from '../domain/refusal.ts'
import { type Batcher, createBatcher } from '../ingest/batcher.ts'
import { BATCHER_LIMITS } from '../ingest/batcher-limits.ts'
import type { DesiredState } from '../ingest/downlink.ts'
import { startEmbeddedBroker } from '../ingest/embedded-broker.ts'
import { decodeUplink } from '../ingest/lorawan/decode-uplink.ts'
import { parseMessage } from '../ingest/message.ts'
import { openSession } from '../ingest/session.ts'
import { createMetrics } from '../metrics.ts'
import { type Backend, openDatabase } from './database.ts'
import { listenHttp } from './http.ts'
import { listenError } from './listen-error.ts'

/** The running service: where its doors are, and how to end it. */
export type Service = {
  httpUrl: string
  mqttUrl: string
  /** The administrator's key when this start created it: shown once. */
  firstKey: string | null
  /** Takes nothing more, stores and acks what came in, answers what was asked, then closes. */
  close: () => Promise<void>
}

/** How long closing waits for the database before what is unacked is left to the broker. */
const DRAIN_MS = 20_000

/** Config → database → context → doors, as one service; `SetupError` where something must be put right first. */
export async function startService(config: Config, log: Logger): Promise<Service> {
  const backend = await openDatabase(config, log)
  const ctx = createContext(config, backend, log)
  const firstKey = await backend
    .whenReachable(async () => {
      // a trial that is started once more because its start took too long has a clock that goes back to its origin
      await ensureServiceKey(ctx, config.clock?.originAt ?? ctx.now())
      return firstKeyOf(ctx, config)
    })
    .catch((error) => closeAndThrow([backend], error))
  const batcher = createDoorBatcher(ctx)
  const broker = await openBroker(config, ctx, batcher).catch((error) => closeAndThrow([backend], error))
  const app = createApp(ctx, {
    ready: () => readiness(backend, broker),
    isTransient,
    topicPrefix: config.mqtt.prefix,
    publicUrl: config.publicUrl,
  })
  const http = await listenHttp(app, config.http).catch((error) => closeAndThrow([broker, backend], error))
  followPending(ctx)
  const asking = askForMissing(ctx, broker)
  const rooting = repeat(ROOT_EVERY_MS, async () => void (await appendDueRoots(ctx)), {
    failed: (err) => ctx.log.warn({ err }, 'Superseding evaluations could not be rooted; trying again'),
  })
  log.info({ http: http.url, mqtt: broker.url }, 'The service is ready')
  const close = async () => {
    asking.stop()
    rooting.stop()
    // first the door that must not lose anything, then the one whose callers see an error, last what both need
    await broker.close()
    await http.close()
    await backend.close()
  }
  return { httpUrl: http.url, mqttUrl: broker.url, firstKey, close }
}

function createContext(config: Config, { db, ownSecret }: Backend, log: Logger): Ctx {
  const { prefix } = config.mqtt
  return {
    db,
    log,
    now: clockOf(config),
    metrics: createMetrics(),
    judges: JUDGES,
    sharesMessages: config.mqtt.group !== '',
    exampleProfiles: config.database.kind === 'embedded' ? 'allowed' : 'refused',
    stampSecret: config.stampSecret ?? ownSecret,
    parseMessage: ({ topic, payload, receivedAt, contentType, retained }) =>
      parseMessage(topic, payload, { prefix, receivedAt, contentType, retained }),
    decodeUplink,
  }
}

/**
 * The real clock, or for trials one that stands in the past until its start and then runs faster until it has caught
 * up.
 */
function clockOf({ clock }: Config): () => number {
  if (clock === null) return Date.now
  const { originAt, startedAt, speed } = clock
  return () => {
    const real = Date.now()
    return Math.round(Math.min(real, originAt + Math.max(0, real - startedAt) * speed))
  }
}

async function firstKeyOf(ctx: Ctx, config: Config): Promise<string | null> {
  const { apiKey, organisation } = config.bootstrap
  const made = await bootstrapKey(ctx, {
    organisationName: organisation,
    ...(apiKey === null ? {} : { secret: apiKey }),
  })
  if (!isRefusal(made)) return made.created ? made.key : null
  if (apiKey !== null) ctx.log.warn(`BOOTSTRAP_API_KEY is not used. ${made.detail}`)
  return null
}

function createDoorBatcher(ctx: Ctx): Batcher {
  const record = async (messages: readonly ReceivedMessage[]) => {
    const { unjudged } = await recordMessages(ctx, messages)
    if (unjudged) followPending(ctx)
  }
  return createBatcher({
    record,
    setAside: async (message, problem) => {
      const { sensorId, seq } = message.parsed
      const parsed = { sensorId, seq, readings: [], observations: [], held: [], problem }
      await recordMessages(ctx, [{ ...message, parsed }])
    },
    isTransient,
    isDataError,
    log: ctx.log,
    metrics: ctx.metrics,
    limits: BATCHER_LIMITS,
  })
}

const following = new WeakSet<Ctx>()

/** Judges what waits, one run at a time; what a failure leaves is judged by the next run, or by whoever asks for it. */
function followPending(ctx: Ctx): void {
  if (following.has(ctx)) return
  following.add(ctx)
  judgePending(ctx)
    .catch((error) => ctx.log.warn({ err: error }, 'Judging stopped; it goes on with the next message or question'))
    .finally(() => following.delete(ctx))
}

/** How often it is looked for messages to ask for again; the service's clock decides what is due. */
const ASK_EVERY_MS = 2000

/** How often it is looked for superseded evaluations that recording left to be rooted. */
const ROOT_EVERY_MS = 2000

/** Asks sensors for messages that are missing, through their downlink. */
function askForMissing(ctx: Ctx, broker: Broker): Repeated {
  const ask = async () => {
    if (!broker.connected()) return
    const due = await dueResendRequests(ctx)
    const told = await Promise.allSettled(
      due.map(async ({ sensorId, missing, attempt }) => broker.tell(sensorId, { resend: missing, attempt })),
    )
    const asked = due.filter((_, index) => told[index]?.status === 'fulfilled')
    await noteAsked(ctx, asked)
    ctx.metrics.resendRequests.inc(asked.filter(({ missing }) => missing.length > 0).length)
    for (const { reason } of told.filter((one) => one.status === 'rejected')) throw reason
  }
  return repeat(ASK_EVERY_MS, ask, {
    failed: (err) => ctx.log.warn({ err }, 'Missing messages could not be asked for; trying again'),
  })
}

type Repeated = { stop: () => void }

/**
 * Does work again and again, never twice at once. Tells a failure once until it works again, and nothing of a database
 * that is away: that is told where readings are stored, and by `/readyz`.
 */
function repeat(
  everyMs: number,
  work: () => Promise<void>,
  { failed }: { failed: (error: unknown) => void },
): Repeated {
  let [running, told] = [false, false]
  const run = async () => {
    if (running) return
    running = true
    try {
      await work()
      told = false
    } catch (error) {
      if (!told && !isTransient(error)) failed(error)
      told ||= !isTransient(error)
    } finally {
      running = false
    }
  }
  const timer = setInterval(() => void run(), everyMs).unref()
  return { stop: () => clearInterval(timer) }
}

type Broker = {
  url: string
  connected: () => boolean
  tell: (sensorId: number, desired: DesiredState) => Promise<void>
  close: () => Promise<void>
}

async function openBroker(config: Config, ctx: Ctx, batcher: Batcher): Promise<Broker> {
  const door = { batcher, log: ctx.log, now: ctx.now, drainMs: DRAIN_MS }
  if (config.broker.kind === 'server') {
    const { url } = config.broker
    const session = openSession({ ...door, metrics: ctx.metrics, broker: { url, ...config.mqtt } })
    return { url, ...session }
  }
  const { port } = config.broker
  const broker = await startEmbeddedBroker({
    ...door,
    port,
    prefix: config.mqtt.prefix,
    lorawanTopics: config.mqtt.lorawanTopics,
    verify: (username, password) => verifySensor(ctx, Number(username), password),
  }).catch((error: unknown) => {
    throw listenError(error, { host: '127.0.0.1', port, setting: 'MQTT' })
  })
  ctx.metrics.brokerConnected.set(1)
  ctx.log.warn('Embedded broker: for trials only, on 127.0.0.1, MQTT 3.1.1, takes sensors without a password')
  return { ...broker, connected: () => true }
}

async function readiness(backend: Backend, broker: Broker) {
  const database = await backend.reachable()
  const parts = { database, broker: broker.connected() }
  return { ok: parts.database && parts.broker, parts }
}

async function closeAndThrow(opened: readonly { close: () => Promise<void> }[], error: unknown): Promise<never> {
  for (const part of opened) await part.close()
  throw error
}
