import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { asyncBufferFromFile, parquetMetadataAsync, parquetRead } from 'hyparquet'
import { fileWriter, ParquetWriter, type SchemaElement } from 'hyparquet-writer'
import type { ArchiveColumn, ColumnType, Fields } from '../domain/archive-format.ts'

/** Rows that are held in memory at once; about 50 MB, and still a good row group for readers. */
const ROWS_PER_GROUP = 50_000

/** A Parquet file being written row by row. */
export type ParquetFile = { add: (fields: Fields) => void; close: () => Promise<void> }

/** Writes rows of the columns to a new file; `close` returns when they are on the disk. */
export function writeParquet(path: string, columns: readonly ArchiveColumn[]): ParquetFile {
  const schema = [{ name: 'row', num_children: columns.length }, ...columns.map(schemaElement)]
  const writer = new ParquetWriter({ writer: fileWriter(path), schema, createdBy: 'unbroken' })
  let rows: Fields[] = []
  const flush = () => {
    const columnData = columns.map(({ name, type }, index) => ({
      name,
      data: rows.map((fields) => typed(type, fields[index] ?? null)),
      // what is sorted, or counts up, takes a fifth of the room
      ...(type === 'int64' || type === 'instant' ? { encoding: 'DELTA_BINARY_PACKED' as const } : {}),
    }))
    writer.write({ columnData, rowGroupSize: ROWS_PER_GROUP })
    rows = []
  }
  return {
    add: (fields) => {
      rows.push(fields)
      if (rows.length === ROWS_PER_GROUP) flush()
    },
    close: async () => {
      if (rows.length > 0) flush()
      writer.finish()
      await toDisk(path)
    },
  }
}

/** The rows of a file, a row group at a time. Throws where it is no Parquet file of these columns. */
export async function* readParquet(path: string, columns: readonly ArchiveColumn[]): AsyncGenerator<Fields[]> {
  const file = await asyncBufferFromFile(path)
  const metadata = await parquetMetadataAsync(file)
  const names = metadata.schema.slice(1).map(({ name }) => name)
  if (names.join() !== columns.map(({ name }) => name).join()) throw new Error(`its columns are ${names.join(', ')}`)
  let rowStart = 0
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows)
    const found: unknown[][] = []
    await parquetRead({
      file,
      metadata,
      rowStart,
      rowEnd,
      utf8: false,
      parsers: { timestampFromMicroseconds: (micros) => micros },
      onComplete: (rows) => {
        for (const row of rows) found.push(row)
      },
    })
    yield found.map((row) => columns.map(({ type }, index) => fieldOf(type, row[index])))
    rowStart = rowEnd
  }
}

/** SHA-256 of a file, lower-case hex, and its size. */
export async function fileHash(path: string): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of createReadStream(path)) {
    const part: Buffer = chunk
    hash.update(part)
    bytes += part.length
  }
  return { sha256: hash.digest('hex'), bytes }
}

/** Waits until a file, or the names in a directory, are on the disk and survive a power cut. */
export async function toDisk(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function schemaElement({ name, type, nullable }: ArchiveColumn): SchemaElement {
  return { name, repetition_type: nullable ? 'OPTIONAL' : 'REQUIRED', ...PARQUET_TYPES[type] }
}

const PARQUET_TYPES: Record<ColumnType, Omit<SchemaElement, 'name'>> = {
  int32: { type: 'INT32' },
  int64: { type: 'INT64' },
  instant: {
    type: 'INT64',
    converted_type: 'TIMESTAMP_MICROS',
    logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' },
  },
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  bytes: { type: 'BYTE_ARRAY' },
}

function typed(type: ColumnType, field: string | null): unknown {
  if (field === null) return null
  switch (type) {
    case 'int32':
      return Number(field)
    case 'int64':
    case 'instant':
      return BigInt(field)
    case 'text':
      return field
    case 'bytes':
      return new Uint8Array(Buffer.from(field, 'hex'))
  }
}

function fieldOf(type: ColumnType, value: unknown): string | null {
  if (value === null || value === undefined) return null
  if (type === 'bytes') {
    if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
    throw new Error('a value of bytes is none')
  }
  return String(value)
}
