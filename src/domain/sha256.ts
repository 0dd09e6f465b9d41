/**
 * SHA-256 (FIPS 180-4) of bytes. For where there is no synchronous hash: a browser's answers later, and the rules hash
 * in the middle of what they do. Some 30 MB/s; a certificate has some 100 kB.
 */
export function sha256(bytes: Uint8Array): Uint8Array {
  const state = Uint32Array.from(INITIAL)
  const schedule = new Uint32Array(64)
  const padded = pad(bytes)
  for (let offset = 0; offset < padded.byteLength; offset += 64) {
    for (let word = 0; word < 16; word++) schedule[word] = padded.getUint32(offset + 4 * word)
    compress(state, schedule)
  }
  const hash = new DataView(new ArrayBuffer(32))
  for (const [word, value] of state.entries()) hash.setUint32(4 * word, value)
  return new Uint8Array(hash.buffer)
}

/** The bytes, a one bit, zeros, and the number of bits in eight bytes, to a multiple of 64. */
function pad(bytes: Uint8Array): DataView {
  const length = Math.ceil((bytes.length + 9) / 64) * 64
  const padded = new Uint8Array(length)
  padded.set(bytes)
  padded[bytes.length] = 0x80
  const view = new DataView(padded.buffer)
  view.setUint32(length - 8, Math.floor(bytes.length / 2 ** 29))
  view.setUint32(length - 4, bytes.length * 8)
  return view
}

function compress(state: Uint32Array, schedule: Uint32Array): void {
  for (let t = 16; t < 64; t++) {
    const w2 = schedule[t - 2] ?? 0
    const w15 = schedule[t - 15] ?? 0
    const small0 = rotated(w15, 7) ^ rotated(w15, 18) ^ (w15 >>> 3)
    const small1 = rotated(w2, 17) ^ rotated(w2, 19) ^ (w2 >>> 10)
    schedule[t] = small1 + (schedule[t - 7] ?? 0) + small0 + (schedule[t - 16] ?? 0)
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state
  for (let t = 0; t < 64; t++) {
    const big1 = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)
    const first = (h + big1 + ((e & f) ^ (~e & g)) + (ROUND[t] ?? 0) + (schedule[t] ?? 0)) | 0
    const big0 = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)
    const second = big0 + ((a & b) ^ (a & c) ^ (b & c))
    h = g
    g = f
    f = e
    e = (d + first) | 0
    d = c
    c = b
    b = a
    a = (first + second) | 0
  }
  for (const [word, value] of [a, b, c, d, e, f, g, h].entries()) state[word] = (state[word] ?? 0) + value
}

function rotated(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits))
}

/** The first 64 primes: constants are the first 32 bits of the fractions of their cube roots and square roots. */
const PRIMES = [...primes(64)]
const ROUND = Uint32Array.from(PRIMES, (prime) => fraction(BigInt(prime), 3n))
const INITIAL = Uint32Array.from(PRIMES.slice(0, 8), (prime) => fraction(BigInt(prime), 2n))

function* primes(count: number): Generator<number, void> {
  const found: number[] = []
  for (let candidate = 2; found.length < count; candidate++) {
    if (found.some((prime) => candidate % prime === 0)) continue
    found.push(candidate)
    yield candidate
  }
}

/** The first 32 bits of the fraction of a number's root: the whole root of the number times 2^(32 · degree). */
function fraction(number: bigint, degree: bigint): number {
  const scaled = number << (32n * degree)
  let [low, high] = [0n, 1n << 40n]
  while (high - low > 1n) {
    const middle = (low + high) / 2n
    if (middle ** degree <= scaled) low = middle
    else high = middle
  }
  return Number(low & 0xffffffffn)
}
