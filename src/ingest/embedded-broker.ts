import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Aedes, type AedesOptions, type Client, type PublishPacket } from 'aedes'
import type { Logger } from 'pino'
import type { AckSink, Batcher } from './batcher.ts'
import { type DesiredState, downlink } from './downlink.ts'
import { isUplinkTopic } from './lorawan/uplink-topic.ts'
import { isReadingsTopic, readSensorId, receiveMessage } from './message.ts'

/**
 * A broker inside the service, for trial runs: 127.0.0.1 only, MQTT 3.1.1 only, nothing on disk. Readings go straight
 * to the batcher, and the sensor's PUBACK is withheld until our COMMIT, so nothing acked is lost here either: aedes
 * asks `authorizePublish` before it acks. A sensor that hears no ack sends again.
 */
export async function startEmbeddedBroker(options: EmbeddedBrokerOptions): Promise<EmbeddedBroker> {
  const state: State = { options, parked: [], users: new WeakMap(), open: true }
  const broker = await Aedes.createBroker(brokerOptions(state))
  broker.on('clientError', (client, error) => sayDisconnected(state, client, error))
  broker.on('connectionError', (client, error) => sayDisconnected(state, client, error))
  broker.on('clientDisconnect', (client) => forgetParked(state, client))
  options.batcher.onRoom(() => unpark(state))
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket.on('close', () => sockets.delete(socket)))
    broker.handle(socket)
  })
  try {
    await listen(server, options.port)
  } catch (error) {
    broker.close()
    throw error
  }
  const { port } = addressOf(server)
  return {
    port,
    url: `mqtt://${LOOPBACK}:${port}`,
    tell: (sensorId, desired) => tell(broker, options.prefix, { sensorId, desired }),
    close: () => close(state, { server, sockets, broker }),
  }
}

export type EmbeddedBroker = {
  port: number
  url: string
  /** Publishes a sensor's desired state, retained; fulfilled once it is kept. */
  tell: (sensorId: number, desired: DesiredState) => Promise<void>
  /** Takes no more, stores and acks what came in, then disconnects everybody. */
  close: () => Promise<void>
}

export type EmbeddedBrokerOptions = {
  /** 0 takes any free port. */
  port: number
  prefix: string
  /** Topic filters under which LoRaWAN network servers publish uplinks, beside the readings. */
  lorawanTopics?: readonly string[]
  batcher: Batcher
  log: Logger
  /** The service's clock, epoch milliseconds. */
  now: () => number
  /** How long `close` waits for the database. */
  drainMs: number
  /** Whether a sensor's password is right; without it any password is taken. Anonymous clients always are. */
  verify?: (username: string, password: string) => Promise<boolean>
}

const LOOPBACK = '127.0.0.1'

/** Messages on their way to subscribers inside aedes; a trial has a handful of sensors and hardly a subscriber. */
const CONCURRENCY = 1000
/** A sensor may send all it has saved up right behind its CONNECT; the default of 42 would cut it off. */
const QUEUE_LIMIT = 10_000
/** A subscriber that reads nothing for so long holds up the others. */
const DRAIN_TIMEOUT_MS = 10_000
const CONNECT_TIMEOUT_MS = 10_000

type State = {
  readonly options: EmbeddedBrokerOptions
  /** Publishes that found the batcher full, oldest first; at most one read of the socket per client. */
  parked: { client: Client | null; retry: () => boolean }[]
  /** Who a connection is: absent is anonymous. */
  readonly users: WeakMap<Client, string>
  open: boolean
}

function brokerOptions(state: State): AedesOptions {
  return {
    concurrency: CONCURRENCY,
    queueLimit: QUEUE_LIMIT,
    drainTimeout: DRAIN_TIMEOUT_MS,
    connectTimeout: CONNECT_TIMEOUT_MS,
    // aedes gives four arguments
    authenticate: (...[client, username, password, done]) => {
      authenticate(state, { client, username, password: password?.toString() ?? '' }).then(
        (verdict) => (verdict === 'welcome' ? done(null, true) : done(connackError(verdict), null)),
        (error: unknown) => {
          state.options.log.error({ err: error }, 'A sensor could not be authenticated and may try again later')
          done(connackError('SERVER_UNAVAILABLE'), null)
        },
      )
    },
    authorizePublish: (client, packet, done) => authorizePublish(state, { client, packet, done }),
    authorizeSubscribe: (client, subscription, done) =>
      done(null, mayUse(state, client, subscription.topic) ? subscription : null),
  }
}

/** MQTT 3.1.1 CONNACK return codes. */
const CONNACK = { SERVER_UNAVAILABLE: 3, BAD_USERNAME_OR_PASSWORD: 4 } as const

function connackError(reason: keyof typeof CONNACK): Error & { returnCode: number } {
  return Object.assign(new Error(reason), { returnCode: CONNACK[reason] })
}

type Credentials = { client: Client; username: string | undefined; password: string }

async function authenticate(state: State, given: Credentials): Promise<'welcome' | 'BAD_USERNAME_OR_PASSWORD'> {
  const { client, username, password } = given
  if (username === undefined) return 'welcome'
  if (readSensorId(username) === null) return 'BAD_USERNAME_OR_PASSWORD'
  const { verify } = state.options
  if (verify !== undefined && !(await verify(username, password))) return 'BAD_USERNAME_OR_PASSWORD'
  state.users.set(client, username)
  return 'welcome'
}

/** A named sensor may use its own subtree; anonymous clients of a trial everything but the broker's own topics. */
function mayUse({ users, options }: State, client: Client | null, topic: string): boolean {
  const username = client === null ? undefined : users.get(client)
  if (username === undefined) return !topic.startsWith('$')
  return topic.startsWith(`${options.prefix}/${username}/`)
}

type Publish = { client: Client | null; packet: PublishPacket; done: (error?: Error | null) => void }

/** An error closes the connection: MQTT 3.1.1 has no other way to refuse a publish, and an ack would lie. */
function authorizePublish(state: State, publish: Publish): void {
  const { client, packet, done } = publish
  // aedes does not check what MQTT forbids, and PostgreSQL stores no NUL
  const allowed = mayUse(state, client, packet.topic) && !packet.topic.includes('\0')
  if (!allowed) {
    done(new Error(`publishing to ${packet.topic} is not allowed`))
    return
  }
  const { prefix, lorawanTopics = [] } = state.options
  if (!isReadingsTopic(packet.topic, prefix) && !isUplinkTopic(packet.topic, lorawanTopics)) {
    done()
    return
  }
  const attempt = offering(state, publish)
  if (state.open && !attempt()) state.parked.push({ client, retry: attempt })
}

/** Offers the publish to the batcher, whose commit lets aedes go on to the ack. */
function offering(state: State, { client, packet, done }: Publish): () => boolean {
  const { batcher, prefix, now } = state.options
  const payload = typeof packet.payload === 'string' ? Buffer.from(packet.payload) : packet.payload
  // a publish with the retain flag is a new reading when it comes in; only the stored copy would not be
  packet.retain = false
  const message = receiveMessage(packet.topic, payload, { prefix, receivedAt: now(), retained: false })
  const sink: AckSink = {
    stored: () => {
      if (client === null || !client.closed) done()
    },
  }
  return () => batcher.offer(message, sink, 0)
}

function unpark(state: State): void {
  while (state.parked[0]?.retry()) state.parked.shift()
}

/** Nobody waits for these acks any more: the sensor sends again on its next connection. */
function forgetParked(state: State, gone: Client): void {
  state.parked = state.parked.filter(({ client }) => client !== gone)
}

type Telling = { sensorId: number; desired: DesiredState }

function tell(broker: Aedes, prefix: string, { sensorId, desired }: Telling): Promise<void> {
  const { topic, payload } = downlink(prefix, sensorId, desired)
  const packet = { cmd: 'publish', topic, payload, qos: 1, retain: true, dup: false } as const
  return new Promise((resolve, reject) => {
    broker.publish(packet, (error) => (error ? reject(error) : resolve()))
  })
}

function sayDisconnected({ options }: State, client: Client, error: Error): void {
  options.log.warn(`The embedded broker disconnected ${client.id ?? 'a client'}: ${error.message}`)
}

async function listen(server: Server, port: number): Promise<void> {
  server.listen(port, LOOPBACK)
  try {
    await once(server, 'listening')
  } catch (error) {
    if (!isPortTaken(error)) throw error
    const text = `Port ${port} for the embedded broker is taken: stop the program that uses it, or choose another port`
    throw Object.assign(new Error(text, { cause: error }), { code: 'EADDRINUSE' })
  }
}

function isPortTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
}

function addressOf(server: Server): AddressInfo {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the embedded broker listens on no TCP port')
  return address
}

type Running = { server: Server; sockets: ReadonlySet<Socket>; broker: Aedes }

async function close(state: State, { server, sockets, broker }: Running): Promise<void> {
  state.open = false
  state.parked = []
  const closed = once(server, 'close')
  server.close()
  await state.options.batcher.drain(state.options.drainMs)
  // the last acks leave at the end of this turn
  await nextTurn()
  await new Promise<void>((resolve) => broker.close(resolve))
  // aedes knows only those that sent a CONNECT
  for (const socket of sockets) socket.destroy()
  await closed
}
