import { decimal, i16, i24, u8, u16 } from './bytes.ts'
import { type Decoded, type Measurement, now } from './measurement.ts'
import { readTagged, type TaggedField } from './tagged.ts'

/**
 * Cayenne Low Power Payload: channel, type, value, and so on (docs.mydevices.com/docs/lorawan/cayenne-lpp; the types
 * beyond it as the library ElectronicCats/CayenneLPP has them). A value is on a channel named after what it measures
 * and the data channel: `temperature_3`. Types that measure nothing of interest here are skipped.
 */
export function decodeCayenneLpp(bytes: Uint8Array): Decoded {
  return readTagged(bytes, 2, (type) => FIELDS.get(type))
}

const FIELDS: ReadonlyMap<number, TaggedField> = new Map<number, TaggedField>([
  /** digital input and output, analog input and output */
  [0, { size: 1 }],
  [1, { size: 1 }],
  [2, { size: 2 }],
  [3, { size: 2 }],
  /** generic sensor */
  [100, { size: 4 }],
  [101, one(2, (bytes, at) => ['light', 'LUX', decimal(u16(bytes, at), 0)])],
  /** presence */
  [102, { size: 1 }],
  [103, one(2, (bytes, at) => ['temperature', 'CEL', decimal(i16(bytes, at), 1)])],
  [104, one(1, (bytes, at) => ['humidity', 'P1', decimal(u8(bytes, at) * 5, 1)])],
  /** accelerometer: the attitude of the device, no shock */
  [113, { size: 6 }],
  [115, one(2, (bytes, at) => ['pressure', 'A97', decimal(u16(bytes, at), 1)])],
  [116, one(2, (bytes, at) => ['battery_voltage', 'VLT', decimal(u16(bytes, at), 2)])],
  /** current, frequency, percentage, altitude, concentration, power, distance, energy, direction, Unix time */
  [117, { size: 2 }],
  [118, { size: 4 }],
  [120, { size: 1 }],
  [121, { size: 2 }],
  [125, { size: 2 }],
  [128, { size: 2 }],
  [130, { size: 4 }],
  [131, { size: 4 }],
  [132, { size: 2 }],
  [133, { size: 4 }],
  /** gyrometer, colour */
  [134, { size: 6 }],
  [135, { size: 3 }],
  [136, { size: 9, read: position }],
  /** switch */
  [142, { size: 1 }],
])

type Value = [name: string, unit: Measurement['unit'], text: string]

function one(size: number, told: (bytes: Uint8Array, at: number) => Value): TaggedField {
  const read = (bytes: Uint8Array, at: number, channel: number) => {
    const [name, unit, text] = told(bytes, at)
    return [now(`${name}_${channel}`, unit, text)]
  }
  return { size, read }
}

function position(bytes: Uint8Array, at: number, channel: number): Measurement[] {
  return [
    now(`latitude_${channel}`, 'DD', decimal(i24(bytes, at), 4)),
    now(`longitude_${channel}`, 'DD', decimal(i24(bytes, at + 3), 4)),
  ]
}
