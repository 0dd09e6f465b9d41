import { lineReader } from './lines.ts'
import type { Plan } from './plan.ts'
import { type TableRow, tableReader } from './reader.ts'
import type { ByteSource } from './survey.ts'

/** The rows of a surveyed file in its order, in pieces as they are read; the second pass over its bytes. */
export async function* readRows(source: ByteSource, plan: Plan): AsyncGenerator<TableRow[]> {
  const lines = lineReader()
  const reader = tableReader(plan)
  for await (const bytes of source()) yield reader.push(lines.push(bytes))
  yield [...reader.push(lines.end()), ...reader.end()]
}
