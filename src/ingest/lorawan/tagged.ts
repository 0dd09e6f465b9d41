import { shownHex } from './bytes.ts'
import type { Decoded, Measurement } from './measurement.ts'

/** A field of a frame made of tagged fields: how long it is, and what it measures (nothing, where that is left out). */
export type TaggedField = {
  size: number
  read?: (bytes: Uint8Array, at: number, channel: number) => Measurement[]
}

/**
 * Reads a frame of fields that each begin with a tag of `tagBytes` bytes. `fieldOf` takes the tag's last byte and the
 * one before it (the data channel, 0 where the tag has one byte). Behind a tag nobody knows nothing can be read, and a
 * field cut off measures nothing: such a frame is wrong as a whole, so that a person looks.
 */
export function readTagged(
  bytes: Uint8Array,
  tagBytes: 1 | 2,
  fieldOf: (type: number, channel: number) => TaggedField | undefined,
): Decoded {
  const measured: Measurement[] = []
  let at = 0
  while (at < bytes.length) {
    const channel = tagBytes === 2 ? (bytes[at] ?? 0) : 0
    const type = bytes[at + tagBytes - 1]
    const field = type === undefined ? undefined : fieldOf(type, channel)
    if (field === undefined) return { wrong: `byte ${at} begins no known field of ${shownHex(bytes)}` }
    at += tagBytes
    if (at + field.size > bytes.length) return { wrong: `the field before byte ${at} is cut off in ${shownHex(bytes)}` }
    measured.push(...(field.read?.(bytes, at, channel) ?? []))
    at += field.size
  }
  return { measured }
}
