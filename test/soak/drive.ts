import { setTimeout as pause } from 'node:timers/promises'
import { withClient } from '../../db/connect.ts'
import { readWish } from '../../simulators/device/wish.ts'
import { Gateway } from '../../simulators/gateway.ts'
import { until } from '../support/until.ts'
import type { SoakFleet } from './fleet.ts'
import { payloadOf, type SoakMessage, type SoakSensor, type TrafficCounts } from './traffic.ts'

/** The road of a fleet's messages: a few gateways, each for its share of the sensors. */
export type Road = { of: (sensor: SoakSensor) => Gateway; gateways: readonly Gateway[]; close: () => Promise<void> }

type RoadPlan = { mqttUrl: string; topicPrefix: string; startAt: number; counts: TrafficCounts }

const GATEWAYS = 4
const MINUTE_MS = 60_000
const SETTLED_MS = 120_000

/** Connects the gateways; each answers the downlinks of its sensors from what they have sent. */
export async function openRoad({ shipments }: SoakFleet, plan: RoadPlan): Promise<Road> {
  const sensors = shipments.flatMap((shipment) => shipment.sensors)
  const gateways = Array.from({ length: GATEWAYS }, (_, index) => {
    const own = sensors.filter((_sensor, at) => at % GATEWAYS === index)
    const gateway: Gateway = new Gateway({
      mqttUrl: plan.mqttUrl,
      username: `soak-${index}`,
      secret: '',
      topicPrefix: plan.topicPrefix,
      listen: {
        topic: `${plan.topicPrefix}/+/config`,
        onMessage: (topic, payload) => {
          const sensor = own.find(({ id }) => topic === `${plan.topicPrefix}/${id}/config`)
          if (sensor !== undefined) void answer({ gateway, sensor, plan }, payload)
        },
      },
    })
    return gateway
  })
  for (const gateway of gateways) await gateway.connected(10_000)
  const gatewayOf = new Map(sensors.map((sensor, at) => [sensor.id, gateways[at % GATEWAYS]]))
  const of = (sensor: SoakSensor) => {
    const gateway = gatewayOf.get(sensor.id)
    if (gateway === undefined) throw new Error(`sensor ${sensor.id} has no gateway`)
    return gateway
  }
  const close = async () => {
    for (const gateway of gateways) await gateway.close()
  }
  return { of, gateways, close }
}

type Asked = { gateway: Gateway; sensor: SoakSensor; plan: RoadPlan }

/** Sends again what is wished for, from the sensor's memory. */
async function answer({ gateway, sensor, plan }: Asked, payload: Uint8Array): Promise<void> {
  for (const [from, to] of readWish(payload)?.resend ?? []) {
    for (const message of sensor.messages.slice(from, to + 1)) {
      plan.counts.resent += 1
      await send(gateway, sensor, { message, startAt: plan.startAt })
    }
  }
}

type Posting = { message: SoakMessage; startAt: number }

async function send(gateway: Gateway, sensor: SoakSensor, { message, startAt }: Posting): Promise<void> {
  while (!gateway.hasRoom()) await gateway.room()
  void gateway.publish(sensor.id, payloadOf(message, startAt))
}

type Drive = {
  /** At most; `isOver` may end it before. */
  ticks: number
  tickMs: number
  startAt: number
  counts: TrafficCounts
  onTick?: (tick: number) => void
  isOver?: () => boolean
}

/**
 * A minute of every journey per tick; behind time after an outage it catches up as fast as the gateways have room.
 * Answers how many minutes the journeys took.
 */
export async function drive({ shipments }: SoakFleet, road: Road, plan: Drive): Promise<number> {
  const { ticks, tickMs, startAt, counts, onTick, isOver } = plan
  const sensors = shipments.flatMap((shipment) => shipment.sensors)
  const begunAt = performance.now()
  for (let tick = 0; ; tick += 1) {
    const isLast = tick === ticks || isOver?.() === true
    for (const sensor of sensors) {
      for (const message of isLast ? sensor.flush(counts) : sensor.live(tick, counts)) {
        counts.messages += 1
        await send(road.of(sensor), sensor, { message, startAt })
      }
    }
    onTick?.(tick)
    if (isLast) return tick
    await pause(Math.max(0, begunAt + (tick + 1) * tickMs - performance.now()))
  }
}

/** Waits until all is acknowledged and stored, as long as it gets more; says what stayed without either. */
export async function settle(
  road: Road,
  { ownerUrl, counts, say, patienceMs = SETTLED_MS }: Settling,
): Promise<{ unacked: number }> {
  for (const gateway of road.gateways) await gateway.settled(patienceMs).catch((error: unknown) => say(String(error)))
  const unacked = road.gateways.reduce((sum, gateway) => sum + gateway.inFlight(), 0)
  const all = () =>
    withClient(ownerUrl, async (client) => {
      const { rows } = await client.query<{ count: string }>('select count(*) from reading')
      return Number(rows[0]?.count) >= counts.readings
    })
  await until(all, { what: 'every reading to be stored', deadlineMs: patienceMs }).catch((error: unknown) => {
    say(String(error))
  })
  return { unacked }
}

type Settling = { ownerUrl: string; counts: TrafficCounts; say: (line: string) => void; patienceMs?: number }

/** Journeys of so many minutes that end before now, on a full minute: nothing lies in the future. */
export function spanOf(ticks: number): { fromAt: number; toAt: number } {
  const fromAt = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS - (ticks + 60) * MINUTE_MS
  return { fromAt, toAt: fromAt + ticks * MINUTE_MS }
}

/** A road on which nothing has happened yet. */
export function noTraffic(): TrafficCounts {
  return { readings: 0, messages: 0, duplicates: 0, reorders: 0, uploads: 0, resent: 0 }
}
