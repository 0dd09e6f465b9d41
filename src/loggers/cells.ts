/** The separators of columns that exports use. */
export const DELIMITERS = ['\t', ';', ',', '|'] as const
export type Delimiter = (typeof DELIMITERS)[number]

/**
 * The cells of one line, trimmed. A cell may be quoted; a quote that is never closed takes the rest of its line and no
 * more, so that one bad line cannot swallow the file. (A general CSV parser would take the lines below it as well.)
 */
export function splitCells(line: string, delimiter: Delimiter): string[] {
  if (!line.includes('"')) return line.split(delimiter).map((cell) => cell.trim())
  const cells: string[] = []
  let at = 0
  while (at <= line.length) {
    const cell = cellAt(line, at, delimiter)
    cells.push(cell.text.trim())
    at = cell.endsAt + 1
  }
  return cells
}

function cellAt(line: string, from: number, delimiter: Delimiter): { text: string; endsAt: number } {
  let quote = from
  while (line[quote] === ' ') quote++
  if (line[quote] !== '"') {
    const endsAt = indexOrEnd(line, delimiter, from)
    return { text: line.slice(from, endsAt), endsAt }
  }
  let text = ''
  let at = quote + 1
  for (;;) {
    const close = indexOrEnd(line, '"', at)
    text += line.slice(at, close)
    if (line[close + 1] !== '"') {
      const endsAt = indexOrEnd(line, delimiter, close + 1)
      return { text: text + line.slice(close + 1, endsAt), endsAt }
    }
    text += '"'
    at = close + 2
  }
}

function indexOrEnd(line: string, text: string, from: number): number {
  const found = line.indexOf(text, from)
  return found < 0 ? line.length : found
}
