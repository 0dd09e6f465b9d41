import type { IPublishPacket, MqttClient } from 'mqtt'
import { generate } from 'mqtt-packet'
import type { ReceivedMessage } from '../domain/message.ts'
import type { AckSink, Batcher } from './batcher.ts'

/**
 * Makes a client ack after commit: every message goes to the batcher, its PUBACK follows when the batcher says so.
 *
 *   PUBLISH ──► batcher has room? ── yes ──► queued, the parser goes on without a PUBACK ──► COMMIT ──► PUBACKs
 *                     └─ no ──► parked: the parser stops, TCP and the receive window push back
 *
 * MQTT.js handles one packet at a time and sends the PUBACK when `handleMessage` calls back; waiting there for the
 * commit would store one message per transaction. Given an error instead, it skips the PUBACK and goes on; the PUBACKs
 * are then written here, as one buffer. That is not documented: the version is pinned, all that leans on it is in this
 * file, and `deferred-ack.test.ts` fails when it changes. The 'message' event must not be used beside it.
 */
export function deferAcks(client: MqttClient, door: Door): { stopTaking: () => void } {
  const state: State = {
    client,
    door,
    connection: null,
    parked: null,
    taking: true,
    taken: 0,
    pingedMs: Number.NEGATIVE_INFINITY,
  }
  client.handleMessage = (packet, next) => take(state, packet, next)
  door.batcher.onRoom(() => unpark(state))
  return { stopTaking: () => stopTaking(state) }
}

export type Door = {
  batcher: Batcher
  /** The packet as a message; called once per PUBLISH, at its receipt. */
  receive: (packet: IPublishPacket) => ReceivedMessage
}

type Next = (error?: Error) => void
type Connection = AckSink & { readonly stream: MqttClient['stream'] }
type Parked = { message: ReceivedMessage; from: Connection; tag: number; next: Next }

type State = {
  readonly client: MqttClient
  readonly door: Door
  connection: Connection | null
  parked: (Parked & { beat: NodeJS.Timeout }) | null
  taking: boolean
  taken: number
  pingedMs: number
}

/** Given to MQTT.js in place of an ack; one object, because an Error per message costs a stack trace. */
const ACK_LATER = new Error('acked after commit')

/** Packet identifiers begin at 1; QoS 0 is stored like the rest and has nothing to ack. */
const NO_ACK = 0

function take(state: State, packet: IPublishPacket, next: Next): void {
  if (!state.taking) {
    next(ACK_LATER)
    return
  }
  const message = state.door.receive(packet)
  const from = currentConnection(state)
  const tag = packet.qos === 0 ? NO_ACK : (packet.messageId ?? NO_ACK)
  if (!state.door.batcher.offer(message, from, tag)) park(state, { message, from, tag, next })
  else if (++state.taken % TURN_MESSAGES === 0) setImmediate(next, ACK_LATER)
  else next(ACK_LATER)
}

/**
 * After so many messages the database's answer gets its turn. Node reads a busy socket 32 times before it looks at
 * another one, which is 10,000 messages: the batch being stored would wait for a whole batch to be read.
 */
const TURN_MESSAGES = 128

/**
 * The connection is its stream, not its 'connect' event: MQTT.js may hand out messages before that event. Identifiers
 * are used again on the next connection, where a late ack would ack another message, so a closed one forgets its acks.
 */
function currentConnection(state: State): Connection {
  const { stream } = state.client
  if (state.connection?.stream === stream) return state.connection
  let open = true
  const connection: Connection = {
    stream,
    stored: (tags) => {
      const acks = open && stream.writable ? pubacks(tags) : null
      if (acks !== null && acks.length > 0) stream.write(acks)
    },
  }
  stream.once('close', () => {
    open = false
    if (state.parked?.from === connection) forgetParked(state)
  })
  state.connection = connection
  return connection
}

/** Four bytes, the same in both protocol versions: MQTT 5 leaves reason code 0 out. */
const [PUBACK_TYPE = 0, PUBACK_REST = 0] = generate({ cmd: 'puback', messageId: 1 })
const PUBACK_BYTES = 4

/** The PUBACKs of committed messages as one buffer, in the order given; QoS 0 has none. */
export function pubacks(ids: readonly number[]): Buffer {
  const acks = Buffer.allocUnsafe(ids.length * PUBACK_BYTES)
  let end = 0
  for (const id of ids) {
    if (id === NO_ACK) continue
    acks[end] = PUBACK_TYPE
    acks[end + 1] = PUBACK_REST
    acks[end + 2] = id >>> 8
    acks[end + 3] = id & 0xff
    end += PUBACK_BYTES
  }
  return acks.subarray(0, end)
}

/**
 * Stops the parser at this message. PINGRESP waits behind it, so while parked we ping in MQTT.js's place and let it
 * count the ping as answered: however long the database is away, neither side takes the other for dead.
 */
function park(state: State, parked: Parked): void {
  const everyMs = (state.client.keepalive * 1000) / 3
  if (performance.now() - state.pingedMs >= everyMs) ping(state)
  // keepalive 0 switches it off on both sides
  const beat = setInterval(() => ping(state), everyMs > 0 ? everyMs : LONGEST_TIMER_MS)
  state.parked = { ...parked, beat }
}

const LONGEST_TIMER_MS = 2 ** 31 - 1

function ping(state: State): void {
  const { client } = state
  if (!client.connected || client.keepalive === 0) return
  state.pingedMs = performance.now()
  client.sendPing()
  client.reschedulePing(true)
}

function unpark(state: State): void {
  const { parked } = state
  if (parked === null || !state.door.batcher.offer(parked.message, parked.from, parked.tag)) return
  forgetParked(state)
  parked.next(ACK_LATER)
}

function forgetParked(state: State): void {
  clearInterval(state.parked?.beat)
  state.parked = null
}

/** From here on messages are left to the broker, which sends them again; the parser runs on, or no socket closes. */
function stopTaking(state: State): void {
  const { parked } = state
  state.taking = false
  forgetParked(state)
  parked?.next(ACK_LATER)
}

/** Hands every message to `onMessage` and acks none, for a client that measures how much a broker sends unacked. */
export function withholdAcks(client: MqttClient, onMessage: (packet: IPublishPacket) => void): void {
  client.handleMessage = (packet, next) => {
    onMessage(packet)
    next(ACK_LATER)
  }
}
