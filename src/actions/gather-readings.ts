import type { ReceivedMessage } from '../domain/message.ts'
import type { SensorMemory } from './recorder-memory.ts'
import { byKey, SOURCE, type ToStore } from './store-readings.ts'

/** The sensors of a batch by id, with or without readings. */
export type Gathered = ReadonlyMap<number, SensorInBatch>

/**
 * A sensor of a batch: its readings in order of key, what is remembered of it (null where it is not known, or not known
 * yet), how new its readings were before the batch, and are up to the message whose number is followed. One entry for
 * each, filled in on the way: with 10,000 sensors a map more costs as much as a statement.
 */
export type SensorInBatch = {
  readings: ToStore[]
  memory: SensorMemory | null
  newestAt: number
  followedAt: number
}

/** Gathers what messages bring: one pass, since readings of a sensor come mostly in order. */
export function gather(messages: readonly ReceivedMessage[]): Gathered {
  const gathered = new Map<number, SensorInBatch>()
  for (const { parsed, receivedAt, payload } of messages) {
    const { sensorId, seq } = parsed
    if (sensorId === null) continue
    let sensor = gathered.get(sensorId)
    if (sensor === undefined) {
      sensor = { readings: [], memory: null, newestAt: BEFORE_ALL, followedAt: BEFORE_ALL }
      gathered.set(sensorId, sensor)
    }
    for (const { at, channel, milliC, raw } of parsed.readings) {
      sensor.readings.push({ sensorId, channel, at, milliC, raw, seq, receivedAt, payload, source: SOURCE.live })
    }
  }
  for (const { readings } of gathered.values()) if (!isInOrder(readings)) readings.sort(byKey)
  return gathered
}

const BEFORE_ALL = Number.NEGATIVE_INFINITY

/** How many readings there are. */
export function countOf(gathered: Gathered): number {
  let count = 0
  for (const { readings } of gathered.values()) count += readings.length
  return count
}

/**
 * The readings of the sensors that are known, in order of key. Numbers alone sort a fifth faster than pairs of them and
 * lists: 1.1 instead of 1.4 ms for 5,000.
 */
export function readingsOf(gathered: Gathered): ToStore[] {
  const all: ToStore[] = []
  for (const id of Float64Array.from(gathered.keys()).sort()) {
    const sensor = gathered.get(id)
    if (sensor !== undefined && sensor.memory !== null) for (const reading of sensor.readings) all.push(reading)
  }
  return all
}

function isInOrder(list: readonly ToStore[]): boolean {
  for (let index = 1; index < list.length; index++) {
    const [before, reading] = [list[index - 1], list[index]]
    if (before !== undefined && reading !== undefined && byKey(before, reading) > 0) return false
  }
  return true
}
