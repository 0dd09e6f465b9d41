import { type Answers, NO_ANSWERS } from '../../src/loggers/question.ts'
import { readRows } from '../../src/loggers/read-rows.ts'
import type { TableRow } from '../../src/loggers/reader.ts'
import { type FileSummary, summaryOf } from '../../src/loggers/summary.ts'
import { surveyFile } from '../../src/loggers/survey.ts'
import { sourceOf } from './logger-files.ts'

type Asked = { asks: string[] }

/** A file as it is understood, or the codes of what it leaves open. */
export async function understand(
  file: Uint8Array | string,
  given: Partial<Answers> = {},
  pieceBytes?: number,
): Promise<FileSummary | Asked> {
  const bytes = typeof file === 'string' ? Buffer.from(file) : file
  const surveyed = await surveyFile(sourceOf(bytes, pieceBytes), { ...NO_ANSWERS, ...given })
  if (surveyed.outcome === 'no_table') throw new Error(surveyed.detail)
  return surveyed.outcome === 'asks' ? { asks: surveyed.questions.map(({ code }) => code) } : summaryOf(surveyed.survey)
}

/** The rows of a file that leaves nothing open. */
export async function rowsOf(file: string): Promise<TableRow[]> {
  const source = sourceOf(Buffer.from(file))
  const surveyed = await surveyFile(source, NO_ANSWERS)
  if (surveyed.outcome !== 'read') throw new Error(`the file is not understood: ${surveyed.outcome}`)
  const rows: TableRow[] = []
  for await (const some of readRows(source, surveyed.survey.plan)) rows.push(...some)
  return rows
}

/** The same where it must leave nothing open. */
export async function understood(file: Uint8Array | string, given: Partial<Answers> = {}): Promise<FileSummary> {
  const found = await understand(file, given)
  if ('asks' in found) throw new Error(`the file asks ${found.asks.join(', ')}`)
  return found
}
