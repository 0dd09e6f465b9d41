/**
 * Columns of a batch in the binary format of PostgreSQL (`array_send`), which the server takes over without parsing:
 * a statement of 5,000 rows costs half of what array literals cost. `pg` sends a Buffer as it is.
 */

/** Object ids of `pg_type`, fixed since the beginnings of Postgres. */
const OID = { int2: 21, int4: 23, int8: 20, text: 25, timestamptz: 1184 } as const

/** `bigint[]` of integers within 2^53. */
export function int8s(values: readonly (number | null)[]): Buffer {
  return array(OID.int8, values, { bytes: 8, write: writeInt8 })
}

/** `integer[]`. */
export function int4s(values: readonly (number | null)[]): Buffer {
  return array(OID.int4, values, { bytes: 4, write: (view, value, at) => view.setInt32(at, value) })
}

/** `smallint[]`. */
export function int2s(values: readonly (number | null)[]): Buffer {
  return array(OID.int2, values, { bytes: 2, write: (view, value, at) => view.setInt16(at, value) })
}

/** `timestamptz[]` of epoch milliseconds. */
export function instants(values: readonly (number | null)[]): Buffer {
  const write: Write = (view, value, at) => writeInt8(view, (value - POSTGRES_EPOCH_MS) * 1000, at)
  return array(OID.timestamptz, values, { bytes: 8, write })
}

/** Postgres counts instants in microseconds since then. */
export const POSTGRES_EPOCH_MS = Date.UTC(2000, 0, 1)

/** `text[]`. */
export function texts(values: readonly (string | null)[]): Buffer {
  const bytes = values.reduce((sum, value) => sum + 4 + (value === null ? 0 : Buffer.byteLength(value)), HEAD_BYTES)
  const { buffer, view } = head(OID.text, values.length, bytes)
  let at = HEAD_BYTES
  for (const value of values) {
    const length = value === null ? NULL_LENGTH : buffer.write(value, at + 4)
    view.setInt32(at, length)
    at += 4 + Math.max(0, length)
  }
  return buffer
}

type Write = (view: DataView, value: number, at: number) => void

/** What precedes the elements: dimensions, flags, element type, length, lower bound. */
const HEAD_BYTES = 20
const NULL_LENGTH = -1

function array(oid: number, values: readonly (number | null)[], element: { bytes: number; write: Write }): Buffer {
  const { bytes, write } = element
  const { buffer, view } = head(oid, values.length, HEAD_BYTES + values.length * (4 + bytes))
  let at = HEAD_BYTES
  for (const value of values) {
    if (value === null) {
      view.setInt32(at, NULL_LENGTH)
      at += 4
      continue
    }
    view.setInt32(at, bytes)
    write(view, value, at + 4)
    at += 4 + bytes
  }
  return buffer.subarray(0, at)
}

function head(oid: number, length: number, bytes: number) {
  const buffer = Buffer.allocUnsafe(bytes)
  const view = new DataView(buffer.buffer, buffer.byteOffset, bytes)
  const HAS_NULLS = 1
  view.setInt32(0, 1)
  view.setInt32(4, HAS_NULLS)
  view.setInt32(8, oid)
  view.setInt32(12, length)
  view.setInt32(16, 1)
  return { buffer, view }
}

/** Two halves: ten times faster than through a BigInt. */
function writeInt8(view: DataView, value: number, at: number): void {
  const high = Math.floor(value / 2 ** 32)
  view.setInt32(at, high)
  view.setUint32(at + 4, value - high * 2 ** 32)
}
