import type { Dialect } from '../dialect.ts'

/**
 * Wellzion thermocouple loggers: every cell quoted, serial number and name in the first row only. `-270.0` means that
 * the thermocouple gave nothing yet; the file does not mark it.
 */
export const wellzion: Dialect = {
  name: 'wellzion',
  vendor: 'Wellzion',
  recognise: [/^"Index","Timestamp","Thermocouple\(.{0,2}[CF]\)","Serial Number","Logger Name"/m],
  statistics: 'one',
  delimiter: ',',
  faults: ['-270.0', '-270'],
  facts: {},
}
