import { exactC, isoInstant } from '../src/domain/units.ts'
import { Link } from './link.ts'

/**
 * A sensor as the demo needs it: measures, publishes at QoS 1 under its own credentials, keeps what nobody has
 * acknowledged, and remembers what it measures while its radio is off. What can go wrong inside a sensor is in
 * `device/`.
 *
 *   send ──► link ──► broker ──► PUBACK: forgotten
 *   store ──► memory ──► upload (few large messages)
 */
export class SimulatedSensor {
  readonly #door: SensorDoor
  readonly #link: Link
  #memory: SensorReading[] = []
  #seq = 0

  constructor(door: SensorDoor) {
    this.#door = door
    const { mqttUrl, sensorId, secret } = door
    this.#link = new Link({ mqttUrl, clientId: `sensor-${sensorId}`, username: String(sensorId), password: secret })
  }

  /** Switches the radio on; the connection comes up by itself, and again after every loss. */
  goOnline(): void {
    this.#link.goOnline()
  }

  /** Switches the radio off at once, as flight mode does; what is not acknowledged is sent again later. */
  goOffline(): void {
    this.#link.goOffline()
  }

  /** Publishes readings as one message. */
  send(readings: readonly SensorReading[]): void {
    this.#seq += 1
    this.#publish(readings)
  }

  /** Publishes readings twice with one sequence number, as a repeating network does. */
  sendTwice(readings: readonly SensorReading[]): void {
    this.send(readings)
    this.#publish(readings)
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
    return this.#link.progress()
  }

  /** Waits until every published message is acknowledged; throws after `deadlineMs`. */
  settled(deadlineMs: number): Promise<void> {
    return this.#link.settled(deadlineMs)
  }

  #publish(readings: readonly SensorReading[]): void {
    const { sensorId, topicPrefix = DEFAULT_TOPIC_PREFIX, now } = this.#door
    const payload = JSON.stringify({
      seq: this.#seq,
      sentAt: isoInstant(now()),
      readings: readings.flatMap(said),
    })
    this.#link.publish({ topic: `${topicPrefix}/${sensorId}/readings`, payload })
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

/** Epoch ms and milli-degrees Celsius, and what its gauges showed then, where it has some. */
export type SensorReading = { at: number; milliC: number; gauges?: Gauges | null }

/** The angle from upright, and the weight of everything: what the coolant left is estimated from. */
export type Gauges = { tiltDeg: number; massG: number }

function said({ at, milliC, gauges = null }: SensorReading) {
  const temperature = { at: isoInstant(at), channel: 'probe', value: exactC(milliC), unit: 'CEL' }
  if (gauges === null) return [temperature]
  return [
    temperature,
    { at: temperature.at, channel: 'tilt', value: gauges.tiltDeg, unit: 'DD' },
    { at: temperature.at, channel: 'mass', value: gauges.massG, unit: 'GRM' },
  ]
}

const READINGS_PER_UPLOAD = 24
const DEFAULT_TOPIC_PREFIX = 'unbroken/v1'
