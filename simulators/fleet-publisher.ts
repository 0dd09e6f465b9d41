import { setTimeout as pause } from 'node:timers/promises'
import { FleetProblem } from './fleet-problem.ts'
import type { Recorder } from './fleet-recording.ts'
import { Gateway } from './gateway.ts'
import { waitUntil } from './wait.ts'

/**
 * The connections of a fleet: few, each for many sensors, opened one after the other. Bounded: who publishes into a
 * full connection waits.
 */
export class FleetPublisher {
  readonly #gateways: readonly Gateway[]
  readonly #topicPrefix: string
  readonly #recorder: Recorder | null
  /** By the order of publishing, so the first is the oldest. */
  readonly #unackedSince = new Map<number, number>()
  #published = 0
  #acked = 0

  private constructor(gateways: readonly Gateway[], { topicPrefix, recorder }: PublisherDoor) {
    this.#gateways = gateways
    this.#topicPrefix = topicPrefix
    this.#recorder = recorder
  }

  /** Connects, at most a hundred new connections a second; throws a `FleetProblem` where the broker takes none. */
  static async open(door: PublisherDoor): Promise<FleetPublisher> {
    const gateways: Gateway[] = []
    try {
      for (let nth = 0; nth < door.connections; nth += 1) {
        const { mqttUrl, username, secret, topicPrefix } = door
        const clientId = `fleet-${door.run}-${nth}`
        gateways.push(new Gateway({ mqttUrl, username, secret, topicPrefix, clientId, maxUnacked: MAX_UNACKED }))
        await pause(RAMP_MS)
      }
      for (const gateway of gateways) await gateway.connected(CONNECT_WITHIN_MS)
    } catch (error) {
      await Promise.all(gateways.map((gateway) => gateway.close()))
      throw new FleetProblem(error instanceof Error ? error.message : String(error), { cause: error })
    }
    return new FleetPublisher(gateways, door)
  }

  /** Publishes for the sensor at `index`; resolves when it is on its way, not when it is acknowledged. */
  async publish({ index, sensorId }: { index: number; sensorId: number }, payload: string): Promise<void> {
    const gateway = this.#gateways[index % this.#gateways.length]
    if (gateway === undefined) throw new Error('a fleet needs a connection')
    while (!gateway.hasRoom()) await gateway.room()
    this.#published += 1
    const order = this.#published
    this.#unackedSince.set(order, performance.now())
    gateway.publish(sensorId, payload).then((outcome) => {
      this.#unackedSince.delete(order)
      if (outcome === 'acked') this.#acked += 1
    })
    await this.#recorder?.write({ topic: `${this.#topicPrefix}/${sensorId}/readings`, payload })
  }

  /** `lagMs` is the age of the oldest message without PUBACK. */
  progress(): { published: number; acked: number; inFlight: number; lagMs: number } {
    const [oldest] = this.#unackedSince.values()
    return {
      published: this.#published,
      acked: this.#acked,
      inFlight: this.#unackedSince.size,
      lagMs: oldest === undefined ? 0 : performance.now() - oldest,
    }
  }

  /** Waits for every PUBACK; throws when none has come for a minute. */
  async settled(): Promise<void> {
    while (this.#unackedSince.size > 0) {
      const acked = this.#acked
      const what = () => `PUBACKs: ${this.#unackedSince.size} messages wait for theirs`
      await waitUntil(() => this.#acked > acked || this.#unackedSince.size === 0, { deadlineMs: STALLED_MS, what })
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#gateways.map((gateway) => gateway.close()))
  }
}

export type PublisherDoor = {
  mqttUrl: string
  /** Empty: anonymous. */
  username: string
  secret: string
  topicPrefix: string
  run: string
  connections: number
  recorder: Recorder | null
}

/** Per connection. */
const MAX_UNACKED = 2000
const RAMP_MS = 10
const CONNECT_WITHIN_MS = 30_000
const STALLED_MS = 60_000
