import type { DecodedField } from '../../domain/uplink.ts'
import { quoted } from '../quoted.ts'
import { type Decoded, type Measurement, now } from './measurement.ts'

/**
 * Reads what the network server's own formatter made of the bytes, field by field as registered with the sensor. A
 * field that is absent measured nothing; null, a text that is no number, and the values named as faults are faults.
 * Never throws.
 */
export function readDecodedFields(decoded: unknown, fields: readonly DecodedField[]): Decoded {
  if (typeof decoded !== 'object' || decoded === null) {
    return { wrong: 'the network server sent no decoded payload: give it a payload formatter, or name another decoder' }
  }
  const measured: Measurement[] = []
  for (const { pointer, channel, unit, faults } of fields) {
    const value = valueAt(decoded, pointer)
    const text = textOf(value)
    if (text === undefined) return { wrong: `${quoted(pointer)} of the decoded payload is no number` }
    if (text !== 'absent') measured.push(now(channel, unit, text === null || isFault(text, faults) ? null : text))
  }
  if (measured.length > 0) return { measured }
  const sought = fields.map(({ pointer }) => quoted(pointer)).join(', ')
  return { wrong: `the decoded payload has none of ${sought}: correct the sensor’s fields` }
}

function valueAt(root: unknown, pointer: string): unknown {
  let value: unknown = root
  for (const part of pointer.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~')
    // own members only: "constructor" is none
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
    value = Reflect.get(value, name)
  }
  return value
}

/** Longer than any number, and than any word for a fault. */
const MAX_TEXT_CHARS = 40

function textOf(value: unknown): string | null | undefined {
  if (value === undefined) return 'absent'
  if (value === null) return null
  if (typeof value === 'number') return String(value)
  // a word such as "NC" is kept as text and becomes a fault where it is converted
  const isShort = typeof value === 'string' && value.length <= MAX_TEXT_CHARS && !value.includes('\0')
  return isShort && value !== 'absent' ? value : undefined
}

function isFault(text: string, faults: readonly string[]): boolean {
  return faults.some((fault) => fault === text || (text.trim() !== '' && Number(fault) === Number(text)))
}
