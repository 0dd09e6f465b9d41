import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ParsedMessage } from '../../../src/domain/message.ts'
import { parseMessage } from '../../../src/ingest/message.ts'
import { expectSound } from '../../support/sound.ts'
import { CHIRPSTACK_TOPIC, chirpstackBody, DEV_EUI, hex, TTS_TOPIC, theThingsStackBody } from '../../support/uplink.ts'

const RECEIVED_AT = Date.UTC(2026, 2, 2, 10)
const AT = '2026-03-02T09:55:00.123456789Z'
const NOTHING = { sensorId: null, seq: null, readings: [], observations: [], held: [], problem: null }

function parse(topic: string, body: string | Uint8Array, retained = false): ParsedMessage {
  const payload = typeof body === 'string' ? Buffer.from(body) : body
  return parseMessage(topic, payload, { prefix: 'unbroken/v1', receivedAt: RECEIVED_AT, retained })
}

/** The published example of The Things Stack ("Data Formats", uplink message): no f_port, because it is left out. */
const TTS_EXAMPLE = `{
  "end_device_ids" : {
    "device_id" : "dev1",
    "application_ids" : { "application_id" : "app1" },
    "dev_eui" : "0004A30B001C0530",
    "join_eui" : "800000000000000C",
    "dev_addr" : "00BCB929"
  },
  "correlation_ids" : [
    "as:up:01E0WZGT6Y7657CPFPE5WEYDSQ",
    "gs:conn:01E0WDEC6T5T4XXBAX7S1VMFKE",
    "gs:uplink:01E0WZGSZWT07NE5TS2APTV1Z9",
    "ns:uplink:01E0WZGSZXZXZS8RFAWZX0F2FY",
    "rpc:/ttn.lorawan.v3.GsNs/HandleUplink:01E0WZGSZXGE1KS577PFBWRJEE"
  ],
  "received_at" : "2020-02-12T15:15:46.014773143Z",
  "uplink_message" : {
    "session_key_id" : "AXA50tHUGUucuzS/bCGMNw==",
    "f_cnt" : 1,
    "frm_payload" : "gkHe",
    "decoded_payload" : { "temperature": 1.0, "luminosity": 0.64 },
    "rx_metadata" : [ {
      "gateway_ids" : { "gateway_id" : "gtw1", "eui" : "9C5C8E00001A05C4" },
      "time" : "2020-02-12T15:15:45.787Z",
      "timestamp" : 2463457000,
      "rssi" : -35,
      "channel_rssi" : -35,
      "snr" : 5,
      "uplink_token" : "ChIKEAoEZ3R3MRIInFyOAAAaBcQQ6L3Vlgk=",
      "channel_index" : 2
    } ],
    "settings" : {
      "data_rate" : { "lora" : { "bandwidth" : 125000, "spreading_factor" : 7 } },
      "data_rate_index" : 5,
      "coding_rate" : "4/6",
      "frequency" : "868300000",
      "timestamp" : 2463457000,
      "time" : "2020-02-12T15:15:45.787Z"
    },
    "received_at" : "2020-02-12T15:15:45.789585559Z"
  }
}`

/** The published example of ChirpStack v4 ("Event types", uplink event): no fCnt, because it is left out. */
const CHIRPSTACK_EXAMPLE = `{
  "deduplicationId": "3ac7e3c4-4401-4b8d-9386-a5c902f9202d",
  "time": "2022-07-18T09:34:15.775023242+00:00",
  "deviceInfo": {
    "tenantId": "52f14cd4-c6f1-4fbd-8f87-4025e1d49242",
    "tenantName": "ChirpStack",
    "applicationId": "17c82e96-be03-4f38-aef3-f83d48582d97",
    "applicationName": "Test application",
    "deviceProfileId": "14855bf7-d10d-4aee-b618-ebfcb64dc7ad",
    "deviceProfileName": "Test device-profile",
    "deviceName": "Test device",
    "devEui": "0101010101010101",
    "tags": { "key": "value" }
  },
  "devAddr": "00189440",
  "dr": 1,
  "fPort": 1,
  "data": "qg==",
  "rxInfo": [{
    "gatewayId": "0016c001f153a14c",
    "uplinkId": 4217106255,
    "rssi": -36,
    "snr": 10.5,
    "context": "E3OWOQ==",
    "metadata": { "region_name": "eu868", "region_common_name": "EU868" }
  }],
  "txInfo": {
    "frequency": 867100000,
    "modulation": { "lora": { "bandwidth": 125000, "spreadingFactor": 11, "codeRate": "CR_4_5" } }
  }
}`

test('the published example of The Things Stack is its uplink, at the time the Network Server received it', () => {
  expect(parse(TTS_TOPIC, TTS_EXAMPLE)).toEqual({
    ...NOTHING,
    seq: 1,
    uplink: {
      devEui: '0004a30b001c0530',
      fPort: 0,
      bytes: hex('82 41 de'),
      decoded: { temperature: 1, luminosity: 0.64 },
      at: Date.UTC(2020, 1, 12, 15, 15, 45, 789),
      seq: 1,
    },
  })
})

test('the published example of ChirpStack is its uplink', () => {
  expect(parse(CHIRPSTACK_TOPIC, CHIRPSTACK_EXAMPLE)).toEqual({
    ...NOTHING,
    seq: 0,
    uplink: {
      devEui: '0101010101010101',
      fPort: 1,
      bytes: hex('aa'),
      decoded: null,
      at: Date.UTC(2022, 6, 18, 9, 34, 15, 775),
      seq: 0,
    },
  })
})

const SERVERS: [string, string, typeof theThingsStackBody][] = [
  ['The Things Stack', TTS_TOPIC, theThingsStackBody],
  ['ChirpStack', CHIRPSTACK_TOPIC, chirpstackBody],
]

describe.each(SERVERS)('%s', (_name, topic, bodyOf) => {
  test('whatever a device sends comes out as it went in, and again the same when it is delivered again', () => {
    const given = fc.record({
      bytes: fc.uint8Array({ minLength: 1, maxLength: 222 }),
      fPort: fc.nat(255),
      fCnt: fc.nat(0xffff_ffff),
      devEui: fc.stringMatching(/^[0-9a-f]{16}$/),
    })
    fc.assert(
      fc.property(given, (sent) => {
        const { fPort, devEui, fCnt: seq } = sent
        const body = bodyOf({ ...sent, at: AT })
        const bytes = new Uint8Array(sent.bytes)
        const at = Date.UTC(2026, 2, 2, 9, 55, 0, 123)
        expect(parse(topic, body).uplink).toEqual({ devEui, fPort, bytes, decoded: null, at, seq })
        expect(parse(topic, body)).toEqual(parse(topic, body))
      }),
    )
  })

  test('an uplink without payload is between device and network, and tells its frame counter only', () => {
    const uplink = { devEui: DEV_EUI, fPort: 0, bytes: new Uint8Array(), decoded: null, seq: 5 }
    expect(parse(topic, bodyOf({ at: AT, fPort: 0, fCnt: 5 }))).toMatchObject({ ...NOTHING, seq: 5, uplink })
  })

  test('other events of a device tell nothing, whatever stands in them', () => {
    const other = topic.replace(/up$/, 'join')
    for (const body of [bodyOf({ at: AT }), '', 'no json', '\0']) expect(parse(other, body)).toEqual(NOTHING)
  })

  test('a retained copy, and one that is too large, is no uplink', () => {
    const body = bodyOf({ at: AT, bytes: hex('01') })
    expect(parse(topic, body, true).problem?.reason).toBe('RETAINED')
    expect(parse(topic, body + ' '.repeat(256 * 1024)).problem?.reason).toBe('TOO_LARGE')
  })

  test('JSON of any shape in place of any part never throws, and is an uplink, nothing, or named', () => {
    const whole: unknown = JSON.parse(bodyOf({ at: AT, bytes: hex('01'), decoded: { a: 1 }, fCnt: 3 }))
    fc.assert(
      fc.property(fc.nat(200), fc.jsonValue({ maxDepth: 3 }), (nth, value) => {
        const parsed = parse(topic, JSON.stringify(replaced(whole, nth, value)))
        if (parsed.uplink === undefined) expectEmptyOrNamed(parsed)
        else expect(parsed.uplink.devEui).toMatch(/^[0-9a-f]{16}$/)
      }),
      { numRuns: 500 },
    )
  })

  test('bytes of any kind never throw', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => expectEmptyOrNamed(parse(topic, bytes))))
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => expectEmptyOrNamed(parse(topic, text))))
  })
})

describe('what is wrong with an uplink is named', () => {
  const tts = (change: (body: Json) => unknown) => edited(TTS_TOPIC, theThingsStackBody, change)
  const chirpstack = (change: (body: Json) => unknown) => edited(CHIRPSTACK_TOPIC, chirpstackBody, change)
  test.each<[string, ParsedMessage, string, RegExp]>([
    ['no device', tts((b) => delete b.end_device_ids), 'ENVELOPE_SHAPE', /end_device_ids is missing/],
    ['no DevEUI', tts((b) => delete b.end_device_ids.dev_eui), 'ENVELOPE_SHAPE', /dev_eui is no 16 hexadecimal/],
    ['no message', tts((b) => delete b.uplink_message), 'ENVELOPE_SHAPE', /uplink_message is missing/],
    ['a port beyond 255', tts((b) => (b.uplink_message.f_port = 256)), 'ENVELOPE_SHAPE', /f_port/],
    ['a counter that is none', tts((b) => (b.uplink_message.f_cnt = -1)), 'ENVELOPE_SHAPE', /f_cnt/],
    ['a payload that is no base64', tts((b) => (b.uplink_message.frm_payload = 'g?He')), 'ENVELOPE_SHAPE', /base64/],
    ['a payload cut off', tts((b) => (b.uplink_message.frm_payload = 'gkH')), 'ENVELOPE_SHAPE', /base64/],
    ['no time', tts((b) => delete b.uplink_message.received_at), 'TIME_MISSING', /uplink_message.received_at/],
    ['no offset', tts((b) => (b.uplink_message.received_at = '2026-03-02T09:55:00')), 'NO_OFFSET', /received_at/],
    ['a simulation', tts((b) => (b.simulated = true)), 'SIMULATED', /no measurement/],
    ['an encrypted payload', tts((b) => (b.uplink_message.app_s_key = {})), 'NOT_UNDERSTOOD', /encrypted/],
    ['no deviceInfo, as in v3', chirpstack((b) => delete b.deviceInfo), 'ENVELOPE_SHAPE', /ChirpStack v4/],
    ['base64 for a DevEUI', chirpstack((b) => (b.deviceInfo.devEui = 'AgICAgICAgI=')), 'ENVELOPE_SHAPE', /devEui/],
    ['no time', chirpstack((b) => delete b.time), 'TIME_MISSING', /^time/],
    ['an encrypted payload', chirpstack((b) => (b.joinServerContext = {})), 'NOT_UNDERSTOOD', /session key/],
    ['a list', parse(CHIRPSTACK_TOPIC, '[]'), 'ENVELOPE_SHAPE', /no object/],
    ['protobuf', parse(CHIRPSTACK_TOPIC, hex('0a24 ff')), 'NOT_UTF8', /UTF-8/],
    ['a key twice', parse(TTS_TOPIC, '{"a":1,"a":2}'), 'DUPLICATE_KEY', /twice/],
  ])('%s', (_what, parsed, reason, detail) => {
    expect(parsed.problem?.reason).toBe(reason)
    expect(parsed.problem?.detail).toMatch(detail)
    expect({ ...parsed, problem: null }).toEqual(NOTHING)
  })
})

/** Any JSON: a test takes it apart field by field. */
type Json = ReturnType<typeof JSON.parse>

function edited(topic: string, bodyOf: typeof theThingsStackBody, change: (body: Json) => unknown): ParsedMessage {
  const body: Json = JSON.parse(bodyOf({ at: AT, bytes: hex('01'), devEui: DEV_EUI }))
  change(body)
  return parse(topic, JSON.stringify(body))
}

function expectEmptyOrNamed(parsed: ParsedMessage): void {
  expect(parsed.uplink).toBeUndefined()
  if (parsed.problem === null) expect(parsed).toEqual(NOTHING)
  else expectSound(parsed, RECEIVED_AT)
}

/** The tree with its nth part, in order of depth, replaced. */
function replaced(tree: unknown, nth: number, value: unknown): unknown {
  let count = 0
  const walk = (part: unknown): unknown => {
    if (count++ === nth) return value
    if (Array.isArray(part)) return part.map(walk)
    if (typeof part !== 'object' || part === null) return part
    return Object.fromEntries(Object.entries(part).map(([name, inner]) => [name, walk(inner)]))
  }
  return walk(tree)
}
