/**
 * Numbers out of bytes, big endian unless named otherwise. A byte beyond the end reads as zero: decoders check the
 * length of a frame first.
 */
export function u8(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0
}

/** Unsigned, 2 bytes. */
export function u16(bytes: Uint8Array, at: number): number {
  return u8(bytes, at) * 0x100 + u8(bytes, at + 1)
}

/** Signed, 2 bytes. */
export function i16(bytes: Uint8Array, at: number): number {
  return signed(u16(bytes, at), 0x1_0000)
}

/** Signed, 3 bytes. */
export function i24(bytes: Uint8Array, at: number): number {
  return signed(u8(bytes, at) * 0x1_0000 + u16(bytes, at + 1), 0x100_0000)
}

/** Unsigned, 4 bytes. */
export function u32(bytes: Uint8Array, at: number): number {
  return u16(bytes, at) * 0x1_0000 + u16(bytes, at + 2)
}

/** Unsigned, 2 bytes, little endian. */
export function u16le(bytes: Uint8Array, at: number): number {
  return u8(bytes, at) + u8(bytes, at + 1) * 0x100
}

/** Signed, 2 bytes, little endian. */
export function i16le(bytes: Uint8Array, at: number): number {
  return signed(u16le(bytes, at), 0x1_0000)
}

/** Unsigned, 4 bytes, little endian. */
export function u32le(bytes: Uint8Array, at: number): number {
  return u16le(bytes, at) + u16le(bytes, at + 2) * 0x1_0000
}

function signed(value: number, range: number): number {
  return value >= range / 2 ? value - range : value
}

/** Whole units with so many decimals as decimal text: (-5, 2) is -0.05. */
export function decimal(units: number, decimals: number): string {
  const digits = String(Math.abs(units)).padStart(decimals + 1, '0')
  const text = decimals === 0 ? digits : `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`
  return units < 0 ? `-${text}` : text
}

/** Bytes as hexadecimal digits, the first few of them, for a sentence. */
export function shownHex(bytes: Uint8Array): string {
  const first = Array.from(bytes.subarray(0, MAX_SHOWN), (byte) => byte.toString(16).padStart(2, '0')).join('')
  return bytes.length > MAX_SHOWN ? `${first}… (${bytes.length} bytes)` : first
}

const MAX_SHOWN = 24
