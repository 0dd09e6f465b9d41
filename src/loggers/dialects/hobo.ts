import type { Dialect } from '../dialect.ts'

/**
 * Onset HOBOware: column titles carry zone, quantity, unit and serial number; a `Details` text may run down beside the
 * first readings with the vendor's own statistics, its commas unquoted.
 */
export const hobo: Dialect = {
  name: 'onset-hoboware',
  vendor: 'Onset',
  recognise: [/^(?:"#",)?"?Date Time, GMT|^"?Plot Title: /m, /LGR S\/N: /],
  statistics: 'one',
  titleName: /^(.+?), /,
  facts: {
    name: /^"?Plot Title: (.*?)"?$/m,
    model: /^Product: (.+)$/m,
    serial: /LGR S\/N: (\w+)/,
    samples: /^Samples: ([\d,]+)/m,
    interval: /^Logging Interval: (.+)$/m,
    first: /^First Sample Time: (.+?)(?: GMT\S*)?$/m,
    last: /^Last Sample Time: (.+?)(?: GMT\S*)?$/m,
    minimum: /^Min: (.+)$/m,
    maximum: /^Max: (.+)$/m,
    mean: /^Avg: (.+)$/m,
  },
}
