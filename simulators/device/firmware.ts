import { checkDialect, type Encoded, encodeMessage } from './dialect.ts'
import { clockErrorMs, createMeasuring, type ToldReading, type TrueSample } from './measuring.ts'
import type { DeviceScript } from './script.ts'

/**
 * What a device decides, without any network: give it true samples in their order and send what it hands back, over a
 * connection of its own or a gateway's. Deterministic, and its memory is bounded by its script.
 *
 *   measure ─► radio on ──► message ──► sent, sent twice, overtaken, or swallowed (kept, until somebody asks)
 *          └─► radio off ─► memory ──► upload ─┘   └─ full, reset or battery dead: lost
 */
export class Firmware {
  readonly #script: DeviceScript
  readonly #birth: Birth
  readonly #measuring: (sample: TrueSample) => ToldReading
  #nowMs = Number.NEGATIVE_INFINITY
  #seq = 0
  #messages = 0
  #memory: ToldReading[] = []
  /** Messages that may be asked for again, oldest first. */
  #kept = new Map<number, Transmission>()
  #overtaken: { transmission: Transmission; by: number }[] = []
  #uploaded = new Set<number>()
  #asked: readonly SeqRange[] = []
  #attempt = 0
  #outSince: number | null = null
  #alarm = false

  constructor(script: DeviceScript, birth: Birth) {
    checkDialect(script)
    this.#script = script
    this.#birth = birth
    this.#measuring = createMeasuring(script, birth.startAt)
  }

  /** The device at the instant of a sample; instants must rise. */
  measure(sample: TrueSample): Step {
    const sinceMs = sample.at - this.#birth.startAt
    const wasMs = this.#nowMs
    this.#nowMs = sinceMs
    const { batteryDiesMs, resets, silences } = this.#script
    const step = emptyStep()
    if (batteryDiesMs !== null && sinceMs >= batteryDiesMs) return this.#die(step)
    for (const reset of resets) if (reset.atMs > wasMs && reset.atMs <= sinceMs) this.#reset(reset.memory, step)
    const told = this.#measuring(sample)
    this.#watch(told)
    const silence = silences.find(({ fromMs, toMs }) => sinceMs >= fromMs && sinceMs < toMs)
    if (silence === undefined) {
      this.#uploadIfDue(step)
      this.#send([told], step)
      return this.#done(step, 'on')
    }
    if (silence.memory === 'lost') {
      this.#seq += 1
      step.lost.push(told)
    } else this.#remember(told, step)
    return this.#done(step, 'off')
  }

  /** Everything that still waits inside, as when the device is read out at its journey's end. */
  flush(): Step {
    const step = emptyStep()
    if (this.#isDead()) return this.#die(step)
    this.#upload(step)
    this.#release(step, 'all')
    return this.#done(step, 'on')
  }

  /**
   * The desired state of the downlink changed: sends again what it asks for and did not ask for before, as far as it
   * is kept, with its old number and bytes. The same wish twice, as after a reconnect, is answered once; a higher
   * attempt is a new wish.
   */
  resend(wanted: readonly SeqRange[], attempt = 1): Step {
    const step = emptyStep()
    if (this.#isDead()) return this.#die(step)
    if (attempt > this.#attempt) this.#asked = []
    this.#attempt = attempt
    for (const [seq, transmission] of this.#kept) {
      if (isIn(wanted, seq) && !isIn(this.#asked, seq)) {
        step.transmissions.push({ ...transmission, sentAt: this.#sendingAt(), copy: 'resent' })
      }
    }
    this.#asked = wanted
    return this.#done(step, 'on')
  }

  #isDead(): boolean {
    const { batteryDiesMs } = this.#script
    return batteryDiesMs !== null && this.#nowMs >= batteryDiesMs
  }

  #die(step: Step): Step {
    step.lost.push(...this.#memory.splice(0))
    step.lost.push(...this.#overtaken.splice(0).flatMap(({ transmission }) => transmission.told))
    this.#kept.clear()
    return this.#done(step, 'dead')
  }

  #reset(memory: 'flash' | 'ram', step: Step): void {
    this.#seq = 0
    this.#asked = []
    this.#attempt = 0
    this.#outSince = null
    this.#alarm = false
    this.#kept.clear()
    if (memory === 'ram') step.lost.push(...this.#memory.splice(0))
  }

  #watch({ shownMilliC, at }: ToldReading): void {
    const { alarm } = this.#script
    if (alarm === null) return
    const { minMilliC, maxMilliC, afterMs } = alarm
    const isOut = (minMilliC !== null && shownMilliC < minMilliC) || (maxMilliC !== null && shownMilliC > maxMilliC)
    this.#outSince = isOut ? (this.#outSince ?? at) : null
    this.#alarm = this.#outSince !== null && at - this.#outSince >= afterMs
  }

  #remember(told: ToldReading, step: Step): void {
    const { readings, whenFull } = this.#script.memory
    this.#memory.push(told)
    if (this.#memory.length <= readings) return
    const lost = whenFull === 'loses_oldest' ? this.#memory.shift() : this.#memory.pop()
    if (lost !== undefined) step.lost.push(lost)
  }

  #uploadIfDue(step: Step): void {
    const due = this.#script.silences.filter(
      ({ fromMs, memory }) => memory !== 'lost' && memory.uploadAtMs <= this.#nowMs && !this.#uploaded.has(fromMs),
    )
    for (const { fromMs } of due) this.#uploaded.add(fromMs)
    if (due.length > 0) this.#upload(step)
  }

  #upload(step: Step): void {
    const memory = this.#memory.splice(0)
    for (let index = 0; index < memory.length; index += this.#script.readingsPerUpload) {
      this.#send(memory.slice(index, index + this.#script.readingsPerUpload), step)
    }
  }

  #send(told: readonly ToldReading[], step: Step): void {
    this.#seq += 1
    this.#messages += 1
    const transmission = this.#transmissionOf(told)
    this.#keep(transmission)
    const { swallowEvery, overtaken, duplicateEvery } = this.#script
    if (hits(swallowEvery, this.#messages)) {
      step.swallowed.push(transmission)
      return
    }
    if (overtaken !== null && hits(overtaken.every, this.#messages)) {
      this.#overtaken.push({ transmission, by: overtaken.by })
      return
    }
    step.transmissions.push(transmission)
    if (hits(duplicateEvery, this.#messages)) step.transmissions.push({ ...transmission, copy: 'duplicate' })
    this.#release(step, 'overtaken')
  }

  #transmissionOf(told: readonly ToldReading[]): Transmission {
    const sentAt = this.#sendingAt()
    const { dialect, alarm, clock } = this.#script
    const encoded = encodeMessage(dialect, {
      sensorId: this.#birth.sensorId,
      seq: this.#seq,
      sentAt: sentAt + clockErrorMs(clock, this.#nowMs),
      readings: told,
      alarm: alarm?.toldIn === 'envelope' ? this.#alarm : null,
    })
    return { ...encoded, seq: this.#seq, sentAt, told, copy: 'first' }
  }

  #keep(transmission: Transmission): void {
    this.#kept.set(transmission.seq, transmission)
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > this.#script.keptMessages && oldest !== undefined) this.#kept.delete(oldest)
  }

  /** Sends what has been overtaken often enough, or `all`. */
  #release(step: Step, which: 'overtaken' | 'all'): void {
    for (const waiting of this.#overtaken) waiting.by -= 1
    const isDue = ({ by }: { by: number }) => which === 'all' || by <= 0
    const due = this.#overtaken.filter(isDue)
    this.#overtaken = this.#overtaken.filter((waiting) => !isDue(waiting))
    for (const { transmission } of due) step.transmissions.push({ ...transmission, sentAt: this.#sendingAt() })
  }

  #sendingAt(): number {
    return this.#birth.startAt + this.#nowMs
  }

  #done(step: Step, radio: Step['radio']): Step {
    return Object.assign(step, { radio, alarm: this.#alarm })
  }
}

/** Who the device is and when it was switched on, epoch ms. */
export type Birth = { sensorId: number; startAt: number }

/** Both ends belong to it. */
export type SeqRange = readonly [from: number, to: number]

/** A message on its way, and what the service knows once it has it. `sentAt` is the true instant, epoch ms. */
export type Transmission = Encoded & {
  seq: number
  sentAt: number
  told: readonly ToldReading[]
  copy: 'first' | 'duplicate' | 'resent'
}

/** What one instant of a device comes to. */
export type Step = {
  radio: 'on' | 'off' | 'dead'
  /** To be published, in this order. */
  transmissions: Transmission[]
  /** Readings that nobody will ever see. */
  lost: ToldReading[]
  /** Messages that the device takes for sent; only a request for them brings them. */
  swallowed: Transmission[]
  /** What the device's own rule says now. */
  alarm: boolean
}

function emptyStep(): Step {
  return { radio: 'on', transmissions: [], lost: [], swallowed: [], alarm: false }
}

function hits(every: number | null, count: number): boolean {
  return every !== null && count % every === 0
}

function isIn(ranges: readonly SeqRange[], seq: number): boolean {
  return ranges.some(([from, to]) => seq >= from && seq <= to)
}
