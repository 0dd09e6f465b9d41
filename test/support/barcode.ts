import { inflateSync } from 'node:zlib'
import jsQR from 'jsqr'

/** A picture as scanners see it: `rgba` holds four bytes a dot, rows from the top. */
export type Picture = { width: number; height: number; rgba: Uint8ClampedArray }

const [SIGNATURE_BYTES, CHUNK_FRAME_BYTES] = [8, 12]

/** Reads a PNG of 8-bit RGBA without interlacing; throws on any other. */
export function decodePng(png: Uint8Array): Picture {
  const file = Buffer.from(png)
  const data: Buffer[] = []
  let header: Buffer | null = null
  for (let at = SIGNATURE_BYTES; at < file.length; ) {
    const length = file.readUInt32BE(at)
    const kind = file.toString('latin1', at + 4, at + 8)
    const content = file.subarray(at + 8, at + 8 + length)
    if (kind === 'IHDR') header = content
    if (kind === 'IDAT') data.push(content)
    at += length + CHUNK_FRAME_BYTES
  }
  if (header === null || header.toString('hex', 8, 13) !== '0806000000') throw new Error('no PNG of 8-bit RGBA')
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)]
  return { width, height, rgba: unfiltered(inflateSync(Buffer.concat(data)), { width, height }) }
}

/** Undoes the filter of each row (PNG specification, section 9). */
function unfiltered(raw: Buffer, { width, height }: Pick<Picture, 'width' | 'height'>): Uint8ClampedArray {
  const stride = width * 4
  const out = new Uint8ClampedArray(stride * height)
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (stride + 1)]
    for (let x = 0; x < stride; x++) {
      const left = x < 4 ? 0 : (out[y * stride + x - 4] ?? 0)
      const up = y === 0 ? 0 : (out[(y - 1) * stride + x] ?? 0)
      const corner = x < 4 || y === 0 ? 0 : (out[(y - 1) * stride + x - 4] ?? 0)
      const added = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter ?? 0] ?? 0
      out[y * stride + x] = ((raw[y * (stride + 1) + 1 + x] ?? 0) + added) & 0xff
    }
  }
  return out
}

function paeth(left: number, up: number, corner: number): number {
  const estimate = left + up - corner
  const [toLeft, toUp, toCorner] = [left, up, corner].map((value) => Math.abs(estimate - value))
  if (toLeft !== undefined && toUp !== undefined && toCorner !== undefined) {
    if (toLeft <= toUp && toLeft <= toCorner) return left
    if (toUp <= toCorner) return up
  }
  return corner
}

/** The text of the QR code in a picture; null where there is none. */
export function readQr({ rgba, width, height }: Picture): string | null {
  return jsQR.default(rgba, width, height)?.data ?? null
}

/** Widths of bars and spaces along a row, in dots, the first and last of them bars. */
export function barWidths({ rgba, width }: Picture, row: number): number[] {
  const isDark = (x: number) => (rgba[(row * width + x) * 4] ?? 255) < 128
  const dots = Array.from({ length: width }, (_, x) => isDark(x))
  const runs: number[] = []
  dots.forEach((dark, x) => {
    if (x > 0 && dark === dots[x - 1]) runs.push((runs.pop() ?? 0) + 1)
    else runs.push(1)
  })
  return runs.slice(dots[0] ? 0 : 1, dots.at(-1) ? undefined : -1)
}

/** Bar and space widths of the values 0 to 106 of Code 128, start C being 105 and FNC1 102 (ISO/IEC 15417, table 1). */
const PATTERNS = (
  '212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231 113222 ' +
  '123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 212123 212321 ' +
  '232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121 ' +
  '313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224 ' +
  '111422 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 241112 134111 ' +
  '111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113 ' +
  '114311 411113 411311 113141 114131 311141 411131 211412 211214 211232 233111'
).split(' ')
const [FNC1, START_C] = [102, 105]

/**
 * What a scanner sends for a GS1-128 bar code in code set C: `]C1` and the digits. Throws where the bars are no such
 * code, or its check character (the sum of places and values, modulo 103) is wrong.
 */
export function readGs1128(widths: readonly number[]): string {
  const module = Math.min(...widths)
  const symbols = Array.from({ length: Math.floor(widths.length / 6) }, (_, index) =>
    PATTERNS.indexOf(
      widths
        .slice(index * 6, index * 6 + 6)
        .map((dots) => dots / module)
        .join(''),
    ),
  )
  const [start = -1, fnc1 = -1, ...rest] = symbols
  const values = rest.slice(0, -2)
  const sum = [fnc1, ...values].reduce((total, value, index) => total + value * (index + 1), start)
  if (start !== START_C || fnc1 !== FNC1 || sum % 103 !== rest.at(-2)) throw new Error(`no GS1-128: ${symbols}`)
  return `]C1${values.map((value) => String(value).padStart(2, '0')).join('')}`
}
