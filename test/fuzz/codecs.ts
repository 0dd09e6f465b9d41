import { strict as assert } from 'node:assert'
import { encode } from 'cborg'
import type { Random } from '../../simulators/random.ts'
import { parseScan } from '../../src/domain/gs1-scan.ts'
import type { ParsedMessage } from '../../src/domain/message.ts'
import { DECODERS, type DecoderName } from '../../src/domain/uplink.ts'
import { decodeUplink } from '../../src/ingest/lorawan/decode-uplink.ts'
import { parseMessage } from '../../src/ingest/message.ts'
import { type Answers, NO_ANSWERS } from '../../src/loggers/question.ts'
import { readRows } from '../../src/loggers/read-rows.ts'
import { summaryOf } from '../../src/loggers/summary.ts'
import { surveyFile } from '../../src/loggers/survey.ts'
import { LOGGER_FILES, sourceOf } from '../support/logger-files.ts'
import { chirpstackBody, hex, theThingsStackBody, uplinkOf } from '../support/uplink.ts'

/** A way in for foreign bytes: `run` throws only where the program is wrong, whatever the bytes. */
export type FuzzedCodec = {
  name: string
  samples: readonly Uint8Array[]
  run: (bytes: Uint8Array, random: Random) => void | Promise<void>
}

/** Every codec of the doors: the messages, the uplinks, each decoder, scanned codes, and the files of loggers. */
export function fuzzedCodecs(): FuzzedCodec[] {
  return [...messages(), ...networks(), ...DECODERS.map(decoder), scans(), ...loggerFiles()]
}

const NOW = Date.UTC(2026, 2, 2, 10)
const READING = { at: '2026-03-02T09:55:00Z', channel: 'probe', value: -189.5, unit: 'CEL' }
const PACK = [
  { bn: 'probe', bt: 1772445000, bu: 'Cel', n: '', v: 5.25 },
  { n: '', t: 60, v: 5.5, s: 2, ut: 30 },
]
const CBOR_PACK = [
  { label: -2, value: 'probe' },
  { label: -3, value: 1772445000 },
  { label: -4, value: 'Cel' },
  { label: 2, value: 5.25 },
]

function messages(): FuzzedCodec[] {
  const second = { ...READING, value: '8.0005', channel: 'humidity', unit: 'P1' }
  const native = JSON.stringify({ seq: 812, sentAt: '2026-03-02T10:00:00Z', readings: [READING, second] })
  const cbor = encode([new Map(CBOR_PACK.map(({ label, value }) => [label, value]))])
  return [
    message('native-json', 'unbroken/v1/42/readings', [Buffer.from(native), Buffer.from(native.replaceAll(',', ', '))]),
    message('senml-json', 'unbroken/v1/42/readings/senml', [Buffer.from(JSON.stringify(PACK))]),
    message('senml-cbor', 'unbroken/v1/42/readings/senml-cbor', [cbor]),
  ]
}

function networks(): FuzzedCodec[] {
  const published = { bytes: hex('CB F6 0B 0D 03 76 01 0A DD 7F FF'), at: READING.at, decoded: { TempC_DS: 5 } }
  return [
    message('the-things-stack', 'v3/a@b/devices/dev1/up', [Buffer.from(theThingsStackBody(published))]),
    message('chirpstack', 'application/1/device/0004a30b001c0530/event/up', [Buffer.from(chirpstackBody(published))]),
  ]
}

function message(name: string, topic: string, samples: readonly Uint8Array[]): FuzzedCodec {
  const envelope = { prefix: 'unbroken/v1', receivedAt: NOW, contentType: null, retained: false }
  const run = (bytes: Uint8Array) => {
    const parsed = parseMessage(topic, bytes, envelope)
    assertSound(parsed)
    // an uplink may say nothing that concerns us: a join, or commands of the network alone
    const found = parsed.readings.length + parsed.observations.length + parsed.held.length
    assert(parsed.problem !== null || found > 0 || parsed.sensorId === null, 'neither a value nor a reason')
  }
  return { name, samples, run }
}

/** Whatever comes out can be stored. */
function assertSound({ readings, observations }: Pick<ParsedMessage, 'readings' | 'observations'>): void {
  for (const { at, milliC } of readings) {
    assert(Number.isSafeInteger(at) && at <= NOW + 300_000, `instant ${at}`)
    assert(milliC === null || Number.isInteger(milliC), `value ${milliC}`)
  }
  for (const { at, value } of observations) {
    assert(Number.isSafeInteger(at) && at <= NOW + 300_000, `instant ${at}`)
    assert(value === null || Number.isSafeInteger(value), `value ${value}`)
  }
}

const FRAMES = ['03 67 01 10 05 67 00 FF', 'CB F6 0B 0D 03 76 01 0A DD 7F FF', '01 75 64 03 67 10 01 04 68 71 20 CE 00']
const FIELDS = [{ pointer: '/a', channel: 'probe', unit: 'CEL', faults: ['1'] } as const]

function decoder(name: DecoderName): FuzzedCodec {
  const decoding = { decoder: name, fields: name === 'decoded' ? FIELDS.map((one) => ({ ...one, faults: ['1'] })) : [] }
  const run = (bytes: Uint8Array, random: Random) => {
    const decoded = { a: Buffer.from(bytes).toString('latin1').slice(0, 40) }
    const found = decodeUplink(uplinkOf(bytes, { fPort: Math.floor(random() * 256), decoded }), decoding, NOW)
    if (!('wrong' in found)) assertSound(found)
  }
  return { name: `lorawan ${name}`, samples: FRAMES.map(hex), run }
}

const SCANS = [
  ']d20109506000134352172812311021ABC123\u001d10LOT7',
  '(01)09506000134352(21)ABC123(17)281231',
  'https://id.gs1.org/01/09506000134352/21/ABC123?17=281231',
  'urn:epc:id:sgtin:9506000.013435.ABC123',
  '=A99992612345600',
]

function scans(): FuzzedCodec {
  return {
    name: 'scans',
    samples: SCANS.map((text) => Buffer.from(text)),
    run: (bytes) => {
      const raw = Buffer.from(bytes).toString()
      assert.equal(parseScan(raw, NOW).raw, raw)
    },
  }
}

const GIVEN: readonly Answers[] = [
  NO_ANSWERS,
  { ...NO_ANSWERS, zone: 'Europe/Berlin' },
  { ...NO_ANSWERS, zone: '+02:00', dateOrder: 'dmy', unit: 'CEL' },
  { ...NO_ANSWERS, zone: 'America/New_York', dateOrder: 'mdy', channels: { T: 'probe', Value: '-' } },
]

function loggerFiles(): FuzzedCodec[] {
  return Object.entries(LOGGER_FILES).map(([name, bytes]) => ({
    name: `logger file, ${name}`,
    samples: [bytes],
    run: (injured, random) => {
      const answers = GIVEN[Math.floor(random() * GIVEN.length)] ?? NO_ANSWERS
      return accountFor(injured, answers, 1 + Math.floor(random() * 200))
    },
  }))
}

/** Every line is accounted for once, and the second pass reads the rows of the first. */
async function accountFor(bytes: Uint8Array, answers: Answers, pieceBytes: number): Promise<void> {
  const source = sourceOf(bytes, pieceBytes)
  const surveyed = await surveyFile(source, answers)
  if (surveyed.outcome !== 'read') return
  const { account, rows, plan } = surveyed.survey
  const entered = Object.values(account.kinds).reduce((sum, count) => sum + count, 0)
  assert.equal(entered, account.lines)
  assert.equal(account.kinds.reading + account.kinds.fault, rows)
  JSON.stringify(summaryOf(surveyed.survey))
  let again = 0
  for await (const part of readRows(source, plan)) {
    again += part.length
    for (const { at } of part) assert(Number.isSafeInteger(at), `instant ${at}`)
  }
  assert.equal(again, rows)
}
