import { z } from 'zod'
import { ARCHIVE_SCHEMA, ARCHIVED_TABLES, type ArchivedRows, LINE_FORM } from '../domain/archive-format.ts'
import { isMonth } from '../domain/month.ts'
import { softwareVersion } from './software-version.ts'

const sha256 = z.string().regex(/^[0-9a-f]{64}$/)
const extremes = z.tuple([z.string(), z.string()]).nullable()

const file = z.object({
  file: z.string(),
  table: z.string(),
  rows: z.int().nonnegative(),
  bytes: z.int().nonnegative(),
  sha256,
  rowsSha256: sha256,
  /** The first and the last instant, the lowest and the highest value; null without any. */
  measuredAt: extremes,
  value: extremes,
  key: z.array(z.string()),
  columns: z.array(z.object({ name: z.string(), type: z.string(), nullable: z.boolean(), meaning: z.string() })),
})

/** What `manifest.json` says: which rows, of when, how to read and how to check them. */
export const manifestSchema = z.object({
  schema: z.literal(ARCHIVE_SCHEMA),
  name: z.string().regex(/^[a-z]+-\d{4}-\d\d(\.\d+)?$/),
  table: z.enum(ARCHIVED_TABLES),
  month: z.string().refine(isMonth),
  writtenAt: z.iso.datetime(),
  software: z.string(),
  databaseVersion: z.int(),
  line: z.string(),
  files: z.array(file).min(1),
})
export type Manifest = z.infer<typeof manifestSchema>
export type ManifestFile = z.infer<typeof file>

/** What stands beside the files. */
export const MANIFEST_FILE = 'manifest.json'

type Written = Pick<ManifestFile, 'rows' | 'bytes' | 'sha256' | 'rowsSha256' | 'measuredAt' | 'value'>

/** A file's entry in the manifest. */
export function manifestFile({ file: name, table, key, columns }: ArchivedRows, written: Written): ManifestFile {
  return { file: name, table, ...written, key: [...key], columns: columns.map((column) => ({ ...column })) }
}

type Around = Omit<Manifest, 'schema' | 'software' | 'line'>

/** The manifest as it is written and hashed: its bytes are part of the archive. */
export function manifestText(around: Around): string {
  const manifest: Manifest = {
    schema: ARCHIVE_SCHEMA,
    ...around,
    software: `unbroken ${softwareVersion()}`,
    line: LINE_FORM,
  }
  return `${JSON.stringify(manifest, null, 1)}\n`
}
