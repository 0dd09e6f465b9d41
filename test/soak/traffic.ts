import { gaussian, type Random, seededRandom, seedOf } from '../../simulators/random.ts'

/** One reading of a soak: its minute since the journeys' start, milli-degrees Celsius. */
export type SoakReading = { minute: number; milliC: number }

/** What a sensor publishes at once, under its own consecutive number. */
export type SoakMessage = { seq: number; readings: readonly SoakReading[] }

/** How often each thing happened to the traffic. */
export type TrafficCounts = {
  readings: number
  messages: number
  duplicates: number
  reorders: number
  uploads: number
  /** Messages sent again because the service asked for them. */
  resent: number
}

/**
 * One sensor of a soak: what it measures and what becomes of it, drawn from the seed alone. Call `live` for each
 * minute of the journey in turn; `sent` then holds every reading that was ever published, `messages` how.
 *
 *   measured ─► nobody measures (hole) | offline: memory ─► upload, newest first | buffered ─► message
 *                                                            message ─► sent | sent twice | after the next one
 */
export class SoakSensor {
  readonly id: number
  readonly sent: SoakReading[] = []
  /** By sequence number: what the sensor can send again. */
  readonly messages: SoakMessage[] = []
  readonly #random: Random
  readonly #perMessage: number
  readonly #warmth: (minute: number) => number
  #silence: { kind: 'hole' | 'offline'; untilMinute: number } | null = null
  #buffer: SoakReading[] = []
  #memory: SoakReading[] = []
  #overtaken: SoakMessage | null = null

  constructor(id: number, born: { seed: number; shipment: number; place: number }) {
    this.id = id
    this.#random = seededRandom(seedOf(born.seed, `sensor ${born.shipment}/${born.place}`))
    this.#perMessage = PER_MESSAGE[Math.floor(this.#random() * PER_MESSAGE.length)] ?? 1
    this.#warmth = warmthOf(seededRandom(seedOf(born.seed, `weather ${born.shipment}`)))
  }

  /** The messages of a minute, in the order in which they leave. */
  live(minute: number, counts: TrafficCounts): SoakMessage[] {
    const reading = { minute, milliC: this.#measure(minute) }
    const messages: SoakMessage[] = []
    this.#changeSilence(minute, messages, counts)
    if (this.#silence?.kind === 'offline') this.#memory.push(reading)
    if (this.#silence !== null) return messages
    this.#buffer.push(reading)
    if (this.#buffer.length >= this.#perMessage) this.#post(this.#buffer.splice(0), messages, counts)
    return messages
  }

  /** What still waits inside, at the end. */
  flush(counts: TrafficCounts): SoakMessage[] {
    const messages: SoakMessage[] = []
    this.#upload(messages, counts)
    if (this.#buffer.length > 0) this.#post(this.#buffer.splice(0), messages, counts)
    if (this.#overtaken !== null) messages.push(this.#overtaken)
    this.#overtaken = null
    return messages
  }

  #measure(minute: number): number {
    const celsius = 5 + this.#warmth(minute) + gaussian(this.#random, 0.15)
    return Math.round(celsius * 10) * 100
  }

  #changeSilence(minute: number, messages: SoakMessage[], counts: TrafficCounts): void {
    const [chance, kind, length] = [this.#random(), this.#random(), this.#random()]
    if (this.#silence !== null && minute >= this.#silence.untilMinute) {
      this.#silence = null
      this.#upload(messages, counts)
    }
    if (this.#silence !== null || chance > SILENCES_PER_MINUTE || minute < FIRST_SILENCE_MINUTE) return
    const untilMinute = minute + 5 + Math.floor(length * LONGEST_SILENCE_MINUTES)
    this.#silence = { kind: kind < HOLES ? 'hole' : 'offline', untilMinute }
  }

  /** The newest part first, as loggers do that are read out backwards. */
  #upload(messages: SoakMessage[], counts: TrafficCounts): void {
    if (this.#memory.length > 0) counts.uploads += 1
    while (this.#memory.length > 0) this.#post(this.#memory.splice(-PER_UPLOAD), messages, counts)
  }

  #post(readings: SoakReading[], messages: SoakMessage[], counts: TrafficCounts): void {
    const message = { seq: this.messages.length, readings }
    this.messages.push(message)
    for (const reading of readings) this.sent.push(reading)
    counts.readings += readings.length
    const [twice, later] = [this.#random(), this.#random()]
    if (later < REORDERED && this.#overtaken === null) {
      counts.reorders += 1
      this.#overtaken = message
      return
    }
    messages.push(message)
    if (twice < SENT_TWICE) {
      counts.duplicates += 1
      messages.push(message)
    }
    if (this.#overtaken !== null) messages.push(this.#overtaken)
    this.#overtaken = null
  }
}

/** The text of a message whose readings have their instants from `startAt` on. */
export function payloadOf({ seq, readings }: SoakMessage, startAt: number): string {
  const timed = readings.map(({ minute, milliC }) => ({
    at: new Date(startAt + minute * MINUTE_MS).toISOString(),
    value: milliC / 1000,
    unit: 'CEL',
  }))
  return JSON.stringify({ seq, readings: timed })
}

const MINUTE_MS = 60_000
const PER_MESSAGE = [1, 2, 5, 10]
const PER_UPLOAD = 20
const SILENCES_PER_MINUTE = 0.002
const LONGEST_SILENCE_MINUTES = 45
/** By then every sensor has sent its first number: of those before the first one that is seen nobody can know. */
const FIRST_SILENCE_MINUTE = 10
/** Share of silences in which nothing is measured at all. */
const HOLES = 0.2
const SENT_TWICE = 0.02
const REORDERED = 0.03

/** Both sensors of a shipment see its weather: calm, with warm spells of different length. */
function warmthOf(random: Random): (minute: number) => number {
  const spells = Array.from({ length: Math.floor(random() * 4) }, () => {
    const fromMinute = Math.floor(random() * LONGEST_JOURNEY_MINUTES)
    return { fromMinute, toMinute: fromMinute + 5 + Math.floor(random() * 80), kelvin: 2 + random() * 9 }
  })
  return (minute) =>
    Math.max(0, ...spells.map(({ fromMinute, toMinute, kelvin }) => warmth(minute, fromMinute, toMinute) * kelvin))
}

const LONGEST_JOURNEY_MINUTES = 3000

function warmth(minute: number, fromMinute: number, toMinute: number): 0 | 1 {
  return minute >= fromMinute && minute < toMinute ? 1 : 0
}
