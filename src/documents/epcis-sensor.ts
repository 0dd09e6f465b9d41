import { canonicalJson } from '../domain/canonical.ts'
import type { LegMeasures, SensorMeasure } from '../domain/leg.ts'
import type { RecordedAlarm, RecordedEvaluation, ShipmentRecord } from '../domain/shipment-record.ts'
import type { Saying, SayingRecord } from './epcis-chronicle.ts'
import { extensions } from './epcis-event.ts'
import { offsetKnown, placeKnown } from './epcis-known.ts'
import { type Exception, type SensorSaid, type SensorWord, sensorBody } from './epcis-sensor-body.ts'
import type { EpcisTerms } from './epcis-terms.ts'
import { boxEpc, partyUri, sensorEpc } from './epcis-things.ts'

/**
 * What a shipment's sensors said, from the versions of its judgement (domain page 5.3): one event per alarm as soon as
 * a version has it; once the window is closed, one summary per leg, and one event per sensor that had faults in a leg.
 * Before that data are still on their way. A later version tells only what it changes: the event of before with an
 * error declaration, and the new one.
 */
export function sensorRecords(record: ShipmentRecord, terms: EpcisTerms): SayingRecord[] {
  const { id: shipmentId, reference, senderOrg } = record.shipment
  const sayings = record.evaluations.map((evaluation) => sayingsOf({ record, terms, evaluation }))
  return record.evaluations.map(({ version, contentSha256, inputsSha256, knownAt }, index) => {
    const now = sayings[index] ?? []
    const gone = (sayings[index - 1] ?? []).filter(({ key }) => now.every((saying) => saying.key !== key))
    return {
      place: { shipmentId, source: 'evaluation', ordinal: version },
      row: version,
      recordedAt: knownAt,
      fingerprint: canonicalJson({ reference, senderOrg, version, contentSha256, inputsSha256, knownAt }),
      says: [...gone.map(({ key }) => ({ key, body: null, fact: '' })), ...now],
    }
  })
}

type Around = { record: ShipmentRecord; terms: EpcisTerms; evaluation: RecordedEvaluation }

function sayingsOf(around: Around): Saying[] {
  const { alarms, legs } = around.evaluation
  return [
    ...alarms.flatMap((alarm) => alarmSaying(alarm, around)),
    ...(legs ?? []).flatMap((leg, index) => [
      legSaying(leg, index, around),
      ...leg.sensors.flatMap((sensor) => faultSaying(sensor, index, around)),
    ]),
  ]
}

/** A presumed alarm is told, too, and marked: a gap beside a value out of limits is not known to be good. */
function alarmSaying({ level, severity, alarm }: RecordedAlarm, around: Around): Saying[] {
  if (alarm.state === 'none') return []
  const { placements } = around.evaluation
  const there = placements.filter(({ fromAt, toAt }) => fromAt <= alarm.at && (toAt === null || alarm.at < toAt))
  const ids = [...new Set(there.map(({ sensorId }) => sensorId))]
  const alone = ids.length === 1 ? ids[0] : undefined
  const said: SensorSaid = {
    ...addresses(around),
    during: { at: alarm.at },
    deviceID: alone === undefined ? null : sensorEpc(around.record, alone, around.terms),
    deviceMetadata: null,
    measure: null,
    exceptions: [{ exception: 'ALARM_CONDITION', at: alarm.at, own: {} }],
  }
  const own = { 'cc:level': level, 'cc:severity': severity, 'cc:alarmState': alarm.state } as const
  const fact = canonicalJson([alarm.state, alarm.at, severity])
  return [{ key: `alarm ${level}`, fact, body: sensorBody(word([said], alarm.at, { ...around, own })) }]
}

function legSaying(leg: LegMeasures, index: number, around: Around): Saying {
  const { record, terms, evaluation } = around
  const alarms = evaluation.alarms.filter(({ alarm }) => alarm.state !== 'none' && isIn(alarm.at, leg))
  const sensors = leg.sensors.map((sensor, place): SensorSaid => {
    const own = alarms.filter(
      ({ alarm }) =>
        place ===
        Math.max(
          0,
          leg.sensors.findIndex((one) => sees(one, alarm)),
        ),
    )
    return {
      ...addresses(around),
      during: sensor,
      deviceID: sensorEpc(record, sensor.sensorId, terms),
      deviceMetadata: certificateAddress(sensor, terms),
      measure: sensor,
      exceptions: [...own.flatMap(alarmOf), ...faultsOf(sensor)],
    }
  })
  const own = {
    'cc:leg': index + 1,
    'cc:holder': leg.holder === null ? null : partyUri(leg.holder, terms),
    // a summary says nothing about the time in which nothing was measured: this does
    'cc:complete': evaluation.complete,
    'cc:evaluationVersion': evaluation.version,
  } as const
  const fact = canonicalJson([leg, evaluation.complete, evaluation.profileId, alarms])
  return { key: `leg ${index}`, fact, body: sensorBody(word(sensors, leg.toAt, { ...around, own })) }
}

function faultSaying(sensor: SensorMeasure, index: number, around: Around): Saying[] {
  const { sensorId, channel, firstFaultAt, faults } = sensor
  if (firstFaultAt === null) return []
  const said: SensorSaid = {
    ...addresses(around),
    during: { at: firstFaultAt },
    deviceID: sensorEpc(around.record, sensorId, around.terms),
    deviceMetadata: certificateAddress(sensor, around.terms),
    measure: null,
    exceptions: faultsOf(sensor),
  }
  const own = { 'cc:leg': index + 1 } as const
  const key = `fault ${index} ${sensorId} ${channel}`
  const fact = canonicalJson([firstFaultAt, faults])
  return [{ key, fact, body: sensorBody(word([said], firstFaultAt, { ...around, own })) }]
}

type Worded = Around & { own: Parameters<typeof extensions>[0] }

function word(sensors: readonly SensorSaid[], at: number, { record, terms, evaluation, own }: Worded): SensorWord {
  const known = { at, knownAt: evaluation.knownAt }
  const { reference, coi } = record.shipment
  return {
    at,
    offset: offsetKnown(record, known, terms),
    epc: boxEpc(record, terms),
    readPoint: placeKnown(record, known, terms)?.readPoint ?? null,
    sensors,
    own: extensions({ 'cc:shipmentId': reference, 'cc:coi': coi, ...own }),
  }
}

function addresses({ record, terms, evaluation }: Around): Pick<SensorSaid, 'rawData' | 'bizRules'> {
  return {
    rawData: `${terms.apiUrl}/shipments/${record.shipment.id}/readings`,
    bizRules: `${terms.apiUrl}/profiles/${evaluation.profileId}`,
  }
}

function certificateAddress({ sensorId, certificate }: SensorMeasure, { apiUrl }: EpcisTerms): string | null {
  return certificate === null ? null : `${apiUrl}/sensors/${sensorId}/calibrations#${certificate}`
}

function isIn(at: number, { fromAt, toAt }: { fromAt: number; toAt: number }): boolean {
  return at >= fromAt && at < toAt
}

/** Whether a sensor was there when an alarm came; what nobody saw belongs to the first one. */
function sees(sensor: SensorMeasure, alarm: RecordedAlarm['alarm']): boolean {
  return alarm.state !== 'none' && isIn(alarm.at, sensor)
}

function alarmOf({ alarm, level }: RecordedAlarm): Exception[] {
  if (alarm.state === 'none') return []
  const own = extensions({ 'cc:level': level, 'cc:alarmState': alarm.state })
  return [{ exception: 'ALARM_CONDITION', at: alarm.at, own }]
}

function faultsOf({ firstFaultAt, faults }: SensorMeasure): Exception[] {
  if (firstFaultAt === null) return []
  return [{ exception: 'ERROR_CONDITION', at: firstFaultAt, own: extensions({ 'cc:faults': faults }) }]
}
