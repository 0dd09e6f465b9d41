import { encode } from 'cborg'
import { isoInstant } from '../../src/domain/units.ts'
import type { ToldReading } from './measuring.ts'
import type { DeviceScript, Dialect } from './script.ts'

/** A message before it is bytes: `sentAt` by the device's clock; `alarm` null where the envelope does not tell it. */
export type Content = {
  sensorId: number
  seq: number
  sentAt: number
  readings: readonly ToldReading[]
  alarm: boolean | null
}

/** A message as bytes, with the two ways to tell its format: the topic's ending after `readings`, and MQTT 5. */
export type Encoded = { ending: string; contentType: string; payload: string | Buffer }

/** Writes a message in a device's dialect. */
export function encodeMessage(dialect: Dialect, content: Content): Encoded {
  switch (dialect) {
    case 'native-json':
      return { ending: '', contentType: 'application/json', payload: nativeJson(content) }
    case 'senml-json':
      return { ending: '/senml', contentType: 'application/senml+json', payload: JSON.stringify(senml(content)) }
    case 'senml-cbor':
      return { ending: '/senml-cbor', contentType: 'application/senml+cbor', payload: senmlCbor(content) }
  }
}

/** What a dialect cannot say is a mistake in the script; throws. */
export function checkDialect({ dialect, tells, alarm }: DeviceScript): void {
  if (dialect === 'native-json') return
  if (tells === 'fahrenheit') throw new Error('SenML has no unit for degrees Fahrenheit')
  if (alarm?.toldIn === 'envelope') throw new Error('SenML has no envelope for an alarm: tell it in the status')
}

function nativeJson({ seq, sentAt, readings, alarm }: Content): string {
  return JSON.stringify({
    seq,
    sentAt: isoInstant(sentAt),
    ...(alarm === null ? {} : { alarm }),
    readings: readings.map(({ at, channel, value, unit }) => ({ at: isoInstant(at), channel, value, unit })),
  })
}

type SenmlRecord = { bn?: string; bt?: number; bu?: string; n: string; t?: number; v: number }

/** Base fields in the first record, times of the others against the base time. */
function senml({ sensorId, readings }: Content): SenmlRecord[] {
  const baseAt = readings[0]?.at ?? 0
  return readings.map(({ channel, at, value, unit }, index) => {
    if (index > 0) return { n: channel, t: (at - baseAt) / 1000, v: value }
    const bu = unit === 'KEL' ? 'K' : 'Cel'
    return { bn: `urn:dev:os:${EXAMPLE_ENTERPRISE}-${sensorId}:`, bt: at / 1000, bu, n: channel, v: value }
  })
}

/** The enterprise number that is reserved for examples (RFC 9039 names devices by such numbers). */
const EXAMPLE_ENTERPRISE = 32473

/** RFC 8428 table 4, as far as this device uses it. */
const CBOR_LABELS = { bn: -2, bt: -3, bu: -4, n: 0, v: 2, t: 6 } as const

function senmlCbor(content: Content): Buffer {
  const records = senml(content).map(({ bn, bt, bu, n, t, v }) => {
    const record = new Map<number, string | number>()
    for (const [label, value] of [
      [CBOR_LABELS.bn, bn],
      [CBOR_LABELS.bt, bt],
      [CBOR_LABELS.bu, bu],
      [CBOR_LABELS.n, n],
      [CBOR_LABELS.t, t],
      [CBOR_LABELS.v, v],
    ] as const) {
      if (value !== undefined) record.set(label, value)
    }
    return record
  })
  return Buffer.from(encode(records))
}
