import type { Measure } from '../domain/leg.ts'
import { exactC, isoInstant } from '../domain/units.ts'
import { type EpcisBody, type Extensions, extensions, type SensorElement, type SensorReport } from './epcis-event.ts'

/** What sensors said about a box: a summary of a time, or that something was wrong at an instant. */
export type SensorWord = {
  readonly at: number
  readonly offset: string
  readonly epc: string
  readonly readPoint: string | null
  readonly sensors: readonly SensorSaid[]
  readonly own: Extensions
}

export type SensorSaid = {
  /** The time summed up, or the instant. */
  readonly during: { readonly fromAt: number; readonly toAt: number } | { readonly at: number }
  /** Null: said by several sensors together. */
  readonly deviceID: string | null
  /** Its calibration certificate. */
  readonly deviceMetadata: string | null
  /** Where the readings themselves are served. */
  readonly rawData: string
  /** The limits it is judged by. */
  readonly bizRules: string
  /** Null: nothing is summed up. */
  readonly measure: Pick<Measure, 'lowestMilliC' | 'highestMilliC' | 'meanMilliC'> | null
  readonly exceptions: readonly Exception[]
}

/** An alarm of the limits, or a fault of the sensor. */
export type Exception = {
  readonly exception: 'ALARM_CONDITION' | 'ERROR_CONDITION'
  readonly at: number
  readonly own: Extensions
}

/** The event of it: an observation of the box with one element per sensor (domain page 5.3). */
export function sensorBody({ at, offset, epc, readPoint, sensors, own }: SensorWord): EpcisBody {
  return {
    type: 'ObjectEvent',
    eventTime: isoInstant(at),
    eventTimeZoneOffset: offset,
    action: 'OBSERVE',
    bizStep: 'sensor_reporting',
    epcList: [epc],
    ...(readPoint !== null && { readPoint: { id: readPoint } }),
    ...(sensors.length > 0 && { sensorElementList: sensors.map(elementOf) }),
    ...own,
  }
}

function elementOf({ during, deviceID, deviceMetadata, measure, exceptions, ...addresses }: SensorSaid): SensorElement {
  const time =
    'at' in during
      ? { time: isoInstant(during.at) }
      : { startTime: isoInstant(during.fromAt), endTime: isoInstant(during.toAt) }
  return {
    sensorMetadata: {
      ...time,
      ...(deviceID !== null && { deviceID }),
      ...(deviceMetadata !== null && { deviceMetadata }),
      rawData: addresses.rawData,
      bizRules: addresses.bizRules,
    },
    sensorReport: [...(measure === null ? [] : [summary(measure)]), ...exceptions.map(reportOf)],
  }
}

/** No value is not a good value: where none was valid the report says so and gives no number. */
function summary({ lowestMilliC, highestMilliC, meanMilliC }: NonNullable<SensorSaid['measure']>): SensorReport {
  if (lowestMilliC === null || highestMilliC === null || meanMilliC === null) {
    return { type: 'Temperature', ...extensions({ 'cc:noValue': true }) }
  }
  return {
    type: 'Temperature',
    minValue: exactC(lowestMilliC),
    maxValue: exactC(highestMilliC),
    meanValue: exactC(meanMilliC),
    uom: 'CEL',
  }
}

function reportOf({ exception, at, own }: Exception): SensorReport {
  return { type: 'Temperature', exception, booleanValue: true, time: isoInstant(at), ...own }
}
