import { createHash } from 'node:crypto'
import type { PoolClient } from 'pg'
import { copyOut } from '../../db/connect.ts'
import {
  type ArchiveColumn,
  type ArchivedRows,
  type Fields,
  fieldsOf,
  isoMicros,
  lineOf,
} from '../domain/archive-format.ts'
import { type Month, monthSpan } from '../domain/month.ts'
import type { ManifestFile } from './archive-manifest.ts'
import { readParquet } from './parquet-file.ts'

/** What can be said of rows wherever they lie: how many, their hash over canonical lines, their extremes. */
export type RowFacts = Pick<ManifestFile, 'rows' | 'rowsSha256' | 'measuredAt' | 'value'>

/** Which rows: those of a month, in their table or, before it is attached, in a partition. */
export type StoredRows = { rows: ArchivedRows; month: Month; from?: string }

/** Reads rows one by one in the order of their key, as they are stored; any number fits in memory. */
export async function rowsInTable(
  client: PoolClient,
  stored: StoredRows,
  each: (fields: Fields) => void,
): Promise<RowFacts> {
  const hash = createHash('sha256')
  const tally = tallyOf(stored.rows)
  const chunks = copyOut(client, `copy (${selectOf(stored)}) to stdout`)
  for await (const lines of linesOf(chunks, (chunk) => hash.update(chunk))) {
    for (const line of lines) {
      const fields = fieldsOf(line)
      tally.add(fields)
      each(fields)
    }
  }
  return { ...tally.result(), rowsSha256: hash.digest('hex') }
}

/** The same of a Parquet file. Throws where it cannot be read. */
export async function rowsInFile(path: string, rows: ArchivedRows): Promise<RowFacts> {
  const hash = createHash('sha256')
  const tally = tallyOf(rows)
  for await (const group of readParquet(path, rows.columns)) {
    for (const fields of group) {
      hash.update(`${lineOf(fields)}\n`)
      tally.add(fields)
    }
  }
  return { ...tally.result(), rowsSha256: hash.digest('hex') }
}

/** The condition that a row is of a month; instants are constants, so that partitions prune. */
export function ofMonth(month: Month): string {
  const [from, to] = Object.values(monthSpan(month)).map((at) => new Date(at).toISOString())
  return `measured_at >= timestamptz '${from}' and measured_at < timestamptz '${to}'`
}

/** Each column as its canonical line has it; COPY writes the rest of the line as it is defined. */
function selectOf({ rows: { table, columns, key }, month, from = table }: StoredRows): string {
  return `select ${columns.map(expression).join(', ')} from ${from} where ${ofMonth(month)} order by ${key.join(', ')}`
}

function expression({ name, type }: ArchiveColumn): string {
  if (type === 'instant') return `(extract(epoch from ${name}) * 1000000)::bigint`
  return type === 'bytes' ? `encode(${name}, 'hex')` : name
}

async function* linesOf(chunks: AsyncIterable<Buffer>, see: (chunk: Buffer) => void): AsyncGenerator<string[]> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  let rest = ''
  for await (const chunk of chunks) {
    see(chunk)
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    yield lines
  }
  if (rest !== '') throw new Error('the database ended in the middle of a row')
}

function tallyOf({ columns, value }: ArchivedRows) {
  const placeOf = (name: string) => columns.findIndex((column) => column.name === name)
  const [at, of] = [placeOf('measured_at'), placeOf(value)]
  const instants: Range = { low: null, high: null }
  const values: Range = { low: null, high: null }
  let rows = 0
  return {
    add: (fields: Fields) => {
      rows++
      widen(instants, fields[at])
      widen(values, fields[of])
    },
    result: (): Omit<RowFacts, 'rowsSha256'> => ({
      rows,
      measuredAt: printed(instants, isoMicros),
      value: printed(values, (text) => text),
    }),
  }
}

/** Whole numbers within 2^53: microseconds until the year 2255, and every value a sensor can have. */
type Range = { low: number | null; high: number | null }

function widen(range: Range, field: string | null | undefined): void {
  if (field === null || field === undefined) return
  const value = Number(field)
  if (range.low === null || value < range.low) range.low = value
  if (range.high === null || value > range.high) range.high = value
}

function printed({ low, high }: Range, print: (text: string) => string): [string, string] | null {
  return low === null || high === null ? null : [print(String(low)), print(String(high))]
}
