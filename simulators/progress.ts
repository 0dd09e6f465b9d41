import { setTimeout as pause } from 'node:timers/promises'
import { type Progress, progressLine } from './table.ts'

const REDRAW_MS = 250
const NEXT_LINE_MS = 5000

/** Shows progress while the work goes on; a terminal sees a bar, a log a line now and then. */
export async function shown(
  { print, isTty }: { print: (text: string) => void; isTty: boolean },
  progress: () => Progress,
  work: Promise<unknown>,
): Promise<void> {
  const finished = new AbortController()
  const done = work.finally(() => finished.abort())
  const draw = () => print(isTty ? `\r${progressLine(progress())}` : `${progressLine(progress())}\n`)
  const showing = (async () => {
    while (!finished.signal.aborted) {
      draw()
      const ms = isTty ? REDRAW_MS : NEXT_LINE_MS
      // the pause ends with the work
      await pause(ms, undefined, { signal: finished.signal }).catch(() => undefined)
    }
    draw()
  })()
  await Promise.all([done, showing])
  if (isTty) print('\n')
}
