import type { Silence } from '../journey.ts'

/**
 * How one device behaves, as data. All times are ms since the device's start, in true time; a device without any
 * misbehaviour is `PLAIN_DEVICE`, and a script names what differs from it.
 */
export type DeviceScript = {
  dialect: Dialect
  channel: string
  tells: TemperatureSaid
  /** The device's clock, in order; the spell that began last holds. None: the clock is right. */
  clock: readonly ClockSpell[]
  /** The value stands still as it was at the first measurement of the spell. */
  stuck: readonly { fromMs: number; toMs: number }[]
  /** The sensing element ages. */
  drift: { fromMs: number; milliCPerDay: number } | null
  /** What the converter can show; beyond it, it shows its end. */
  range: { minMilliC: number; maxMilliC: number } | null
  /** The radio is off: what is measured is uploaded later, or lost for good. */
  silences: readonly Silence[]
  memory: { readings: number; whenFull: 'loses_oldest' | 'loses_newest' }
  readingsPerUpload: number
  /** Sequence numbers begin again at 1; flash keeps what was not uploaded, RAM does not. */
  resets: readonly { atMs: number; memory: 'flash' | 'ram' }[]
  /** From then on nothing is measured or sent, and the memory cannot be read any more. */
  batteryDiesMs: number | null
  /** Every so many messages one is sent twice. */
  duplicateEvery: number | null
  /** Every so many messages one is overtaken by the `by` messages that follow it. */
  overtaken: { every: number; by: number } | null
  /** Every so many messages one is taken for sent and never was, unless somebody asks for it. */
  swallowEvery: number | null
  /** Messages kept for whoever asks for them again. */
  keptMessages: number
  alarm: AlarmRule | null
}

/** Native JSON of this service, or SenML (RFC 8428) as JSON or CBOR. */
export type Dialect = 'native-json' | 'senml-json' | 'senml-cbor'

/** How a temperature leaves the device; the last one is a wrong setting of its unit. SenML has no Fahrenheit. */
export type TemperatureSaid = 'celsius' | 'kelvin' | 'fahrenheit' | 'fahrenheit_as_celsius'

/** From `fromMs` on the clock is `offsetMs` ahead and gains `driftPpm` µs per second. */
export type ClockSpell = { fromMs: number; offsetMs: number; driftPpm: number }

/** The device's own simple rule: out of its limits for `afterMs` without a break. Told beside the readings. */
export type AlarmRule = {
  minMilliC: number | null
  maxMilliC: number | null
  afterMs: number
  toldIn: 'status' | 'envelope'
}

/** Measures what is there and says so at once. */
export const PLAIN_DEVICE: DeviceScript = {
  dialect: 'native-json',
  channel: 'probe',
  tells: 'celsius',
  clock: [],
  stuck: [],
  drift: null,
  range: null,
  silences: [],
  memory: { readings: 10_000, whenFull: 'loses_oldest' },
  readingsPerUpload: 24,
  resets: [],
  batteryDiesMs: null,
  duplicateEvery: null,
  overtaken: null,
  swallowEvery: null,
  keptMessages: 1000,
  alarm: null,
}
