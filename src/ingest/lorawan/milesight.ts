import { decimal, u8 } from './bytes.ts'
import { type Decoded, now } from './measurement.ts'
import { readTagged, type TaggedField } from './tagged.ts'

/** The fields of a Milesight model: its data channel and type as one number, `0x0367`. */
export type MilesightFields = ReadonlyMap<number, TaggedField>

/**
 * Milesight sensors: channel, type, value, and so on, little endian (the payload tables in em-series of
 * Milesight-IoT/SensorDecoders). What a device says about itself when it joins, and its answers to commands, measure
 * nothing.
 */
export function decodeMilesight(bytes: Uint8Array, fields: MilesightFields): Decoded {
  return readTagged(bytes, 2, (type, channel) => {
    const own = fields.get(channel * 0x100 + type) ?? COMMON.get(channel * 0x100 + type)
    return own ?? (channel === 0xfe || channel === 0xff ? ANSWERS.get(type) : undefined)
  })
}

const COMMON: MilesightFields = new Map<number, TaggedField>([
  [0x0175, { size: 1, read: (bytes, at) => [now('battery', 'P1', decimal(u8(bytes, at), 0))] }],
  /** protocol, hardware, firmware and other versions, serial number, class, reset, power on */
  [0xff01, { size: 1 }],
  [0xff09, { size: 2 }],
  [0xff0a, { size: 2 }],
  [0xffff, { size: 2 }],
  [0xff16, { size: 8 }],
  [0xff0f, { size: 1 }],
  [0xfffe, { size: 1 }],
  [0xff0b, { size: 1 }],
])

/** Answers to commands (channel FE or FF), by type. */
const ANSWERS: ReadonlyMap<number, TaggedField> = new Map(
  [
    [0x02, 2],
    [0x03, 2],
    [0x06, 9],
    [0x10, 1],
    [0x11, 4],
    [0x17, 2],
    [0x1b, 5],
    [0x1c, 2],
    [0x27, 1],
    [0x28, 1],
    [0x35, 8],
    [0x3b, 1],
    [0x4a, 1],
    [0x68, 1],
    [0x69, 1],
    [0x6a, 3],
    [0x6d, 1],
    [0x79, 6],
    [0x84, 1],
    [0x96, 8],
    [0xd6, 6],
    [0xd7, 1],
    [0xea, 3],
    [0xf1, 4],
    [0xf2, 2],
    [0xf5, 1],
  ].map(([type = 0, size = 0]) => [type, { size }]),
)
