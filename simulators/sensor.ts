import { connect, type MqttClient } from 'mqtt'
import { exactC, isoInstant } from '../src/domain/units.ts'
import { waitUntil } from './wait.ts'

/**
 * A sensor as the service meets it: measures, publishes at QoS 1 under its own credentials, keeps what nobody has
 * acknowledged, and remembers what it measures while its radio is off.
 *
 *   send ──► unacked ──► broker ──► PUBACK: forgotten
 *              ▲  └── every new connection publishes them again, in order
 *   store ──► memory ──► upload (few large messages)
 *
 * It opens every connection itself instead of using the MQTT client's reconnecting: that keeps the one place that
 * decides what is sent again in this file.
 */
export class SimulatedSensor {
  readonly #door: SensorDoor
  /** Payloads without PUBACK, by the order in which they were first published. */
  readonly #unacked = new Map<number, string>()
  #memory: SensorReading[] = []
  #client: MqttClient | null = null
  #radio: 'on' | 'off' = 'off'
  #seq = 0
  #published = 0
  #lastProblem = 'no connection yet'

  constructor(door: SensorDoor) {
    this.#door = door
  }

  /** Switches the radio on; the connection comes up by itself, and again after every loss. */
  goOnline(): void {
    if (this.#radio === 'on') return
    this.#radio = 'on'
    this.#connect()
  }

  /** Switches the radio off at once, as flight mode does; what is not acknowledged is sent again later. */
  goOffline(): void {
    this.#radio = 'off'
    this.#client?.end(true)
    this.#client = null
  }

  /** Publishes readings as one message. */
  send(readings: readonly SensorReading[]): void {
    this.#seq += 1
    this.#publish(this.#payload(readings))
  }

  /** Publishes readings twice with one sequence number, as a repeating network does. */
  sendTwice(readings: readonly SensorReading[]): void {
    this.send(readings)
    this.#publish(this.#payload(readings))
  }

  /** Keeps a reading in memory until `upload`. */
  store(reading: SensorReading): void {
    this.#memory.push(reading)
  }

  /** A reading lost for good leaves a hole in the sequence numbers. */
  lose(): void {
    this.#seq += 1
  }

  /** Publishes the memory, many readings per message. */
  upload(): void {
    const memory = this.#memory.splice(0)
    for (let index = 0; index < memory.length; index += READINGS_PER_UPLOAD) {
      this.send(memory.slice(index, index + READINGS_PER_UPLOAD))
    }
  }

  /** Messages published and acknowledged so far; a repeated one counts twice. */
  progress(): { published: number; acked: number } {
    return { published: this.#published, acked: this.#published - this.#unacked.size }
  }

  /** Waits until every published message is acknowledged; throws after `deadlineMs`. */
  async settled(deadlineMs: number): Promise<void> {
    const what = () =>
      `sensor ${this.#door.sensorId} still waits for ${this.#unacked.size} acknowledgements (${this.#lastProblem})`
    await waitUntil(() => this.#unacked.size === 0, { deadlineMs, what })
  }

  #payload(readings: readonly SensorReading[]): string {
    return JSON.stringify({
      seq: this.#seq,
      sentAt: isoInstant(this.#door.now()),
      readings: readings.map(({ at, milliC }) => ({
        at: isoInstant(at),
        channel: 'probe',
        value: exactC(milliC),
        unit: 'CEL',
      })),
    })
  }

  #publish(payload: string): void {
    this.#published += 1
    const order = this.#published
    this.#unacked.set(order, payload)
    if (this.#client?.connected) this.#transmit(this.#client, order, payload)
  }

  #transmit(client: MqttClient, order: number, payload: string): void {
    client.publish(topicOf(this.#door), payload, { qos: 1 }, (error) => {
      // without PUBACK it stays, and the next connection sends it again
      if (!error) this.#unacked.delete(order)
    })
  }

  #connect(): void {
    const { mqttUrl, sensorId, secret } = this.#door
    const client = connect(mqttUrl, {
      protocolVersion: 4,
      clientId: `sensor-${sensorId}`,
      username: String(sensorId),
      password: secret,
      connectTimeout: CONNECT_TIMEOUT_MS,
      reconnectPeriod: 0,
    })
    this.#client = client
    client.on('connect', () => {
      for (const [order, payload] of this.#unacked) this.#transmit(client, order, payload)
    })
    client.on('error', (error) => {
      this.#lastProblem = error.message
    })
    client.on('close', () => this.#lost(client))
  }

  #lost(client: MqttClient): void {
    client.end(true)
    if (client !== this.#client) return
    this.#client = null
    setTimeout(() => {
      if (this.#radio === 'on' && this.#client === null) this.#connect()
    }, RECONNECT_MS)
  }
}

/** Where a sensor publishes, as whom, and by which clock. `topicPrefix` is `unbroken/v1` where not given. */
export type SensorDoor = {
  mqttUrl: string
  sensorId: number
  secret: string
  now: () => number
  topicPrefix?: string
}

/** Epoch ms and milli-degrees Celsius. */
export type SensorReading = { at: number; milliC: number }

const READINGS_PER_UPLOAD = 24
const CONNECT_TIMEOUT_MS = 5000
const RECONNECT_MS = 200

function topicOf({ sensorId, topicPrefix = 'unbroken/v1' }: SensorDoor): string {
  return `${topicPrefix}/${sensorId}/readings`
}
