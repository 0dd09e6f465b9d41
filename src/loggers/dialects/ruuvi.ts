import type { Dialect } from '../dialect.ts'

/**
 * Ruuvi Station, the export of the phone app: no units (degrees Celsius, % RH, hPa and volts: those the tag
 * broadcasts), the offset in every row, radio and acceleration columns beside.
 */
export const ruuvi: Dialect = {
  name: 'ruuvi-station',
  vendor: 'Ruuvi',
  recognise: [/^timestamp,temperature,humidity,pressure,rssi,acceleration x/m],
  statistics: 'one',
  delimiter: ',',
  unit: 'CEL',
  units: { pressure: 'A97', voltage: 'VLT' },
  facts: {},
}
