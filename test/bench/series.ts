import { MINUTE, T0 } from '../support/limits.ts'
import { PREFIX, type Queued } from './stage.ts'

/** A fleet's messages going on from where the last series ended: instants and sequence numbers never come twice. */
export type Series = { sensors: readonly number[]; slot: number }

/** A reading every quarter of an hour, as the benchmark's limits expect. */
export const STEP_MS = 15 * MINUTE

/** One reading per message, the sensors in turn. */
export function* oneEach(series: Series, messages: number): Generator<Queued> {
  const { sensors } = series
  for (let index = 0; index < messages; index++) {
    const slot = series.slot + Math.floor(index / sensors.length)
    yield message(sensors[index % sensors.length], slot, [reading(slot * STEP_MS, index)])
  }
  series.slot += Math.ceil(messages / sensors.length)
}

/** The same with 1 % of the messages sent twice, 5 % telling something old, and 0.5 % that nobody can read. */
export function* dirty(series: Series, messages: number): Generator<Queued> {
  // goes on over the series, so that other sensors lose messages in each
  let index = series.slot * series.sensors.length
  for (const sound of oneEach(series, messages)) {
    const roll = scattered(index++)
    if (roll < 1) yield { ...sound, payload: sound.payload.slice(0, -9) }
    else if (roll < 11) yield aged(sound)
    else yield sound
    if (roll === 11 || roll === 12) yield sound
  }
}

/** 0 to 199, as if by chance: one message's tells nothing of the sensor's next (the end of MurmurHash3, public). */
function scattered(index: number): number {
  const once = Math.imul(index ^ (index >>> 16), 0x85ebca6b)
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2ae35)
  return ((twice ^ (twice >>> 16)) >>> 0) % 200
}

/** Thirty slots and some minutes older: late, and at an instant of its own. */
function aged({ topic, payload }: Queued): Queued {
  const { seq, readings } = JSON.parse(payload)
  const at = new Date(Date.parse(readings[0].at) - 30 * STEP_MS + 7 * MINUTE).toISOString()
  return { topic, payload: JSON.stringify({ seq, readings: [{ ...readings[0], at }] }) }
}

/** Messages of 60 readings a minute apart: loggers that upload after a flight. */
export function* hours(series: Series, messages: number): Generator<Queued> {
  const { sensors } = series
  for (let index = 0; index < messages; index++) {
    const hour = series.slot + Math.floor(index / sensors.length)
    const readings = Array.from({ length: 60 }, (_, minute) => reading((hour * 60 + minute) * MINUTE, minute))
    yield message(sensors[index % sensors.length], hour, readings)
  }
  series.slot += Math.ceil(messages / sensors.length)
}

function message(sensorId: number | undefined, seq: number, readings: string[]): Queued {
  return { topic: `${PREFIX}/${sensorId}/readings`, payload: `{"seq":${seq},"readings":[${readings.join(',')}]}` }
}

/** In limits, with a little noise. */
function reading(sinceMs: number, index: number): string {
  const at = new Date(T0 + sinceMs).toISOString()
  return `{"at":"${at}","channel":"probe","value":${5 + (index % 11) / 10},"unit":"CEL"}`
}
