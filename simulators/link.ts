import { setTimeout as pause } from 'node:timers/promises'
import { connect, type IClientOptions, type IConnackPacket, type MqttClient } from 'mqtt'
import { waitUntil } from './wait.ts'

/**
 * One MQTT connection that forgets nothing before its PUBACK, within its memory. It opens every connection itself
 * instead of using the MQTT client's reconnecting: that keeps the one place that decides what is sent again in this
 * file.
 *
 *   publish ──► waiting ──► in flight ──► PUBACK: forgotten
 *                  ▲ └ at most `window` in flight
 *                  └── a lost connection puts back what was in flight; the next one sends it again, in order
 */
export class Link {
  readonly #door: LinkDoor
  /** By the order in which they were published; all of `inFlight` is older than all of `waiting`. */
  #waiting = new Map<number, Pending>()
  #inFlight = new Map<number, Pending>()
  #client: MqttClient | null = null
  #radio: 'on' | 'off' = 'off'
  #window: number
  #announcement: Announcement | null
  /** Announcements without PUBACK. */
  #saying = 0
  #published = 0
  #acked = 0
  #lastProblem = 'no connection yet'

  constructor(door: LinkDoor) {
    this.#door = door
    this.#window = door.window ?? DEFAULT_WINDOW
    this.#announcement = door.announcement ?? null
  }

  /** Switches the radio on; the connection comes up by itself, and again after every loss. */
  goOnline(): void {
    if (this.#radio === 'on') return
    this.#radio = 'on'
    this.#connect()
  }

  /** Switches the radio off at once, without goodbye, as flight mode does; the broker sends the last will. */
  goOffline(): void {
    this.#radio = 'off'
    this.#client?.end(true)
    this.#client = null
    this.#putBack()
  }

  /**
   * Says goodbye, so that the broker sends no last will; what is not acknowledged stays. A broker that does not answer
   * gets a second for what is on the wire, and then hears no goodbye.
   */
  async close(): Promise<void> {
    this.#radio = 'off'
    const client = this.#client
    // from now on nothing more is sent
    this.#client = null
    const isSilent = () => this.#inFlight.size + this.#saying === 0
    const end = performance.now() + GOODBYE_MS
    while (client?.connected && !isSilent() && performance.now() < end) await pause(GOODBYE_POLL_MS)
    if (client?.connected && isSilent()) await client.endAsync()
    else client?.end(true)
    this.#putBack()
  }

  /**
   * Publishes at QoS 1; `onOutcome` is called once: at the PUBACK, however many connections that takes, or when a full
   * memory forgets the message.
   */
  publish(message: OutgoingMessage, onOutcome: (outcome: Outcome) => void = ignore): void {
    this.#published += 1
    this.#waiting.set(this.#published, { message, onOutcome })
    if (this.unacked() > (this.#door.maxUnacked ?? DEFAULT_MAX_UNACKED)) this.#forgetOldest()
    this.#pump()
  }

  /** Says how things stand, retained: on this connection and on each that follows; the latest word replaces others. */
  announce(announcement: Announcement): void {
    this.#announcement = announcement
    if (this.#client?.connected) this.#say(this.#client, announcement)
  }

  /** Messages without PUBACK, sent or not. */
  unacked(): number {
    return this.#waiting.size + this.#inFlight.size
  }

  /** Gives up every message without PUBACK. */
  forgetAll(): void {
    while (this.unacked() > 0) this.#forgetOldest()
  }

  /** Messages published and acknowledged so far; a repeated one counts twice. */
  progress(): { published: number; acked: number } {
    return { published: this.#published, acked: this.#acked }
  }

  isConnected(): boolean {
    return this.#client?.connected === true
  }

  /** Waits until every published message is acknowledged; throws after `deadlineMs`. */
  async settled(deadlineMs: number): Promise<void> {
    const what = () =>
      `${this.#door.clientId} still waits for ${this.unacked()} acknowledgements (${this.#lastProblem})`
    await waitUntil(() => this.unacked() === 0, { deadlineMs, what })
  }

  #forgetOldest(): void {
    const messages = this.#inFlight.size > 0 ? this.#inFlight : this.#waiting
    const [oldest] = messages
    if (oldest === undefined) return
    const [order, { onOutcome }] = oldest
    messages.delete(order)
    onOutcome('forgotten')
  }

  #connect(): void {
    const client = connect(this.#door.mqttUrl, clientOptions(this.#door))
    this.#client = client
    client.on('connect', (connack) => this.#greet(client, connack))
    client.on('message', (topic, payload) => this.#door.listen?.onMessage(topic, payload))
    client.on('error', (error) => {
      this.#lastProblem = error.message
    })
    client.on('close', () => this.#lost(client))
  }

  #greet(client: MqttClient, connack: IConnackPacket): void {
    if (client !== this.#client) return
    // MQTT 5: a broker may disconnect who has more in flight than it announced
    this.#window = Math.min(this.#door.window ?? DEFAULT_WINDOW, connack.properties?.receiveMaximum ?? DEFAULT_WINDOW)
    if (this.#announcement !== null) this.#say(client, this.#announcement)
    if (this.#door.listen !== undefined) client.subscribe(this.#door.listen.topic, { qos: 1 }, ignore)
    this.#pump()
  }

  #say(client: MqttClient, { topic, payload }: Announcement): void {
    this.#saying += 1
    client.publish(topic, payload, { qos: 1, retain: true }, () => {
      this.#saying -= 1
    })
  }

  #pump(): void {
    const client = this.#client
    if (!client?.connected) return
    for (const [order, pending] of this.#waiting) {
      if (this.#inFlight.size >= this.#window) return
      this.#waiting.delete(order)
      this.#inFlight.set(order, pending)
      this.#transmit(client, order, pending)
    }
  }

  #transmit(client: MqttClient, order: number, { message, onOutcome }: Pending): void {
    const { topic, payload, contentType } = message
    const properties = contentType === undefined ? {} : { properties: { contentType } }
    client.publish(topic, payload, { qos: 1, ...properties }, (error) => {
      // without PUBACK it stays, and the next connection sends it again
      if (error) return
      const isNews = this.#inFlight.delete(order) || this.#waiting.delete(order)
      if (!isNews) return
      this.#acked += 1
      onOutcome('acked')
      this.#pump()
    })
  }

  #lost(client: MqttClient): void {
    client.end(true)
    if (client !== this.#client) return
    this.#client = null
    this.#putBack()
    setTimeout(() => {
      if (this.#radio === 'on' && this.#client === null) this.#connect()
    }, this.#door.reconnectMs ?? RECONNECT_MS)
  }

  #putBack(): void {
    this.#waiting = new Map([...this.#inFlight, ...this.#waiting])
    this.#inFlight = new Map()
  }
}

/** Where a link goes, as whom, and what it says and hears there beside its messages. */
export type LinkDoor = {
  mqttUrl: string
  clientId: string
  /** Empty: anonymous. */
  username: string
  password: string
  /** 4 is MQTT 3.1.1, which every broker speaks and where nothing is taken from; 5 tells the content type. */
  protocolVersion?: 4 | 5
  /** Retained by the broker when the link is lost without goodbye. */
  will?: Announcement
  /** The first word on every connection, until `announce` replaces it. */
  announcement?: Announcement
  listen?: { topic: string; onMessage: (topic: string, payload: Uint8Array) => void } | undefined
  /** Messages kept without PUBACK, on the wire or not; the oldest is forgotten first. */
  maxUnacked?: number
  /** Of these, on the wire. */
  window?: number
  /** Pause before the next try. */
  reconnectMs?: number
}

export type OutgoingMessage = { topic: string; payload: string | Buffer; contentType?: string }
export type Announcement = { topic: string; payload: string }

/** What became of a publish; a full memory forgets its oldest message. */
export type Outcome = 'acked' | 'forgotten'

type Pending = { message: OutgoingMessage; onOutcome: (outcome: Outcome) => void }

const CONNECT_TIMEOUT_MS = 5000
const RECONNECT_MS = 200
const GOODBYE_MS = 1000
const GOODBYE_POLL_MS = 5
/** Well below the 65,535 packet identifiers of a connection. */
const DEFAULT_WINDOW = 1000
/** A week of one message a minute. */
const DEFAULT_MAX_UNACKED = 10_000

function clientOptions(door: LinkDoor): IClientOptions {
  const { clientId, username, password, protocolVersion = 4, will } = door
  return {
    protocolVersion,
    clientId,
    ...(username === '' ? {} : { username, password }),
    ...(will === undefined
      ? {}
      : { will: { ...will, payload: Buffer.from(will.payload), qos: 1 as const, retain: true } }),
    connectTimeout: CONNECT_TIMEOUT_MS,
    reconnectPeriod: 0,
  }
}

function ignore(): void {
  // whoever does not wait for the outcome
}
