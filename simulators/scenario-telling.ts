import { isoInstant } from '../src/domain/units.ts'
import { Firmware, type Transmission } from './device/firmware.ts'
import type { ToldReading, TrueSample } from './device/measuring.ts'
import { measured } from './physics/probe.ts'
import { seedOf } from './random.ts'
import type { Script, SensorPart } from './scenario.ts'

/** Where and with which noise a scenario is played; epoch ms. */
export type Staging = { startAt: number; seed: number; name: string }

/** What a sensor does at an instant of the play (ms since its start): its radio, and what it sends. */
export type Telling = { atMs: number; radio: 'on' | 'off' | 'dead'; transmissions: readonly Transmission[] }

/** When the journey itself began: now, unless it is told afterwards. */
export function journeyStart(script: Script, { startAt }: Staging): number {
  return script.afterwards?.journeyAt ?? startAt
}

/** All that a sensor tells, in order; the same for the play and for the oracle, but for the id in its messages. */
export function tellingsOf(script: Script, part: SensorPart, staging: Staging & { sensorId: number }): Telling[] {
  const startAt = journeyStart(script, staging)
  const firmware = new Firmware(part.device, { sensorId: staging.sensorId, startAt })
  const tellings: Telling[] = samplesOf(part, startAt, seedOf(staging.seed, `${staging.name} ${part.key}`)).map(
    (sample) => ({ ...firmware.measure(sample), atMs: sample.at - startAt }),
  )
  if (part.readOutMs !== null) tellings.push({ ...firmware.flush(), atMs: part.readOutMs })
  const live = [...tellings, ...downloads(part, tellings)].sort((a, b) => a.atMs - b.atMs)
  return live.map((telling) => ({
    ...telling,
    atMs: script.afterwards?.toldMs ?? telling.atMs,
    transmissions: telling.transmissions.map((transmission) => localised(part, transmission)),
  }))
}

function samplesOf(part: SensorPart, startAt: number, seed: number): TrueSample[] {
  const milliCAt = measured(part.curve, part.probe, { seed, inputs: part.inputs })
  const samples: TrueSample[] = []
  for (let sinceMs = part.fromMs; sinceMs < part.untilMs; sinceMs += part.intervalMs) {
    samples.push({ at: startAt + sinceMs, milliC: milliCAt(sinceMs) })
    if (part.echoMs === null) continue
    samples.push({ at: startAt + sinceMs + part.echoMs, milliC: milliCAt(sinceMs + part.echoMs) })
  }
  return samples
}

const READINGS_PER_DOWNLOAD = 50

/** A download sends all of the memory again, under numbers of its own. */
function downloads(part: SensorPart, tellings: readonly Telling[]): Telling[] {
  return part.downloadsMs.map((atMs, index) => {
    const told = tellings
      .filter((telling) => telling.atMs <= atMs)
      .flatMap(({ transmissions }) => transmissions.flatMap((transmission) => transmission.told))
    const transmissions: Transmission[] = []
    for (let from = 0; from < told.length; from += READINGS_PER_DOWNLOAD) {
      const seq = (index + 1) * 1_000_000 + from
      const sentAt = (told[0]?.at ?? 0) + atMs
      const some = told.slice(from, from + READINGS_PER_DOWNLOAD)
      transmissions.push({ ...native(seq, some, isoInstant), seq, sentAt, told: some, copy: 'resent' })
    }
    return { atMs, radio: 'on', transmissions }
  })
}

function localised({ localOffsetMs }: SensorPart, transmission: Transmission): Transmission {
  if (localOffsetMs === null) return transmission
  const local = (at: number) => localText(at, localOffsetMs(at))
  return { ...transmission, ...native(transmission.seq, transmission.told, local) }
}

function native(seq: number, told: readonly ToldReading[], instant: (at: number) => string) {
  const readings = told.map(({ at, channel, value, unit }) => ({ at: instant(at), channel, value, unit }))
  return { ending: '', contentType: 'application/json', payload: JSON.stringify({ seq, readings }) }
}

/** `2026-03-29T03:10:00.000+02:00`: the wall clock of a place, with its offset. */
function localText(at: number, offsetMs: number): string {
  const minutes = Math.abs(offsetMs) / 60_000
  const two = (value: number) => String(value).padStart(2, '0')
  const offset = `${offsetMs < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
  return isoInstant(at + offsetMs).replace('Z', offset)
}
