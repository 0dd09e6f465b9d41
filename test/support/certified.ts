import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { toBase64url } from '../../src/domain/base64url.ts'
import { type Canonical, canonicalJson } from '../../src/domain/canonical.ts'
import { certificateFile, type Sealer } from '../../src/domain/certificate.ts'
import { CERTIFICATE_SCHEMA, type CertificateBody, type CertifiedReading } from '../../src/domain/certificate-form.ts'
import { certifiedCustody, correctedEvents } from '../../src/domain/certified.ts'
import { canonical } from '../../src/domain/codec.ts'
import { type CustodyEvent, eventRecord } from '../../src/domain/custody-event.ts'
import { namedEvaluation } from '../../src/domain/evaluation-hash.ts'
import { judgeAgain, rootedReadings } from '../../src/domain/judge-again.ts'
import { JUDGES } from '../../src/domain/judge-versions.ts'
import { appendEntry, GENESIS, type LedgerEntry } from '../../src/domain/ledger.ts'
import { custodyEvents } from '../../src/domain/ledger-events.ts'
import { hourRoots, readingsRoot } from '../../src/domain/readings-root.ts'
import { signatureRecord } from '../../src/domain/signature.ts'
import { keyThumbprint, type ServiceKey, stampedBytes } from '../../src/domain/stamp.ts'
import { isoInstant } from '../../src/domain/units.ts'
import { FRIDGE, MINUTE, T0 } from './limits.ts'

/** A key as the service has it: published, and able to seal and stamp. */
export type TestKey = { published: ServiceKey; sealer: Sealer }

/** A new key, or one of a seed of 32 bytes, in use from an instant until another. */
export function testKey(fromAt = T0 - 1000 * MINUTE, untilAt: number | null = null): TestKey {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const { x = '' } = publicKey.export({ format: 'jwk' })
  const kid = keyThumbprint(x, sha256)
  return { published: { kid, x, fromAt, untilAt }, sealer: { kid, sign: signer(privateKey) } }
}

function signer(key: KeyObject): Sealer['sign'] {
  return (message) => sign(null, message, key)
}

export function sha256(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest()
}

export function hashText(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** A journey to certify: its readings in degrees, 15 minutes apart, and what is told beside it. */
export type Journey = {
  degrees: readonly (number | null)[]
  /** The keys there were, the newest first: the first seals, the last stamps. */
  keys: readonly [TestKey, ...TestKey[]]
  reference?: string
  events?: readonly Told[]
}

type Told = Omit<CustodyEvent, 'seq' | 'recordedAt' | 'units' | 'byOrg'> & Partial<Pick<CustodyEvent, 'byOrg'>>

const MAKER = 'organisation:1'
const CENTRE = 'organisation:2'
const SHIPMENT_ID = 7

/** Packed, handed over with two signatures, received and opened an hour after its last reading but one. */
export function told(readings: number): Told[] {
  const end = T0 + (readings - 1) * 15 * MINUTE
  return [
    { kind: 'packed', at: T0 },
    { kind: 'sealed', at: T0 + MINUTE, seals: ['S-1'] },
    { kind: 'handover_release', at: T0 + 5 * MINUTE, handoverId: 'H1', toOrg: CENTRE, seals: ['S-1'] },
    { kind: 'handover_accept', at: T0 + 6 * MINUTE, handoverId: 'H1', byOrg: CENTRE, seals: ['S-1'] },
    { kind: 'received', at: end - MINUTE, byOrg: CENTRE, seals: ['S-1'], place: 'Pharmacy' },
    { kind: 'opened', at: end, byOrg: CENTRE, details: { sealCheck: 'intact' } },
  ]
}

/** The body of its certificate, as the service makes it. */
export function certifiedBody(journey: Journey): CertificateBody {
  const { degrees, keys } = journey
  const recorded = ledgerOf(journey.events ?? told(degrees.length))
  const live = degrees.map((c, index): CertifiedReading => [T0 + index * 15 * MINUTE, c === null ? null : c * 1000])
  const registers = registersOf(journey, live)
  const events = eventsOf(recorded)
  const judgeable = { ...registers, software: SOFTWARE, events }
  const judged = judgeAgain(judgeable)
  if (judged === null) throw new Error('the judge is known')
  const { content, inputs, statistics, temperature, monitored } = judged
  const hashes = { contentSha256: hashText(canonicalJson(content)), inputsSha256: hashText(canonicalJson(inputs)) }
  const named = namedEvaluation({ version: 1, ...hashes }, hashText)
  const hours = hourRoots(rootedReadings(judgeable), sha256)
  const [root, readings] = [readingsRoot(hours, sha256), hours.reduce((sum, hour) => sum + hour.readings, 0)]
  const rootedAt = T0 + 40 * 24 * 60 * MINUTE
  const said = { kind: 'readings_root', shipmentId: SHIPMENT_ID, recordedAt: isoInstant(rootedAt) }
  const last = recorded.at(-1) ?? { ...GENESIS }
  const entry = appendEntry(last, { ...said, evaluation: named, scope: {}, readings, root }, hashText)
  const changes = correctedEvents(events)
  return {
    schema: CERTIFICATE_SCHEMA,
    software: SOFTWARE,
    asOf: rootedAt,
    ...registers,
    evaluation: { version: 1, ...hashes, ...hashed({ content, inputs, statistics }) },
    versions: [{ version: 1, knownAt: rootedAt, status: content.status, ...hashes }],
    temperature,
    monitored,
    changedSinceFirstEntry: changes.length > 0,
    changes,
    custody: certifiedCustody(events, { asOf: rootedAt, shipment: registers.shipment }),
    receipt: null,
    ledger: { entries: [...recorded, entry], stamps: [stampOf(entry, keys.at(-1) ?? keys[0], rootedAt)] },
    keys: keys.map(({ published }) => published),
    proof: { seq: entry.seq, readings, root },
  }
}

/** The file of its certificate. */
export function certified(journey: Journey): Uint8Array {
  return sealed(certifiedBody(journey), journey.keys[0])
}

/** A body as a file, sealed by a key, whatever it says. */
export function sealed(body: CertificateBody, { sealer }: TestKey): Uint8Array {
  return certificateFile(body, sealer, sha256)
}

/** The stamp of a key over an entry. */
export function stampOf({ seq, hash }: LedgerEntry, { sealer }: TestKey, stampedAt: number) {
  const said = { shipmentId: SHIPMENT_ID, seq, hash, kid: sealer.kid, stampedAt }
  return { ...said, signature: toBase64url(sealer.sign(stampedBytes(said))) }
}

function hashed(judged: { content: unknown; inputs: unknown; statistics: unknown }) {
  const read = (value: unknown): Canonical => canonical.read(value, 'judged')
  return { content: read(judged.content), inputs: read(judged.inputs), statistics: read(judged.statistics) }
}

function eventsOf(entries: readonly LedgerEntry[]): CustodyEvent[] {
  const events = custodyEvents(entries)
  if ('problem' in events) throw new Error(events.problem)
  return events.value
}

function ledgerOf(events: readonly Told[]): LedgerEntry[] {
  const entries: LedgerEntry[] = []
  for (const [index, event] of events.entries()) {
    const head = entries.at(-1) ?? { ...GENESIS }
    const stated = { byOrg: MAKER, units: ['BAG-1'], ...event, seq: index + 1, recordedAt: event.at + 1000 }
    const unsigned = appendEntry(head, { ...eventRecord(stated), shipmentId: SHIPMENT_ID }, hashText)
    const isSigned = stated.kind.startsWith('handover')
    const signatures = isSigned ? [signatureOver(unsigned, stated)] : []
    const whole = isSigned ? { ...stated, signatures } : stated
    entries.push(appendEntry(head, { ...eventRecord(whole), shipmentId: SHIPMENT_ID }, hashText))
  }
  return entries
}

function signatureOver({ seq, hash }: LedgerEntry, event: CustodyEvent): Canonical {
  const record = signatureRecord({
    recordType: 'custody_event',
    recordId: `${SHIPMENT_ID}/${seq}`,
    recordSha256: hash,
    evaluation: null,
    signerId: seq,
    userName: `person-${seq}`,
    printedName: `Dr. Example ${seq}`,
    organisation: event.byOrg,
    roleFor: event.byOrg,
    role: 'packer',
    meaning: event.kind === 'handover_release' ? 'released_custody' : 'accepted_custody',
    reason: null,
    signedAt: event.recordedAt,
    tzOffset: '+01:00',
  })
  return { id: seq, ...record, sha256: hashText(canonicalJson(record)) }
}

function registersOf({ reference = 'EXAMPLE-7' }: Journey, live: readonly CertifiedReading[]) {
  return {
    shipment: {
      id: SHIPMENT_ID,
      reference,
      sscc: null,
      coi: 'COI-7F3K-0001',
      orderNumber: 'O-1',
      product: { name: 'Example product', gtin: null },
      container: { serial: 'BOX-1', kind: 'pcm_box', grai: null },
      sender: MAKER,
      consignee: CENTRE,
      maxHandoverMs: 30 * MINUTE,
    },
    units: [{ ...UNIT, label: { result: 'match', readers: 2, differs: [] } as const, budget: BUDGET }],
    organisations: [
      { key: MAKER, name: 'Maker', roles: ['sender'] },
      { key: CENTRE, name: 'Centre', roles: ['consignee'] },
    ],
    destination: { name: 'Pharmacy', timeZone: 'Europe/Berlin' },
    profile: { id: 3, version: 2, approval: null, limits: FRIDGE },
    sensors: [{ id: 5, serial: 'SN-5', model: 'T1', range: null, noisy: false }],
    placements: [
      {
        ...{ id: 11, sensorId: 5, channel: 'probe', role: 'product', fromAt: T0, toAt: null, namedCertificate: null },
        certificates: [CERTIFICATE],
        doubts: [],
        readouts: [],
        live,
        memory: [],
        takenBack: [],
      },
    ],
    companions: [],
  }
}

const CERTIFICATE = {
  id: 9,
  certificate: 'C-9',
  laboratory: 'Lab',
  calibratedAt: T0 - 1000 * MINUTE,
  dueAt: T0 + 365 * 24 * 60 * MINUTE,
  uncertaintyMilliC: 300,
  points: [
    { atMilliC: -10_000, correctionMilliC: 100 },
    { atMilliC: 30_000, correctionMilliC: 100 },
  ],
}

const SOFTWARE = { version: '0.1.0', judgeVersion: JUDGES.current.version }

const UNIT = { code: 'BAG-1', gtin: null, serial: null, din: null, lot: 'L-1', expiryAt: T0 + 400 * 24 * 60 * MINUTE }

const BUDGET = {
  state: 'within' as const,
  earlierUse: 'declared' as const,
  bands: [{ id: '8-15', allowedMs: 24 * 60 * MINUTE, consumedMs: 75 * MINUTE, presumedMs: 0 }],
}
