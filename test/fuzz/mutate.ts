import type { Random } from '../../simulators/random.ts'

/** What formats treat as special, and what programs stumble over. */
const TOKENS: readonly Uint8Array[] = [
  ...['', '\0', '\n', '\r\n', '\t', ',', ';', '"', '""', "'", '-', '+', '.', ':', '/', '%', '\\', '[', ']'],
  ...['{', '}', '(', ')', '=', '\u00b0', '\ud83d\ude00', '\uFEFF', '\u001d', ']d2'],
  ...['0', '-0', '1e400', '9'.repeat(25), '0.'.padEnd(40, '0'), 'NaN', 'Infinity'],
  ...['null', 'true', '__proto__', '~1'],
  ...['2026-03-29T02:30:00', '29/02/2025', '12:60:60', '0000-00-00', '9999-12-31T23:59:59Z', 'GMT+99'],
  ...['https://id.gs1.org/01/', 'urn:epc:id:'],
].map((text) => Buffer.from(text))

const EXTREMES = [0, 1, 0x7f, 0x80, 0xff, 0xfe, 0xbf, 0x5f, 0x9f]

/** A sample with a few random injuries: bytes changed, cut, doubled, moved, or replaced by something special. */
export function mutate(samples: readonly Uint8Array[], random: Random, mostBytes: number): Uint8Array {
  let bytes = pick(samples, random)
  const injuries = 1 + below(6, random)
  for (let made = 0; made < injuries; made++) bytes = injure(bytes, samples, random)
  return bytes.length > mostBytes ? bytes.subarray(0, mostBytes) : bytes
}

function injure(bytes: Uint8Array, samples: readonly Uint8Array[], random: Random): Uint8Array {
  const at = below(bytes.length + 1, random)
  const to = Math.min(bytes.length, at + below(1 + below(32, random), random))
  const [before, part, after] = [bytes.subarray(0, at), bytes.subarray(at, to), bytes.subarray(to)]
  switch (below(8, random)) {
    case 0:
      return Buffer.concat([before, Buffer.from([below(256, random)]), bytes.subarray(at + 1)])
    case 1:
      return Buffer.concat([before, Buffer.from([pick(EXTREMES, random)]), bytes.subarray(at + 1)])
    case 2:
      return Buffer.concat([before, pick(TOKENS, random), after])
    case 3:
      return Buffer.concat([before, after])
    case 4:
      return Buffer.concat([before, part, part, after])
    case 5:
      return Buffer.from(before)
    case 6: {
      const other = pick(samples, random)
      return Buffer.concat([before, other.subarray(below(other.length + 1, random))])
    }
    default:
      return Buffer.concat([before, ...Array(1 + below(50, random)).fill(part), after])
  }
}

function below(limit: number, random: Random): number {
  return Math.floor(random() * limit)
}

function pick<T>(list: readonly T[], random: Random): T {
  const found = list[below(list.length, random)]
  if (found === undefined) throw new Error('there is nothing to pick from')
  return found
}
