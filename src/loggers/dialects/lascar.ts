import type { Dialect } from '../dialect.ts'

/**
 * Lascar EasyLog: the first title is the name of the logger, and the serial number stands in the first row only. The
 * model is nowhere in the file.
 */
export const lascar: Dialect = {
  name: 'lascar-easylog',
  vendor: 'Lascar',
  recognise: [/^[^,\n]+,Time,(?:Celsius|Fahrenheit)\(.{0,2}[CF]\),.*Serial Number/m],
  statistics: 'one',
  delimiter: ',',
  facts: { name: /^([^,\n]+),Time,/m },
}
