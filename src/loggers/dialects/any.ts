import type { Dialect } from '../dialect.ts'
import { whole } from '../patterns.ts'

const DEVICE = '(device|logger|sensor|instrument|product)'
const SAMPLE = '(sample|reading|record|log point)'
const VALUE = '(temp|temperature|reading|value)'

/**
 * Any other vendor: a table with recognisable times and values, in any of the usual delimiters, with or without a
 * header of `Key: value`, `Key;value` or `"Key","value"` lines. It must name its unit; what it does not say is asked.
 */
export const anyDialect: Dialect = {
  name: 'any',
  vendor: null,
  recognise: [],
  statistics: 'one',
  facts: {},
  keys: {
    vendor: whole('manufacturer', 'vendor', 'hersteller', 'fabricant'),
    model: whole(`(${DEVICE} )?(model|type|typ)( (name|no|number))?`, DEVICE, 'gerät'),
    serial: whole(
      `(${DEVICE} )?(serial( ?(number|no|nr|#))?|s\\/?n|id)`,
      'seriennummer',
      'ser ?(no|nr)',
      'n° de série',
    ),
    name: whole(`(${DEVICE}|trip|shipment|job) (name|description)`, 'description', 'bezeichnung'),
    samples: whole(
      `((total )?(number|no) of |total |anzahl( der)? )?(${SAMPLE}s|data points|log points|messwerte|messungen)`,
      '(sample|reading|record|data) count',
    ),
    interval: whole(
      '(log|logging|sample|sampling|record|recording|measuring|measurement) (interval|rate|cycle|period)',
      'interval',
      'messtakt',
      'messintervall',
      'intervall',
    ),
    start: whole('((mission|trip|logging|log|recording) )?start(ed)?( (time|date|at))?'),
    first: whole(`first ${SAMPLE}s?( (time|date|at|on))?`),
    last: whole(`last ${SAMPLE}s?( (time|date|at|on))?`),
    zone: whole('(utc|gmt|time ?zone) offset', 'time ?zone', 'zeitzone', 'fuseau( horaire)?'),
    unit: whole('(temp(erature)? )?units?', 'einheit', 'unité'),
    dateFormat: whole('date( ?\\/?time)? format', 'datumsformat'),
    minimum: whole(`(min|minimum|lowest)( ${VALUE})?`),
    maximum: whole(`(max|maximum|highest)( ${VALUE})?`),
    mean: whole(`(avg|average|mean|mittelwert)( ${VALUE})?`),
    meanKineticTemperature: whole('mkt', 'mean kinetic temperature'),
  },
}
