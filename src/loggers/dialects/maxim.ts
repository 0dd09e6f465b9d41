import type { Dialect } from '../dialect.ts'

/**
 * Maxim iButton as OneWireViewer exports it: a header of the mission, then `Date/Time,Unit,Value`. Day and month stand
 * in the order of the computer that wrote it; the mission start, with weekday and month name, decides. Its zone
 * abbreviation does not: CST and IST are several zones.
 */
export const maxim: Dialect = {
  name: 'maxim-onewireviewer',
  vendor: 'Maxim',
  recognise: [/^1-Wire\/iButton Part Number:/m],
  statistics: 'one',
  delimiter: ',',
  facts: {
    model: /^1-Wire\/iButton Part Number:\s*(\S+)/m,
    serial: /^1-Wire\/iButton Registration Number:\s*(\S+)/m,
    samples: /^(?:Number of Mission Samples|Mission Sample Count):\s*([\d,]+)/m,
    interval: /^Sample Rate:\s*(?:Every\s+)?(.+)$/m,
    start: /^Mission Start(?: Time)?:\s*(.+)$/m,
    first: /^First Sample Timestamp:\s*(.+)$/m,
    zone: /^Mission Start(?: Time)?:.*\d\d:\d\d:\d\d\s+([A-Z]{2,5})\s+\d{4}/m,
  },
}
