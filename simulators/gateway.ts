import { Link, type LinkDoor, type Outcome } from './link.ts'
import { waitUntil } from './wait.ts'

/**
 * One MQTT connection for many sensors, each on its own topic, as a gateway in a lorry has it; the user name is the
 * gateway's. Its memory is bounded, and who publishes must look first:
 *
 *   while (!gateway.hasRoom()) await gateway.room()
 *   const outcome = gateway.publish(sensorId, payload)   // not awaited: many may be on their way
 */
export class Gateway {
  readonly #door: GatewayDoor
  readonly #link: Link
  readonly #maxUnacked: number
  #waiters: (() => void)[] = []
  #closed = false

  constructor(door: GatewayDoor) {
    this.#door = door
    this.#maxUnacked = door.maxUnacked ?? DEFAULT_MAX_UNACKED
    const { mqttUrl, username, secret, clientId = `gateway-${username}` } = door
    const { protocolVersion = 4, window = DEFAULT_WINDOW, reconnectMs = RECONNECT_MS } = door
    const link = { mqttUrl, clientId, username, password: secret, protocolVersion, window, reconnectMs }
    const heard = door.listen === undefined ? {} : { listen: door.listen }
    this.#link = new Link({ ...link, ...heard, maxUnacked: this.#maxUnacked })
    this.#link.goOnline()
  }

  /**
   * Publishes for one sensor. Resolves at the PUBACK, over as many connections as that takes, or as forgotten
   * when the gateway is closed before. Throws when the gateway is full or closed. `ending`
   * follows the topic's `readings`, as `/senml` does.
   */
  publish(
    sensorId: number,
    payload: string | Buffer,
    { ending = '', contentType }: MessageFormat = {},
  ): Promise<Outcome> {
    if (this.#closed) throw new Error('the gateway is closed')
    if (!this.hasRoom()) throw new Error(`the gateway holds ${this.#maxUnacked} messages: wait until it has room`)
    const topic = `${this.#door.topicPrefix ?? DEFAULT_TOPIC_PREFIX}/${sensorId}/readings${ending}`
    const message = { topic, payload, ...(contentType === undefined ? {} : { contentType }) }
    return new Promise((resolve) => {
      this.#link.publish(message, (outcome) => {
        resolve(outcome)
        // not at every PUBACK: thousands may be waiting
        if (this.inFlight() <= this.#maxUnacked / 2) this.#letIn()
      })
    })
  }

  /** Messages without PUBACK: on the wire, or waiting for the wire. */
  inFlight(): number {
    return this.#link.unacked()
  }

  hasRoom(): boolean {
    // of a closed gateway nobody shall wait for room: publishing says that it is closed
    return this.#closed || this.inFlight() < this.#maxUnacked
  }

  /** Resolves when half of the memory is free again; others may fill it first, so look again with `hasRoom`. */
  room(): Promise<void> {
    if (this.hasRoom()) return Promise.resolve()
    return new Promise((resolve) => this.#waiters.push(resolve))
  }

  progress(): { published: number; acked: number } {
    return this.#link.progress()
  }

  /** Waits for the first connection; throws after `deadlineMs`. */
  async connected(deadlineMs: number): Promise<void> {
    const what = () => `the gateway ${this.#door.username} to connect to ${this.#door.mqttUrl}`
    await waitUntil(() => this.#link.isConnected(), { deadlineMs, what })
  }

  settled(deadlineMs: number): Promise<void> {
    return this.#link.settled(deadlineMs)
  }

  /** Loses the connection as a tunnel does; everything without PUBACK is sent again on the next. */
  goOffline(): void {
    this.#link.goOffline()
  }

  goOnline(): void {
    this.#link.goOnline()
  }

  /** Says goodbye and gives up what has no PUBACK by then. */
  async close(): Promise<void> {
    this.#closed = true
    this.#letIn()
    await this.#link.close()
    this.#link.forgetAll()
  }

  #letIn(): void {
    const waiters = this.#waiters
    this.#waiters = []
    for (const enter of waiters) enter()
  }
}

export type GatewayDoor = {
  mqttUrl: string
  username: string
  secret: string
  /** `gateway-` and the user name where not given; two links of one name push each other out. */
  clientId?: string
  topicPrefix?: string
  protocolVersion?: 4 | 5
  /** Messages kept without PUBACK, on the wire or not. */
  maxUnacked?: number
  /** Messages on the wire without PUBACK. */
  window?: number
  reconnectMs?: number
  /** What the gateway hears for its sensors, as their downlinks. */
  listen?: LinkDoor['listen']
}

export type MessageFormat = { ending?: string; contentType?: string }

const DEFAULT_TOPIC_PREFIX = 'unbroken/v1'
/** Ten seconds of a thousand sensors at one message a second. */
const DEFAULT_MAX_UNACKED = 10_000
const DEFAULT_WINDOW = 1000
const RECONNECT_MS = 200
