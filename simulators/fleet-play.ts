import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises'
import { exactC, isoInstant } from '../src/domain/units.ts'
import type { FleetClock } from './fleet-clock.ts'
import type { FleetFault } from './fleet-scenario.ts'
import { FleetSchedule } from './fleet-schedule.ts'
import { type FleetSensor, fateOf, isHit, sampleMs, uploadedWith } from './fleet-sensor.ts'

/** What a fleet's play needs: who measures, where messages go, and what time it is. */
export type FleetPlay = {
  sensors: readonly FleetSensor[]
  faults: readonly FleetFault[]
  startAt: number
  /** Resolves when the message is on its way. */
  publish: (sensor: FleetSensor, payload: string) => Promise<void>
  clock: FleetClock
}

/**
 * Lets every sensor measure and send in simulated time until the clock says that it is over. One loop and one schedule
 * for all: what is due is sent, a full connection is waited for. Answers when it stopped, in ms since the start:
 * everything due by then was published.
 */
export async function playFleet(play: FleetPlay): Promise<{ stoppedMs: number }> {
  const { sensors, clock, startAt } = play
  const stage: Stage = {
    ...play,
    schedule: new FleetSchedule(sensors.length),
    samples: new Uint32Array(sensors.length),
    seqs: new Uint32Array(sensors.length),
    held: new Map(),
  }
  for (const sensor of sensors) stage.schedule.push(sensor.index, dueMs(sensor, 0))
  for (;;) {
    const at = clock.now()
    await sendUntil(stage, at - startAt)
    if (clock.isOver(at)) {
      for (const [index, payload] of stage.held) await sendAs(stage, index, payload)
      return { stoppedMs: at - startAt }
    }
    await pause(TICK_MS)
  }
}

const TICK_MS = 10
/** A turn of the loop for the sockets after so many sensors. */
const TURN_EVERY = 100

type Stage = FleetPlay & {
  schedule: FleetSchedule
  /** Next sample and last sequence number of each sensor. */
  samples: Uint32Array
  seqs: Uint32Array
  /** Messages that the next one of their sensor overtakes. */
  held: Map<number, string>
}

function dueMs(sensor: FleetSensor, k: number): number {
  return sampleMs(sensor, k) + sensor.sendDelayMs
}

async function sendUntil(stage: Stage, untilMs: number): Promise<void> {
  const { schedule, samples, sensors } = stage
  for (let count = 1; schedule.nextMs() <= untilMs; count += 1) {
    const index = schedule.pop()
    const sensor = sensors[index]
    const k = samples[index] ?? 0
    if (sensor === undefined) throw new Error(`there is no sensor ${index}`)
    if (fateOf(sensor, k) === 'sent') await sendSample(stage, sensor, k)
    samples[index] = k + 1
    schedule.push(index, dueMs(sensor, k + 1))
    if (count % TURN_EVERY === 0) await nextTurn()
  }
}

/** The radio is on: what was kept goes first, a day's memory in few messages. */
async function sendSample(stage: Stage, sensor: FleetSensor, k: number): Promise<void> {
  const { faults, held } = stage
  const kept = uploadedWith(sensor, k)
  for (let from = 0; from < kept.length; from += READINGS_PER_UPLOAD) {
    const part = kept.slice(from, from + READINGS_PER_UPLOAD)
    await stage.publish(sensor, messageOf(stage, sensor, { samples: part, sentMs: dueMs(sensor, k) }))
  }
  const payload = messageOf(stage, sensor, { samples: [k], sentMs: dueMs(sensor, k) })
  const overtaken = held.get(sensor.index)
  if (overtaken === undefined && faults.includes('reorder') && isHit(sensor, k, 'reorder')) {
    held.set(sensor.index, payload)
    return
  }
  await stage.publish(sensor, payload)
  if (faults.includes('duplicates') && isHit(sensor, k, 'duplicates')) await stage.publish(sensor, payload)
  if (overtaken === undefined) return
  held.delete(sensor.index)
  await stage.publish(sensor, overtaken)
}

const READINGS_PER_UPLOAD = 24

async function sendAs({ sensors, publish }: Stage, index: number, payload: string): Promise<void> {
  const sensor = sensors[index]
  if (sensor !== undefined) await publish(sensor, payload)
}

function messageOf(
  { seqs, startAt }: Stage,
  sensor: FleetSensor,
  { samples, sentMs }: { samples: readonly number[]; sentMs: number },
): string {
  const seq = (seqs[sensor.index] ?? 0) + 1
  seqs[sensor.index] = seq
  const readings = samples.map((k) => {
    const sinceMs = sampleMs(sensor, k)
    const value = exactC(sensor.toldMilliC(sinceMs))
    return { at: isoInstant(startAt + sinceMs), channel: 'probe', value, unit: 'CEL' }
  })
  return JSON.stringify({ seq, sentAt: isoInstant(startAt + sentMs), readings })
}
