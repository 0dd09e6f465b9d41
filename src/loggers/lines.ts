/** How the bytes of a file were written, as detected from them. */
export type Encoding =
  | 'us-ascii'
  | 'utf-8'
  | 'utf-8 with BOM'
  | 'iso-8859-1'
  | 'windows-1252'
  | 'utf-16le'
  | 'utf-16be'
  | 'utf-16le with BOM'
  | 'utf-16be with BOM'

/** Longer than any line a logger writes; what is longer is cut here, so that a file without line ends stays bounded. */
export const MAX_LINE_CHARS = 65_536

/**
 * Bytes in, in pieces of any size; whole lines out, without their ends. Encoding and line ends are decided from the
 * first 4 KiB and their BOM. 8-bit text is UTF-8 line by line, and Windows-1252 in the lines that are none: exports
 * exist whose header and readings were written by different programs. A line of `MAX_LINE_CHARS` was cut.
 */
export function lineReader(): LineReader {
  let start: Uint8Array = new Uint8Array(0)
  let splitter: Splitter | null = null
  const begin = () => {
    splitter = splitterOf(start)
    return splitter.push(start)
  }
  return {
    push: (bytes) => {
      if (splitter !== null) return splitter.push(bytes)
      start = joined(start, bytes)
      return start.length < DECIDED_FROM_BYTES ? [] : begin()
    },
    end: () => {
      const lines = splitter === null ? begin() : []
      return splitter === null ? lines : [...lines, ...splitter.end()]
    },
    encoding: () => splitter?.encoding() ?? 'us-ascii',
  }
}

export type LineReader = { push: (bytes: Uint8Array) => string[]; end: () => string[]; encoding: () => Encoding }

const DECIDED_FROM_BYTES = 4096

type Splitter = LineReader

const [LF, CR] = [0x0a, 0x0d]

function splitterOf(start: Uint8Array): Splitter {
  const [a, b, c] = start
  if (a === 0xff && b === 0xfe) return wideSplitter('utf-16le', { bom: true })
  if (a === 0xfe && b === 0xff) return wideSplitter('utf-16be', { bom: true })
  const bom = a === 0xef && b === 0xbb && c === 0xbf
  if (!bom && isWide(start, 1)) return wideSplitter('utf-16le', { bom: false })
  if (!bom && isWide(start, 0)) return wideSplitter('utf-16be', { bom: false })
  return byteSplitter({ bom, end: start.includes(LF) || !start.includes(CR) ? LF : CR })
}

/** ASCII as UTF-16: every other byte is zero, and only those. */
function isWide(start: Uint8Array, zeroAt: 0 | 1): boolean {
  const bytes = start.subarray(0, Math.min(start.length & ~1, 64))
  return bytes.length >= 8 && bytes.every((byte, index) => (byte === 0) === (index % 2 === zeroAt))
}

function wideSplitter(encoding: 'utf-16le' | 'utf-16be', { bom }: { bom: boolean }): Splitter {
  const decoder = new TextDecoder(encoding)
  let rest = ''
  const cut = (text: string) => {
    const lines = (rest + text).split('\n')
    rest = (lines.pop() ?? '').slice(0, MAX_LINE_CHARS)
    return lines.map(withoutReturn)
  }
  return {
    push: (bytes) => cut(decoder.decode(bytes, { stream: true })),
    end: () => {
      const lines = cut(decoder.decode())
      return rest === '' ? lines : [...lines, withoutReturn(rest)]
    },
    encoding: () => (bom ? `${encoding} with BOM` : encoding),
  }
}

function byteSplitter({ bom, end }: { bom: boolean; end: number }): Splitter {
  const text = byteDecoder()
  const separator = end === LF ? '\n' : '\r'
  let rest: Uint8Array = new Uint8Array(0)
  let skip = bom ? 3 : 0
  return {
    push: (bytes) => {
      const from = Math.min(skip, bytes.length)
      skip -= from
      const all = joined(rest, bytes.subarray(from))
      const last = all.lastIndexOf(end)
      // a line that goes on and on is cut once; what follows until its end is dropped
      rest = all.slice(last + 1).subarray(0, MAX_LINE_CHARS)
      return last < 0 ? [] : text.lines(all.subarray(0, last), separator)
    },
    end: () => (rest.length === 0 ? [] : text.lines(rest, separator)),
    encoding: () => {
      const { latin, windows, wide } = text.seen
      if (bom) return 'utf-8 with BOM'
      if (windows) return 'windows-1252'
      if (latin) return 'iso-8859-1'
      return wide ? 'utf-8' : 'us-ascii'
    },
  }
}

function byteDecoder() {
  const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  const windows1252 = new TextDecoder('windows-1252')
  const seen = { latin: false, windows: false, wide: false }
  const utf8OrNull = (bytes: Uint8Array) => {
    try {
      return utf8.decode(bytes)
    } catch {
      return null
    }
  }
  const single = (bytes: Uint8Array) => {
    const text = utf8OrNull(bytes)
    if (text !== null) return text
    seen.latin = true
    seen.windows ||= bytes.some((byte) => byte >= 0x80 && byte < 0xa0)
    return windows1252.decode(bytes)
  }
  return {
    seen,
    lines: (bytes: Uint8Array, separator: '\n' | '\r'): string[] => {
      const text = utf8OrNull(bytes)
      // every character beyond ASCII takes more bytes than it has UTF-16 units
      if (text !== null) seen.wide ||= text.length < bytes.length
      const lines = text === null ? parts(bytes, separator.charCodeAt(0)).map(single) : text.split(separator)
      return lines.map(withoutReturn)
    },
  }
}

function parts(bytes: Uint8Array, separator: number): Uint8Array[] {
  const found: Uint8Array[] = []
  let from = 0
  for (let to = bytes.indexOf(separator); to >= 0; to = bytes.indexOf(separator, from)) {
    found.push(bytes.subarray(from, to))
    from = to + 1
  }
  return [...found, bytes.subarray(from)]
}

function withoutReturn(line: string): string {
  const text = line.endsWith('\r') ? line.slice(0, -1) : line
  return text.length > MAX_LINE_CHARS ? text.slice(0, MAX_LINE_CHARS) : text
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length === 0) return b
  const all = new Uint8Array(a.length + b.length)
  all.set(a)
  all.set(b, a.length)
  return all
}
