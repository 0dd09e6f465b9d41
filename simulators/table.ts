/**
 * Rows of texts under headings, as wide as their longest cell; a cell longer than `widest` is continued below itself.
 */
export function table(headings: readonly string[], rows: readonly (readonly string[])[], widest: number): string {
  const wrapped = rows.map((row) => row.map((cell) => wrap(cell, widest)))
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...wrapped.flatMap((row) => (row[column] ?? []).map((line) => line.length))),
  )
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()
  const rule = widths.map((width) => '-'.repeat(width)).join('  ')
  const body = wrapped.flatMap((row) => {
    const height = Math.max(...row.map((cell) => cell.length))
    return Array.from({ length: height }, (_, index) => line(row.map((cell) => cell[index] ?? '')))
  })
  return [line(headings), rule, ...body, ''].join('\n')
}

function wrap(cell: string, widest: number): string[] {
  const lines: string[] = ['']
  for (const word of cell.split(' ')) {
    const last = lines.at(-1) ?? ''
    if (last !== '' && last.length + word.length + 1 > widest) lines.push(word)
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`
  }
  return lines
}

/** What a play has done so far. */
export type Progress = {
  /** Share of the journeys' time that has passed, 0 to 1. */
  share: number
  published: number
  acked: number
  events: number
}

const BAR_WIDTH = 30

/** `[#####.....]  52 %  410 readings published, 408 acked, 23 custody events`. */
export function progressLine({ share, published, acked, events }: Progress): string {
  const filled = Math.round(Math.min(1, share) * BAR_WIDTH)
  const bar = `${'#'.repeat(filled)}${'.'.repeat(BAR_WIDTH - filled)}`
  const percent = String(Math.round(Math.min(1, share) * 100)).padStart(3)
  return `[${bar}] ${percent} %  ${published} messages published, ${acked} acknowledged, ${events} custody events`
}
