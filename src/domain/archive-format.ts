import { codeOf, inUnit, QUANTITIES, unitOf } from './quantity.ts'

/**
 * What an archive holds: rows of a month, column by column, in a form that any tool reads in thirty years. The Parquet
 * file holds the values; the canonical line of a row is what hashes are made over, so that they can be recomputed from
 * the file or from the database alike (README, "Keeping it").
 */
export const ARCHIVE_SCHEMA = 'unbroken-archive@1'

/** What the lines are, in words for whoever recomputes the hash; stands in every manifest. */
export const LINE_FORM =
  'rowsSha256 is the SHA-256 of all rows in the order of "key" (text by bytes, null last), each a line of its ' +
  'columns ' +
  'in the order of "columns" with a tab between and a line feed after: whole numbers in decimal, instants as ' +
  'microseconds since 1970-01-01T00:00:00Z, bytes in lower-case hexadecimal, text in UTF-8 with backslash, tab, line ' +
  'feed, carriage return, backspace, form feed and vertical tab written as \\\\ \\t \\n \\r \\b \\f \\v, null as \\N'

/** `int32`, `int64` and `text` are what they say; an `instant` is UTC with microseconds; `bytes` are as they came. */
export type ColumnType = 'int32' | 'int64' | 'instant' | 'text' | 'bytes'

export type ArchiveColumn = { name: string; type: ColumnType; nullable: boolean; meaning: string }

/** One file of an archive: whose rows, in which order. */
export type ArchivedRows = {
  file: string
  table: 'reading' | 'observation' | 'conflict'
  key: readonly string[]
  columns: readonly ArchiveColumn[]
  /** The column whose extremes the manifest states. */
  value: string
}

/** `1 humidity in 0.001 P1`, and so on: the unit is a code of UN/ECE Recommendation 20. */
const QUANTITY_CODES = QUANTITIES.map((one) => `${codeOf(one)} ${one} in ${inUnit(one, 1)} ${unitOf(one)}`).join(', ')

/** The tables that are archived month by month. */
export const ARCHIVED_TABLES = ['reading', 'observation'] as const
export type ArchivedTable = (typeof ARCHIVED_TABLES)[number]

const SENSOR = column('sensor_id', 'int64', 'the sensor; its id is global')
const CHANNEL = column('channel', 'text', 'which of its channels')
const MEASURED = column('measured_at', 'instant', 'when it was measured, by the sensor’s clock')
const RECEIVED = column('received_at', 'instant', 'when the service received it')
const BATCH = column('batch_id', 'int64', 'the recording transaction; table batch says when it was known')
const SEQ = nullable('seq', 'int64', 'the message’s number by its sensor; null: it sent none')
const RAW = nullable('raw', 'text', 'the sensor’s own text, where it says more than the value; else null or empty')
const SOURCE = column('source', 'int32', '0: sent live; 1: read out of the sensor’s memory, the original')
const MILLI_C = nullable('value_milli_c', 'int32', 'thousandths of a degree Celsius, uncorrected; null: a fault')

/** The files of an archive of each table, with their columns in order. */
export const ARCHIVE_FILES: Record<ArchivedTable, readonly ArchivedRows[]> = {
  reading: [
    {
      file: 'rows.parquet',
      table: 'reading',
      key: ['sensor_id', 'measured_at', 'channel', 'source'],
      columns: [SENSOR, MEASURED, CHANNEL, SOURCE, MILLI_C, RAW, SEQ, RECEIVED, BATCH],
      value: 'value_milli_c',
    },
    {
      file: 'conflicts.parquet',
      table: 'conflict',
      key: ['id'],
      columns: [
        column('id', 'int64', 'in order of recording'),
        ...[SENSOR, MEASURED, CHANNEL, SOURCE, MILLI_C, RAW, SEQ, RECEIVED, BATCH],
        column('payload', 'bytes', 'the message that brought this other value for the instant of a reading'),
      ],
      value: 'value_milli_c',
    },
  ],
  observation: [
    {
      file: 'rows.parquet',
      table: 'observation',
      key: ['sensor_id', 'quantity', 'measured_at', 'channel', 'value'],
      columns: [
        SENSOR,
        column('quantity', 'int32', QUANTITY_CODES),
        MEASURED,
        CHANNEL,
        nullable('value', 'int64', 'in the scale of its quantity; null: a fault'),
        ...[RAW, SEQ, RECEIVED, BATCH],
      ],
      value: 'value',
    },
  ],
}

function column(name: string, type: ColumnType, meaning: string): ArchiveColumn {
  return { name, type, nullable: false, meaning }
}

function nullable(name: string, type: ColumnType, meaning: string): ArchiveColumn {
  return { name, type, nullable: true, meaning }
}

/** The values of a row as texts: numbers in decimal, instants in microseconds, bytes in hexadecimal. */
export type Fields = (string | null)[]

/** The canonical line of a row, without its line feed. */
export function lineOf(fields: Readonly<Fields>): string {
  return fields.map((field) => (field === null ? '\\N' : escaped(field))).join('\t')
}

/** The row of a canonical line. */
export function fieldsOf(line: string): Fields {
  return line.split('\t').map((field) => (field === '\\N' ? null : unescaped(field)))
}

const ESCAPES: readonly [string, string][] = [
  ['\\', '\\\\'],
  ['\b', '\\b'],
  ['\f', '\\f'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\v', '\\v'],
]
const WRITTEN = new Map(ESCAPES)
const READ = new Map(ESCAPES.map(([character, text]) => [text, character]))

function escaped(text: string): string {
  return text.replace(/[\\\b\f\n\r\t\v]/g, (character) => WRITTEN.get(character) ?? character)
}

function unescaped(text: string): string {
  return text.includes('\\') ? text.replace(/\\./g, (pair) => READ.get(pair) ?? pair) : text
}

/** Microseconds since 1970 as ISO 8601 in UTC, to the microsecond. */
export function isoMicros(micros: string): string {
  const total = BigInt(micros)
  const part = ((total % 1000n) + 1000n) % 1000n
  const iso = new Date(Number((total - part) / 1000n)).toISOString()
  return `${iso.slice(0, -1)}${String(part).padStart(3, '0')}Z`
}
