import { POSTGRES_EPOCH_MS } from '../../db/binary.ts'
import { SOURCE, type ToStore } from './store-readings.ts'

/** Signature, no flags, no extension: what every binary COPY begins with. */
const HEADER = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1')
const COLUMNS = ['sensor_id', 'channel', 'measured_at', 'received_at', 'batch_id', 'seq', 'value_milli_c']
/** Nearly every reading came live and says no more than its value: the defaults of these columns. */
const FURTHER_COLUMNS = ['raw', 'source']
/** Column count, nine lengths, and the widths of the seven columns that are not text. */
const FIXED_BYTES = 2 + (COLUMNS.length + FURTHER_COLUMNS.length) * 4 + 5 * 8 + 4 + 2
const NULL_LENGTH = -1
const END_OF_ROWS = -1

/**
 * Readings as a COPY: its statement, and its rows in the binary format. Numbers go through a DataView: the methods of
 * Buffer cost three times as much.
 */
export function copyOf(readings: readonly ToStore[], batchId: number): { statement: string; rows: Buffer } {
  const isPlain = readings.every(({ raw, source }) => raw === null && source === SOURCE.live)
  const columns = isPlain ? COLUMNS : [...COLUMNS, ...FURTHER_COLUMNS]
  const buffer = Buffer.allocUnsafe(sizeOf(readings))
  const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength)
  let at = HEADER.copy(buffer, 0)
  for (const reading of readings) {
    view.setInt16(at, columns.length)
    at = int8(view, reading.sensorId, at + 2)
    at = text(buffer, view, { value: reading.channel, at })
    at = int8(view, (reading.at - POSTGRES_EPOCH_MS) * 1000, at)
    at = int8(view, (reading.receivedAt - POSTGRES_EPOCH_MS) * 1000, at)
    at = int8(view, batchId, at)
    at = reading.seq === null ? none(view, at) : int8(view, reading.seq, at)
    at = reading.milliC === null ? none(view, at) : int4(view, reading.milliC, at)
    if (isPlain) continue
    at = text(buffer, view, { value: reading.raw ?? '', at })
    at = int2(view, reading.source, at)
  }
  view.setInt16(at, END_OF_ROWS)
  const statement = `copy reading (${columns.join(', ')}) from stdin with (format binary)`
  return { statement, rows: buffer.subarray(0, at + 2) }
}

function sizeOf(readings: readonly ToStore[]): number {
  let bytes = HEADER.length + 2 + readings.length * FIXED_BYTES
  // a channel is ASCII; a text of a message may be anything
  for (const { channel, raw } of readings) bytes += channel.length + (raw === null ? 0 : Buffer.byteLength(raw))
  return bytes
}

/** Two halves: ten times faster than through a BigInt. */
function int8(view: DataView, value: number, at: number): number {
  const high = Math.floor(value / 2 ** 32)
  view.setInt32(at, 8)
  view.setInt32(at + 4, high)
  view.setUint32(at + 8, value - high * 2 ** 32)
  return at + 12
}

function int4(view: DataView, value: number, at: number): number {
  view.setInt32(at, 4)
  view.setInt32(at + 4, value)
  return at + 8
}

function int2(view: DataView, value: number, at: number): number {
  view.setInt32(at, 2)
  view.setInt16(at + 4, value)
  return at + 6
}

function text(buffer: Buffer, view: DataView, { value, at }: { value: string; at: number }): number {
  const length = buffer.write(value, at + 4)
  view.setInt32(at, length)
  return at + 4 + length
}

function none(view: DataView, at: number): number {
  view.setInt32(at, NULL_LENGTH)
  return at + 4
}
