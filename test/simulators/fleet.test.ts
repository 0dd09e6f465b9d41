import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { buildFleet } from '../../simulators/fleet.ts'
import { fleetTruth } from '../../simulators/fleet-judge.ts'
import { planFleet } from '../../simulators/fleet-plan.ts'
import { playFleet } from '../../simulators/fleet-play.ts'
import {
  type DisturbanceKind,
  type FleetFault,
  type FleetScenario,
  profileShares,
  usualDisturbances,
} from '../../simulators/fleet-scenario.ts'
import { FleetSchedule } from '../../simulators/fleet-schedule.ts'
import { type FleetSensor, sentBy } from '../../simulators/fleet-sensor.ts'

const HOUR_MS = 3_600_000
const START_AT = Date.UTC(2026, 2, 2)

const SCENARIO: FleetScenario = {
  seed: 7,
  sensors: 101,
  shipments: 25,
  durationMs: 24 * HOUR_MS,
  profiles: profileShares('mixed'),
  faults: ['flight'],
  disturbances: usualDisturbances(['flight']),
}

describe('the plan of a fleet', () => {
  test('follows from its seed alone', () => {
    expect(planFleet(SCENARIO)).toEqual(planFleet(SCENARIO))
    expect(planFleet({ ...SCENARIO, seed: 8 })).not.toEqual(planFleet(SCENARIO))
  })

  test('gives every sensor to exactly one shipment', () => {
    const { shipments, sensors } = buildFleet(SCENARIO)
    expect(sensors.map(({ index }) => index)).toEqual(Array.from({ length: 101 }, (_, index) => index))
    expect(shipments.every((shipment) => shipment.sensors === 4 || shipment.sensors === 5)).toBe(true)
  })

  test('has each kind of disturbance at exactly its share, within the journey', () => {
    const planned = planFleet({ ...SCENARIO, shipments: 100, sensors: 100 })
    const count = (kind: DisturbanceKind) => planned.filter(({ disturbance }) => disturbance?.kind === kind).length
    expect(usualDisturbances(['flight']).map(({ kind }) => count(kind))).toEqual([8, 4, 6, 4, 30])
    const times = planned.flatMap(({ disturbance }) => disturbance ?? [])
    expect(times.filter(({ fromMs, toMs }) => fromMs < 0 || toMs <= fromMs || toMs > SCENARIO.durationMs)).toEqual([])
  })

  test('keeps to the times that a scenario names', () => {
    const disturbances = [{ kind: 'warm_spell' as const, share: 1, fromMs: 2 * HOUR_MS, forMs: HOUR_MS }]
    const times = planFleet({ ...SCENARIO, disturbances }).map(({ disturbance }) => disturbance)
    expect(times).toEqual(Array(25).fill(expect.objectContaining({ fromMs: 2 * HOUR_MS, toMs: 3 * HOUR_MS })))
  })
})

test('the schedule answers in order of time, whatever was entered between', () => {
  const entries = fc.array(fc.tuple(fc.nat(1000), fc.boolean()), { maxLength: 200 })
  fc.assert(
    fc.property(entries, (given) => {
      const schedule = new FleetSchedule(given.length)
      const waiting: number[] = []
      for (const [dueMs, takesOut] of given) {
        schedule.push(0, dueMs)
        waiting.push(dueMs)
        waiting.sort((a, b) => a - b)
        expect(schedule.nextMs()).toBe(waiting[0])
        if (!takesOut) continue
        schedule.pop()
        waiting.shift()
      }
      expect(schedule.nextMs()).toBe(waiting[0] ?? Number.POSITIVE_INFINITY)
    }),
  )
})

describe('a play', () => {
  test.each<{ faults: FleetFault[] }>([
    { faults: [] },
    { faults: ['flight'] },
    { faults: ['flight', 'duplicates', 'reorder'] },
  ])('publishes exactly what the truth is computed from ($faults)', async ({ faults }) => {
    const scenario = { ...SCENARIO, faults, disturbances: usualDisturbances(faults) }
    const { sensors, published, stoppedMs } = await played(scenario)
    for (const sensor of sensors) {
      const told = published.filter(({ index }) => index === sensor.index).flatMap(({ readings }) => readings)
      const once = new Map(told.map(({ at, value }) => [Date.parse(at) - START_AT, value]))
      const known = [...sentBy(sensor, stoppedMs)].map(({ sinceMs, milliC }) => [sinceMs, milliC / 1000])
      expect([...once].sort(([a], [b]) => a - b)).toEqual(known)
    }
  })

  test('repeats and reorders a share of the messages where asked for, and else none', async () => {
    const plain = await played({ ...SCENARIO, faults: [] })
    expect(repeated(plain.published)).toBe(0)
    expect(overtaken(plain.published)).toBe(0)
    const faulty = await played({ ...SCENARIO, faults: ['duplicates', 'reorder'] })
    expect(repeated(faulty.published)).toBeGreaterThan(plain.published.length / 50)
    expect(overtaken(faulty.published)).toBeGreaterThan(plain.published.length / 50)
  })

  test('the truth differs per shipment: every kind of disturbance but a flight shows', () => {
    const { shipments, sensors } = buildFleet({ ...SCENARIO, shipments: 100, sensors: 400 })
    const stoppedMs = SCENARIO.durationMs
    const seen = shipments.map((shipment) => {
      const own = sensors.slice(shipment.firstSensor, shipment.firstSensor + shipment.sensors)
      const truth = fleetTruth(
        { shipment, shipmentId: 0, sensors: own, startAt: START_AT, stoppedMs },
        START_AT + stoppedMs + 60_000,
      )
      return { kind: shipment.disturbance?.kind ?? 'none', status: truth.status, suspect: truth.suspect }
    })
    const statusesOf = (kind: string) => new Set(seen.filter((one) => one.kind === kind).map(({ status }) => status))
    expect([...statusesOf('none'), ...statusesOf('flight')]).toEqual(['in_range', 'in_range'])
    expect(statusesOf('warm_spell')).toContain('alarm')
    expect(statusesOf('depletion')).toContain('alarm')
    expect(statusesOf('lost_data')).toEqual(new Set(['indeterminate', 'in_range']))
    expect(seen.filter(({ suspect }) => suspect).map(({ kind }) => kind)).toContain('stuck')
  })
})

type Published = { index: number; seq: number; readings: { at: string; value: number }[] }

/** Plays a scenario within a moment, from its first to its last hour. */
async function played(scenario: FleetScenario) {
  const { sensors } = buildFleet(scenario)
  const published: Published[] = []
  const publish = async ({ index }: FleetSensor, payload: string) => {
    const { seq, readings } = JSON.parse(payload)
    published.push({ index, seq, readings })
  }
  let hours = 0
  const now = () => {
    hours += 1
    return START_AT + hours * HOUR_MS
  }
  const endAt = START_AT + scenario.durationMs
  const clock = { now, isOver: (at: number) => at >= endAt }
  const { stoppedMs } = await playFleet({ sensors, faults: scenario.faults, startAt: START_AT, publish, clock })
  expect(stoppedMs).toBe(scenario.durationMs)
  return { sensors, published, stoppedMs }
}

function repeated(published: readonly Published[]): number {
  return published.length - new Set(published.map(({ index, seq }) => `${index} ${seq}`)).size
}

function overtaken(published: readonly Published[]): number {
  const highest = new Map<number, number>()
  return published.filter(({ index, seq }) => {
    const before = highest.get(index) ?? 0
    highest.set(index, Math.max(before, seq))
    return seq < before
  }).length
}
