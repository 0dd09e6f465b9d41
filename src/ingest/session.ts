import { setTimeout as pause } from 'node:timers/promises'
import { connect, type IClientOptions, type IConnackPacket, type MqttClient } from 'mqtt'
import type { Logger } from 'pino'
import type { Metrics } from '../metrics.ts'
import type { Batcher } from './batcher.ts'
import { deferAcks } from './deferred-ack.ts'
import { type DesiredState, downlink } from './downlink.ts'
import { readingsFilter, receiveMessage } from './message.ts'

/**
 * The MQTT door: one persistent session at the broker, kept for ever; messages are acked after their commit.
 *
 *   connecting ──► connected ── first time, session unknown or shared ──► subscribing ── granted ──► taking messages
 *       ▲              └──────── session still there ──────────────────────────────────────────►       │
 *       └── every 2 s ── outage: said once per reason; readings wait at the broker ◄───────────────────┘
 */
export function openSession(options: SessionOptions): Session {
  const { broker, batcher, now } = options
  const client = connect(broker.url, clientOptions(broker))
  const { stopTaking } = deferAcks(client, {
    batcher,
    receive: ({ topic, payload, properties, retain }) =>
      receiveMessage(topic, typeof payload === 'string' ? Buffer.from(payload) : payload, {
        prefix: broker.prefix,
        receivedAt: now(),
        contentType: properties?.contentType ?? null,
        retained: retain,
      }),
  })
  const session: State = { options, client, stopTaking, ...UNCONNECTED }
  client.on('connect', (connack) => onConnect(session, connack))
  client.on('error', (error) => {
    session.lastError = messageOf(error)
  })
  client.on('disconnect', ({ reasonCode }) => {
    if (reasonCode === SESSION_TAKEN_OVER) session.lastError = `another program uses the client id ${broker.clientId}`
  })
  client.on('close', () => onClose(session))
  return {
    connected: () => client.connected && session.subscribed,
    tell: (sensorId, desired) => tell(session, sensorId, desired),
    close: () => close(session),
  }
}

export type Session = {
  /** Whether readings can arrive now: connected and subscribed. */
  connected: () => boolean
  /** Publishes a sensor's desired state, retained; fulfilled once the broker has it. */
  tell: (sensorId: number, desired: DesiredState) => Promise<void>
  /** Takes no more, stores and acks what came in, then disconnects; the broker keeps the session. */
  close: () => Promise<void>
}

/** How to reach the broker; protocol version 4 is MQTT 3.1.1. */
export type BrokerOptions = {
  url: string
  protocolVersion: 4 | 5
  /** Names the session: stable over restarts, and another one for every process. */
  clientId: string
  username?: string
  password?: string
  /** Name of the shared subscription of several processes; '' subscribes alone. */
  group: string
  prefix: string
  /** Topic filters under which LoRaWAN network servers publish uplinks, beside the readings. */
  lorawanTopics?: readonly string[]
  /** Unacked messages the broker may have on their way to us (MQTT 5); it bounds how large a batch can become. */
  receiveMaximum: number
  keepaliveS?: number
}

export type SessionOptions = {
  broker: BrokerOptions
  batcher: Batcher
  log: Logger
  metrics: Pick<Metrics, 'brokerConnected' | 'sessionsLost'>
  /** The service's clock, epoch milliseconds. */
  now: () => number
  /** How long `close` waits for the database. */
  drainMs: number
}

/** The broker keeps what it could not deliver for a week: longer than a service stays away, shorter than for ever. */
export const SESSION_EXPIRY_S = 7 * 86_400
const KEEPALIVE_S = 60
const RECONNECT_MS = 2000
const SUBSCRIBE_RETRY_MS = 5000
const CONNECT_TIMEOUT_MS = 10_000
/** For the DISCONNECT to leave once everything is acked. */
const DISCONNECT_MS = 2000
/** A broker that is there confirms in milliseconds; one that is away hears it when it is back. */
const TOLD_WITHIN_MS = 10_000
/** MQTT 5 reason code. */
const SESSION_TAKEN_OVER = 0x8e

type State = {
  readonly options: SessionOptions
  readonly client: MqttClient
  readonly stopTaking: () => void
  subscribed: boolean
  connectedBefore: boolean
  closing: boolean
  outage: { said: string } | null
  lastError: string | null
  refusalSaid: string | null
}

const UNCONNECTED = {
  subscribed: false,
  connectedBefore: false,
  closing: false,
  outage: null,
  lastError: null,
  refusalSaid: null,
}

function clientOptions(broker: BrokerOptions): IClientOptions {
  const { protocolVersion, username, password, receiveMaximum } = broker
  return {
    protocolVersion,
    clientId: broker.clientId,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    clean: false,
    keepalive: broker.keepaliveS ?? KEEPALIVE_S,
    reconnectPeriod: RECONNECT_MS,
    connectTimeout: CONNECT_TIMEOUT_MS,
    // a wrong password is repaired at the broker, too: no reason to give up
    reconnectOnConnackError: true,
    // what to subscribe is decided below, by what the broker says about the session
    resubscribe: false,
    ...(protocolVersion === 5 ? { properties: { sessionExpiryInterval: SESSION_EXPIRY_S, receiveMaximum } } : {}),
    // MQTT.js logs a dozen times per packet, which costs even when nobody listens
    log: () => undefined,
  }
}

function onConnect(session: State, connack: IConnackPacket): void {
  const { log, metrics, broker } = session.options
  metrics.brokerConnected.set(1)
  log.info(`Connected to the MQTT broker at ${hostOf(session)}`)
  session.outage = null
  session.lastError = null
  if (!connack.sessionPresent) {
    session.subscribed = false
    if (session.connectedBefore) {
      metrics.sessionsLost.inc()
      const lost = `The broker forgot the session ${broker.clientId}: messages published meanwhile may be missing`
      log.error(`${lost}. Let it keep sessions on disk, and let sensors send again what they still have`)
    }
  }
  session.connectedBefore = true
  // Mosquitto 2.0 restores a session without its shared subscription and still says that the session is present;
  // such a subscription brings no retained copies, so asking for it again costs nothing
  if (broker.group !== '') session.subscribed = false
  // the first connection always subscribes: the configuration may have changed since the session was made
  if (!session.subscribed) subscribe(session)
}

function subscribe(session: State): void {
  const { client, options } = session
  // retained copies are no new readings; MQTT 5 can ask to be spared them
  const spared = options.broker.protocolVersion === 5 ? { rh: 2 } : {}
  client.subscribe(subscriptionsOf(options.broker), { qos: 1, ...spared }, (error, granted) => {
    if (error !== null) return onSubscribeRefused(session, messageOf(error))
    session.subscribed = true
    session.refusalSaid = null
    for (const { topic, qos } of granted ?? []) {
      if (qos === 0) options.log.error(`The broker grants ${topic} at QoS 0 only: readings can get lost`)
      else options.log.info(`Subscribed to ${topic}`)
    }
  })
}

function onSubscribeRefused(session: State, reason: string): void {
  // a connection that broke meanwhile subscribes when it is back
  if (!session.client.connected || session.closing) return
  const { log, broker } = session.options
  if (session.refusalSaid !== reason) {
    const filters = subscriptionsOf(broker).join(' ')
    const what = `The broker refuses the subscription ${filters} (${reason}), so no readings arrive`
    log.error(`${what}. Allow it to this user, or empty the group where the broker has no shared subscriptions`)
  }
  session.refusalSaid = reason
  setTimeout(() => {
    if (session.client.connected && !session.subscribed && !session.closing) subscribe(session)
  }, SUBSCRIBE_RETRY_MS).unref()
}

/** What the service subscribes to. */
export function subscriptionsOf({ group, prefix, lorawanTopics = [] }: BrokerOptions): string[] {
  const filters = [readingsFilter(prefix), ...lorawanTopics]
  return group === '' ? filters : filters.map((filter) => `$share/${group}/${filter}`)
}

function onClose(session: State): void {
  const { log, metrics } = session.options
  metrics.brokerConnected.set(0)
  if (session.closing) return
  const reason = session.lastError ?? 'it closed the connection'
  session.outage ??= { said: '' }
  if (session.outage.said === reason) return
  session.outage.said = reason
  const waiting = 'Readings wait at the broker and the sensors, nothing is lost'
  log.error(`No connection to the MQTT broker at ${hostOf(session)} (${reason}). ${waiting}. Check that it runs and \
MQTT_URL; trying again every ${RECONNECT_MS / 1000} s`)
}

async function tell({ client, options }: State, sensorId: number, desired: DesiredState): Promise<void> {
  const { topic, payload } = downlink(options.broker.prefix, sensorId, desired)
  const unheard = new AbortController()
  const late = pause(TOLD_WITHIN_MS, undefined, { ref: false, signal: unheard.signal }).then(() => {
    throw new Error(`the broker has not confirmed it within ${TOLD_WITHIN_MS / 1000} s`)
  })
  await Promise.race([client.publishAsync(topic, payload, { qos: 1, retain: true }), late]).finally(() => {
    late.catch(() => undefined)
    unheard.abort()
  })
}

async function close(session: State): Promise<void> {
  const { client, options, stopTaking } = session
  session.closing = true
  stopTaking()
  await options.batcher.drain(options.drainMs)
  await Promise.race([client.endAsync(!client.connected), pause(DISCONNECT_MS, undefined, { ref: false })])
  client.stream.destroy()
}

/** Without user and password, which a URL may carry. */
function hostOf(session: State): string {
  return new URL(session.options.broker.url).host
}

/** A refused connection is an AggregateError without a message, but with a code. */
export function messageOf(error: Error): string {
  return error.message !== '' ? error.message : 'code' in error ? String(error.code) : error.name
}
