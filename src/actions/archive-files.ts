import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { PoolClient } from 'pg'
import { z } from 'zod'
import { ARCHIVE_FILES, type ArchivedRows } from '../domain/archive-format.ts'
import { MANIFEST_FILE, type Manifest, type ManifestFile, manifestFile, manifestSchema } from './archive-manifest.ts'
import { type RowFacts, rowsInFile, rowsInTable } from './archive-rows.ts'
import { fileHash, toDisk, writeParquet } from './parquet-file.ts'

/** An archive as it lies on the disk; `sha256` is of the manifest's bytes. */
export type ArchiveFiles = { manifest: Manifest; sha256: string }

/** Writes the rows of a month to Parquet files in a directory of its own; answers what they hold, for the manifest. */
export async function writeFiles(
  client: PoolClient,
  { table, month }: Pick<Manifest, 'table' | 'month'>,
  directory: string,
): Promise<ManifestFile[]> {
  await rm(directory, { recursive: true, force: true })
  await mkdir(directory, { recursive: true })
  const files: ManifestFile[] = []
  for (const rows of ARCHIVE_FILES[table]) {
    const path = join(directory, rows.file)
    const parquet = writeParquet(path, rows.columns)
    const facts = await rowsInTable(client, { rows, month }, parquet.add)
    await parquet.close()
    files.push(manifestFile(rows, { ...facts, ...(await fileHash(path)) }))
  }
  return files
}

/** Puts the manifest beside the files, and the directory where it belongs: from then on it is an archive. */
export async function placeFiles(text: string, from: string, to: string): Promise<ArchiveFiles> {
  const path = join(from, MANIFEST_FILE)
  await writeFile(path, text)
  await toDisk(path)
  await toDisk(from)
  await rename(from, to)
  await toDisk(join(to, '..'))
  return { manifest: manifestSchema.parse(JSON.parse(text)), sha256: sha256Of(text) }
}

/** What the rows of the month in the database are, file by file, without writing anything. */
export async function tableFacts(
  client: PoolClient,
  { table, month }: Pick<Manifest, 'table' | 'month'>,
): Promise<RowFacts[]> {
  const facts: RowFacts[] = []
  for (const rows of ARCHIVE_FILES[table]) facts.push(await rowsInTable(client, { rows, month }, () => {}))
  return facts
}

/** Reads a manifest; a sentence where there is none that this program understands. */
export async function readManifest(directory: string): Promise<ArchiveFiles | { problem: string }> {
  const path = join(directory, MANIFEST_FILE)
  if (!existsSync(path)) return { problem: `${path} does not exist: name the directory of an archive.` }
  const text = await readFile(path, 'utf8')
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch {
    return { problem: `${path} is not JSON: it was damaged, take another copy of the archive.` }
  }
  const parsed = manifestSchema.safeParse(content)
  if (!parsed.success) return { problem: `${path} is no manifest of an archive:\n${z.prettifyError(parsed.error)}` }
  return { manifest: parsed.data, sha256: sha256Of(text) }
}

/** Everything in which the files differ from what their manifest says; empty for a sound archive. */
export async function fileProblems(
  directory: string,
  { table, files }: Pick<Manifest, 'table' | 'files'>,
): Promise<string[]> {
  const problems: string[] = []
  const expected = ARCHIVE_FILES[table]
  for (const rows of expected) {
    const entry = files.find(({ file }) => file === rows.file)
    if (entry === undefined) problems.push(`the manifest does not name ${rows.file}`)
    else problems.push(...(await problemsOf(join(directory, rows.file), rows, entry)))
  }
  return problems
}

async function problemsOf(path: string, rows: ArchivedRows, entry: ManifestFile): Promise<string[]> {
  if (!existsSync(path)) return [`${rows.file} is missing`]
  const { sha256, bytes } = await fileHash(path)
  const problems: string[] = []
  if (bytes !== entry.bytes) problems.push(`${rows.file} has ${bytes} bytes, the manifest says ${entry.bytes}`)
  if (sha256 !== entry.sha256) problems.push(`${rows.file} has SHA-256 ${sha256}, the manifest says ${entry.sha256}`)
  try {
    const facts = await rowsInFile(path, rows)
    return [...problems, ...differences(rows.file, facts, entry)]
  } catch (error) {
    return [...problems, `${rows.file} cannot be read: ${error instanceof Error ? error.message : String(error)}`]
  }
}

/** In what rows differ from what they should be, by name. */
export function differences(name: string, found: RowFacts, said: RowFacts): string[] {
  const facts = ['rows', 'rowsSha256', 'measuredAt', 'value'] as const
  return facts.flatMap((fact) => {
    const [is, should] = [JSON.stringify(found[fact]), JSON.stringify(said[fact])]
    return is === should ? [] : [`${name}: ${fact} is ${is}, not ${should}`]
  })
}

function sha256Of(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
