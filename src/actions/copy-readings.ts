import { writeInstant, writeInt8 } from '../../db/binary.ts'
import type { ToStore } from './store-readings.ts'

/** Signature, no flags, no extension: what every binary COPY begins with. */
const HEADER = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1')
const COLUMNS = 9
/** Column count, nine lengths, and the widths of the seven columns that are not text. */
const FIXED_BYTES = 2 + COLUMNS * 4 + 5 * 8 + 4 + 2
const NULL_LENGTH = -1
const END_OF_ROWS = -1

/** Readings in the binary format of COPY, in the order of `store-readings`' columns. */
export function copyRows(readings: readonly ToStore[], batchId: number): Buffer {
  const buffer = Buffer.allocUnsafe(sizeOf(readings))
  let at = HEADER.copy(buffer, 0)
  for (const reading of readings) {
    at = buffer.writeInt16BE(COLUMNS, at)
    at = int8(buffer, reading.sensorId, at)
    at = text(buffer, reading.channel, at)
    at = instant(buffer, reading.at, at)
    at = instant(buffer, reading.receivedAt, at)
    at = int8(buffer, batchId, at)
    at = reading.seq === null ? none(buffer, at) : int8(buffer, reading.seq, at)
    at = reading.milliC === null ? none(buffer, at) : buffer.writeInt32BE(reading.milliC, buffer.writeInt32BE(4, at))
    at = reading.raw === null ? none(buffer, at) : text(buffer, reading.raw, at)
    at = buffer.writeInt16BE(reading.source, buffer.writeInt32BE(2, at))
  }
  return buffer.subarray(0, buffer.writeInt16BE(END_OF_ROWS, at))
}

function sizeOf(readings: readonly ToStore[]): number {
  let bytes = HEADER.length + 2 + readings.length * FIXED_BYTES
  // a channel is ASCII; a text of a message may be anything
  for (const { channel, raw } of readings) bytes += channel.length + (raw === null ? 0 : Buffer.byteLength(raw))
  return bytes
}

function int8(buffer: Buffer, value: number, at: number): number {
  const start = buffer.writeInt32BE(8, at)
  writeInt8(buffer, value, start)
  return start + 8
}

function instant(buffer: Buffer, epochMs: number, at: number): number {
  const start = buffer.writeInt32BE(8, at)
  writeInstant(buffer, epochMs, start)
  return start + 8
}

function text(buffer: Buffer, value: string, at: number): number {
  const length = buffer.write(value, at + 4)
  return buffer.writeInt32BE(length, at) + length
}

function none(buffer: Buffer, at: number): number {
  return buffer.writeInt32BE(NULL_LENGTH, at)
}
