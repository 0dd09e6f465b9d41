import { decimal, i16, u8, u16, u32 } from './bytes.ts'
import { type Decoded, now } from './measurement.ts'
import { readTagged, type TaggedField } from './tagged.ts'

/**
 * ELSYS sensors (ERS, ELT, EMS …): one byte of type, then its value (the vendor's decoder elsys.js, in
 * TheThingsNetwork/lorawan-devices, vendor/elsys). The external temperature is `probe`, that inside the housing
 * `internal`; further external ones are `probe_2`, `probe_3` … in their order. A temperature below absolute zero, as
 * the -3276.8 of a missing probe, becomes a fault where it is converted.
 */
export function decodeElsys(bytes: Uint8Array): Decoded {
  let externals = 1
  const further: TaggedField = {
    size: 2,
    read: (frame, at) => {
      externals += 1
      return [now(`probe_${externals}`, 'CEL', decimal(i16(frame, at), 1))]
    },
  }
  return readTagged(bytes, 1, (type) => (type === EXTERNAL_TEMPERATURE_2 ? further : FIELDS.get(type)))
}

const EXTERNAL_TEMPERATURE_2 = 0x19

const FIELDS: ReadonlyMap<number, TaggedField> = new Map<number, TaggedField>([
  [0x01, temperature('internal')],
  [0x02, { size: 1, read: (bytes, at) => [now('humidity', 'P1', decimal(u8(bytes, at), 0))] }],
  /** acceleration: the attitude of the device, no shock */
  [0x03, { size: 3 }],
  [0x04, { size: 2, read: (bytes, at) => [now('light', 'LUX', decimal(u16(bytes, at), 0))] }],
  /** motion, carbon dioxide */
  [0x05, { size: 1 }],
  [0x06, { size: 2 }],
  [0x07, { size: 2, read: (bytes, at) => [now('battery_voltage', '2Z', decimal(u16(bytes, at), 0))] }],
  /** analog input, position (its scale is not documented), pulses */
  [0x08, { size: 2 }],
  [0x09, { size: 6 }],
  [0x0a, { size: 2 }],
  [0x0b, { size: 4 }],
  [0x0c, temperature('probe')],
  /** digital input, distance, vibrations */
  [0x0d, { size: 1 }],
  [0x0e, { size: 2 }],
  [0x0f, { size: 1 }],
  /** infrared: the sensor's own temperature, and that of what it looks at */
  [
    0x10,
    {
      size: 4,
      read: (bytes, at) => [
        now('ir_internal', 'CEL', decimal(i16(bytes, at), 1)),
        now('ir_external', 'CEL', decimal(i16(bytes, at + 2), 1)),
      ],
    },
  ],
  /** occupancy, water leak, grid of temperatures */
  [0x11, { size: 1 }],
  [0x12, { size: 1 }],
  [0x13, { size: 65 }],
  [0x14, { size: 4, read: (bytes, at) => [now('pressure', 'A97', decimal(u32(bytes, at), 3))] }],
  /** sound, pulses, analog input */
  [0x15, { size: 2 }],
  [0x16, { size: 2 }],
  [0x17, { size: 4 }],
  [0x18, { size: 2 }],
  /** digital input, load cell in microvolts, volatile compounds, debugging */
  [0x1a, { size: 1 }],
  [0x1b, { size: 4 }],
  [0x1c, { size: 2 }],
  [0x3d, { size: 4 }],
])

function temperature(channel: string): TaggedField {
  return { size: 2, read: (bytes, at) => [now(channel, 'CEL', decimal(i16(bytes, at), 1))] }
}
