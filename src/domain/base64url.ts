/** Bytes as base64url without padding (RFC 4648 section 5). */
export function toBase64url(bytes: Uint8Array): string {
  let text = ''
  for (let index = 0; index < bytes.length; index += 3) {
    const [a = 0, b = 0, c = 0] = bytes.subarray(index, index + 3)
    const sextets = [a >> 2, ((a & 3) << 4) | (b >> 4), ((b & 15) << 2) | (c >> 6), c & 63]
    for (const sextet of sextets.slice(0, bytes.length - index + 1)) text += ALPHABET[sextet]
  }
  return text
}

/**
 * The bytes of base64url text; null where it is not the one text that stands for them. A second spelling of the same
 * bytes (padding, blanks, set bits behind the end) would be another signature that verifies, so it is none.
 */
export function fromBase64url(text: string): Uint8Array | null {
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4))
  let [bits, held, filled] = [0, 0, 0]
  for (const character of text) {
    const sextet = ALPHABET.indexOf(character)
    if (sextet < 0) return null
    bits = ((bits << 6) | sextet) & 0xfff
    held += 6
    if (held < 8) continue
    held -= 8
    bytes[filled++] = (bits >> held) & 0xff
  }
  return toBase64url(bytes) === text ? bytes : null
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
