import { describe, expect, test } from 'vitest'
import { epcisDocument, epcisEvents } from '../../src/documents/epcis.ts'
import type { EpcisEvent } from '../../src/documents/epcis-event.ts'
import type { LegMeasures, SensorMeasure } from '../../src/domain/leg.ts'
import type { RecordedAlarm, RecordedEvaluation, RecordedPlacement } from '../../src/domain/shipment-record.ts'
import { CARRIER, CENTRE, HUB, ledgerOf, MAKER, RECORD, sha256, TERMS } from '../support/epcis-record.ts'
import { schemaProblems } from '../support/epcis-schema.ts'
import { MINUTE, PUBLIC_URL, T0 } from '../support/limits.ts'

const HOUR = 60 * MINUTE
const BOX = 'https://id.gs1.org/00/195213210000000428'
const LOGGER = 'https://id.gs1.org/8004/9521321LOG42'

/** Packed at T0, with the carrier from one hour on, received and opened after three. */
const LEDGER = ledgerOf([
  { kind: 'packed', place: MAKER },
  { kind: 'handover_accept', at: T0 + HOUR, byOrg: CARRIER, handoverId: 'H1' },
  { kind: 'arrived', at: T0 + 2 * HOUR, byOrg: CARRIER, place: HUB },
  { kind: 'received', at: T0 + 3 * HOUR - MINUTE, byOrg: CENTRE, place: 'Pharmacy' },
  { kind: 'opened', at: T0 + 3 * HOUR, byOrg: CENTRE, place: 'Pharmacy' },
])

function told(more: Partial<typeof RECORD>): EpcisEvent[] {
  const events = epcisEvents({ ...RECORD, ledger: LEDGER, ...more }, TERMS).map(({ event }) => event)
  expect(schemaProblems(epcisDocument(events, { publicUrl: PUBLIC_URL, knownAt: '2026-03-02T10:00:00Z' }))).toEqual([])
  return events.filter(({ bizStep }) => ['sensor_reporting', 'assembling', 'removing'].includes(bizStep))
}

function evaluation(version: number, said: Partial<RecordedEvaluation> = {}): RecordedEvaluation {
  return {
    version,
    knownAt: T0 + 3 * HOUR + version * MINUTE,
    contentSha256: sha256(`content ${version}`),
    inputsSha256: sha256('inputs'),
    profileId: 11,
    status: 'in_range',
    complete: true,
    window: { fromAt: T0, toAt: null },
    alarms: [],
    placements: [
      {
        sensorId: 42,
        channel: 'probe',
        fromAt: T0,
        toAt: null,
        certificates: [8],
        namedCertificate: null,
        readouts: [],
      },
    ],
    legs: null,
    ...said,
  }
}

const H1 = (alarm: RecordedAlarm['alarm']): RecordedAlarm => ({ level: 'H1', severity: 'major', alarm })
const confirmed = (at: number) => H1({ state: 'confirmed', at })

function sensor(said: Partial<SensorMeasure> = {}): SensorMeasure {
  const measured = { lowestMilliC: 2500, highestMilliC: 7250, meanMilliC: 5001, values: 12 }
  const scope = { sensorId: 42, channel: 'probe', fromAt: T0, toAt: T0 + HOUR, certificate: 8 }
  return { ...scope, ...measured, faults: 0, firstFaultAt: null, ...said }
}

function legs(first: Partial<SensorMeasure> = {}): LegMeasures[] {
  return [
    { fromAt: T0, toAt: T0 + HOUR, holder: MAKER, sensors: [sensor(first)] },
    { fromAt: T0 + HOUR, toAt: T0 + 3 * HOUR, holder: CARRIER, sensors: [sensor({ fromAt: T0 + HOUR })] },
  ]
}

const CLOSED = { fromAt: T0, toAt: T0 + 3 * HOUR }

describe('an alarm', () => {
  test('is told as soon as a version has it, with its instant, its level and the limits it is judged by', () => {
    const [event, ...others] = told({ evaluations: [evaluation(1), evaluation(2, { alarms: [confirmed(T0 + HOUR)] })] })
    expect(others).toEqual([])
    expect(event).toMatchObject({
      type: 'ObjectEvent',
      action: 'OBSERVE',
      epcList: [BOX],
      eventTime: '2026-03-02T11:00:00.000Z',
      eventTimeZoneOffset: '+01:00',
      readPoint: { id: `https://id.gs1.org/414/${MAKER}` },
      sensorElementList: [
        {
          sensorMetadata: {
            time: '2026-03-02T11:00:00.000Z',
            deviceID: LOGGER,
            rawData: `${PUBLIC_URL}/api/v1/shipments/17/readings`,
            bizRules: `${PUBLIC_URL}/api/v1/profiles/11`,
          },
          sensorReport: [{ type: 'Temperature', exception: 'ALARM_CONDITION', booleanValue: true }],
        },
      ],
      'cc:level': 'H1',
      'cc:severity': 'major',
      'cc:alarmState': 'confirmed',
    })
    expect(event).not.toHaveProperty('disposition')
  })

  test('that stays as it is in later versions is told once', () => {
    const alarms = [confirmed(T0 + HOUR)]
    expect(told({ evaluations: [1, 2, 3].map((version) => evaluation(version, { alarms })) })).toHaveLength(1)
  })

  test('that late data move or take away is declared wrong; one that comes again is a new event', () => {
    const states = [confirmed(T0 + HOUR), confirmed(T0 + 2 * HOUR), H1({ state: 'none' }), confirmed(T0 + 2 * HOUR)]
    const events = told({ evaluations: states.map((alarm, index) => evaluation(index + 1, { alarms: [alarm] })) })
    const [first, moved, second, gone, again] = events
    expect(events).toHaveLength(5)
    expect(moved?.errorDeclaration).toMatchObject({
      reason: 'incorrect_data',
      correctiveEventIDs: [second?.eventID],
    })
    expect([moved?.eventID, gone?.eventID]).toEqual([first?.eventID, second?.eventID])
    expect(gone?.errorDeclaration?.reason).toBe('did_not_occur')
    expect(new Set([first, second, again].map((one) => one?.eventID)).size).toBe(3)
  })

  test('that is only presumed is told and marked: a gap is never good data', () => {
    const [event] = told({ evaluations: [evaluation(1, { alarms: [H1({ state: 'presumed', at: T0 })] })] })
    expect(event).toMatchObject({ 'cc:alarmState': 'presumed' })
  })

  test('of several sensors together names none of them', () => {
    const other = {
      sensorId: 43,
      channel: 'probe',
      fromAt: T0,
      toAt: null,
      certificates: [],
      namedCertificate: null,
      readouts: [],
    }
    const two = evaluation(1, { alarms: [confirmed(T0 + HOUR)] })
    const [event] = told({ evaluations: [{ ...two, placements: [...two.placements, other] }] })
    expect(JSON.stringify(event)).not.toContain('deviceID')
  })
})

describe('a summary', () => {
  test('is told of each leg once the window is closed, not before: data may be on their way', () => {
    const open = evaluation(1)
    const closed = evaluation(2, { window: CLOSED, legs: legs(), alarms: [confirmed(T0 + 90 * MINUTE)] })
    const [alarm, first, second, ...others] = told({ evaluations: [open, closed] })
    expect(alarm?.['cc:alarmState']).toBe('confirmed')
    expect(others).toEqual([])
    expect(first).toMatchObject({
      eventTime: '2026-03-02T11:00:00.000Z',
      epcList: [BOX],
      sensorElementList: [
        {
          sensorMetadata: {
            startTime: '2026-03-02T10:00:00.000Z',
            endTime: '2026-03-02T11:00:00.000Z',
            deviceID: LOGGER,
            deviceMetadata: `${PUBLIC_URL}/api/v1/sensors/42/calibrations#8`,
          },
          sensorReport: [{ type: 'Temperature', minValue: 2.5, maxValue: 7.25, meanValue: 5.001, uom: 'CEL' }],
        },
      ],
      'cc:leg': 1,
      'cc:holder': `https://id.gs1.org/417/${MAKER}`,
      'cc:complete': true,
      'cc:evaluationVersion': 2,
    })
    expect(second).toMatchObject({
      'cc:leg': 2,
      eventTimeZoneOffset: '-05:00',
      readPoint: { id: `${PUBLIC_URL}/id/site/6` },
    })
    // the alarm came in the second leg
    expect([first, second].map((one) => JSON.stringify(one).includes('ALARM_CONDITION'))).toEqual([false, true])
  })

  test('that late data change is declared wrong and told anew; a leg that shows the same is not', () => {
    const before = evaluation(1, { window: CLOSED, legs: legs() })
    const after = evaluation(2, { window: CLOSED, legs: legs({ highestMilliC: 9000 }) })
    const events = told({ evaluations: [before, after] })
    const [first, , declared, again] = events
    expect(events).toHaveLength(4)
    expect(declared).toMatchObject({ eventID: first?.eventID, errorDeclaration: { reason: 'incorrect_data' } })
    expect(again).toMatchObject({ 'cc:leg': 1, 'cc:evaluationVersion': 2 })
  })

  test('did not happen where a correction opened the window again', () => {
    const events = told({ evaluations: [evaluation(1, { window: CLOSED, legs: legs() }), evaluation(2)] })
    expect(events.map(({ errorDeclaration }) => errorDeclaration?.reason)).toEqual([
      undefined,
      undefined,
      'did_not_occur',
      'did_not_occur',
    ])
  })

  test('without any value says so, and says of whatever is missing that the data are not complete', () => {
    const nothing = { lowestMilliC: null, highestMilliC: null, meanMilliC: null, values: 0 }
    const closed = evaluation(1, { window: CLOSED, complete: false, legs: legs(nothing) })
    const [first, second] = told({ evaluations: [closed] })
    expect(first).toMatchObject({
      'cc:complete': false,
      sensorElementList: [{ sensorReport: [{ type: 'Temperature', 'cc:noValue': true }] }],
    })
    expect(second?.['cc:complete']).toBe(false)
  })

  test('of a leg without a sensor has no element, and shows its alarm where no sensor saw it', () => {
    const empty = { fromAt: T0, toAt: T0 + HOUR, holder: null, sensors: [] }
    const closed = evaluation(1, { window: CLOSED, complete: false, legs: [empty] })
    expect(told({ evaluations: [closed] })[0]).not.toHaveProperty('sensorElementList')
    const unseen = evaluation(1, { window: CLOSED, alarms: [confirmed(T0)], legs: legs({ fromAt: T0 + MINUTE }) })
    const [, first] = told({ evaluations: [unseen] })
    expect(JSON.stringify(first)).toContain('ALARM_CONDITION')
  })
})

test('a sensor’s faults are an event of their own per leg, and stand in its summary', () => {
  const faulty = legs({ faults: 3, firstFaultAt: T0 + 20 * MINUTE })
  const [summary, fault] = told({ evaluations: [evaluation(1, { window: CLOSED, legs: faulty })] })
  const report = {
    type: 'Temperature',
    exception: 'ERROR_CONDITION',
    booleanValue: true,
    time: '2026-03-02T10:20:00.000Z',
    'cc:faults': 3,
  }
  expect(fault).toMatchObject({
    eventTime: '2026-03-02T10:20:00.000Z',
    bizStep: 'sensor_reporting',
    sensorElementList: [{ sensorMetadata: { deviceID: LOGGER }, sensorReport: [report] }],
  })
  expect(summary).toMatchObject({ sensorElementList: [{ sensorReport: [{ minValue: 2.5 }, report] }] })
})

describe('a pairing', () => {
  const placed = (id: number, said: Partial<RecordedPlacement> = {}): RecordedPlacement => ({
    id,
    sensorId: 42,
    channel: 'probe',
    role: 'product',
    fromAt: T0,
    toAt: null,
    correctsId: null,
    knownAt: T0 + id * MINUTE,
    supersededAt: null,
    ...said,
  })
  const pairings = (placements: RecordedPlacement[]) =>
    told({ placements }).map(({ eventTime, bizStep, errorDeclaration }) =>
      [bizStep, eventTime.slice(11, 16), errorDeclaration?.reason ?? ''].join(' ').trim(),
    )

  test('joins logger and container, and ends', () => {
    const [begins, ends] = told({ placements: [placed(1, { toAt: T0 + HOUR })] })
    const family = { parentID: 'https://id.gs1.org/8003/09521321000773DS9', childEPCs: [LOGGER] }
    expect(begins).toMatchObject({ type: 'AssociationEvent', action: 'ADD', bizStep: 'assembling', ...family })
    expect(ends).toMatchObject({ type: 'AssociationEvent', action: 'DELETE', bizStep: 'removing', ...family })
    expect(begins).not.toHaveProperty('disposition')
  })

  test('that ends with the window is told to end, and its beginning is not told again', () => {
    const superseded = placed(1, { supersededAt: T0 + 5 * HOUR })
    const ended = placed(2, { correctsId: 1, toAt: T0 + 3 * HOUR, knownAt: T0 + 5 * HOUR })
    expect(pairings([superseded, ended])).toEqual(['assembling 10:00', 'removing 13:00'])
  })

  test('that is corrected, or withdrawn, is declared wrong where it was', () => {
    const first = placed(1, { toAt: T0 + HOUR, supersededAt: T0 + 5 * HOUR })
    const later = placed(2, { fromAt: T0 + MINUTE, toAt: T0 + HOUR, correctsId: 1, knownAt: T0 + 5 * HOUR })
    expect(pairings([first, later])).toEqual([
      'assembling 10:00',
      'removing 11:00',
      'assembling 10:00 incorrect_data',
      'assembling 10:01',
    ])
    expect(pairings([first])).toEqual([
      'assembling 10:00',
      'removing 11:00',
      'assembling 10:00 did_not_occur',
      'removing 11:00 did_not_occur',
    ])
  })

  test('is none for a sensor of the room, which rides beside many', () => {
    expect(pairings([placed(1, { role: 'ambient', toAt: T0 + HOUR })])).toEqual([])
    const superseded = placed(1, { supersededAt: T0 + HOUR })
    const ambient = placed(2, { role: 'ambient', correctsId: 1, knownAt: T0 + HOUR })
    expect(pairings([superseded, ambient])).toEqual(['assembling 10:00', 'assembling 10:00 did_not_occur'])
  })
})
