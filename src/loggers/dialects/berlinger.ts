import type { Dialect } from '../dialect.ts'

/**
 * Berlinger Fridge-tag and Q-tag: `Key: value` lines nested by blanks, then `Data:` with a table whose lines begin with
 * a tab, then certificate and signature. The Q-tag states no unit: the format is metric. Its `Zone` is a field of the
 * configuration whose meaning is not documented, so it decides nothing.
 */
export const berlinger: Dialect = {
  name: 'berlinger',
  vendor: 'Berlinger',
  recognise: [/^Device: .*tag/im, /^ Serial: \S/m, /^(?:Fw )?Vers: /m],
  statistics: 'extreme',
  tableAfter: /^Data:\s*$/,
  delimiter: '\t',
  unit: 'CEL',
  intervalUnitMs: 60_000,
  event: /^\t\d+\t/,
  zoneRemark: 'its field "Zone" is not documented',
  facts: {
    model: /^Device: (.+)$/m,
    serial: /^ Serial: (\S+)/m,
    interval: /^ Logging Interval: (\d+)\s*$/m,
    unit: /^ Temp unit: (\S+)/m,
    first: /^ TS Start: (\S.*)$/m,
    minimum: /^ {1,2}Min T: ([-+.\d]+)/m,
    maximum: /^ {1,2}Max T: ([-+.\d]+)/m,
    mean: /^ Avrg T: ([-+.\d]+)/m,
    meanKineticTemperature: /^ MKT: ([-+.\d]+)/m,
    limitLow: /^ {2}(?:0:\n {3}|\d:\n {3}Type: [135], )T AL: ([-+.\d]+)/m,
    limitHigh: /^ {2}(?:1:\n {3}|\d:\n {3}Type: [24], )T AL: ([-+.\d]+)/m,
    signature: /^Sig: ([\da-f]{16})/m,
  },
}
