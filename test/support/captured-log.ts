import { type Logger, pino } from 'pino'

/** A real logger whose sentences a test can read: `said` holds `level: message` of every line, oldest first. */
export function capturedLog(): { log: Logger; said: string[] } {
  const said: string[] = []
  const write = (line: string): void => {
    const { level, msg }: { level: string; msg: string } = JSON.parse(line)
    said.push(`${level}: ${msg}`)
  }
  const formatters = { level: (label: string) => ({ level: label }) }
  return { log: pino({ level: 'debug', formatters }, { write }), said }
}
