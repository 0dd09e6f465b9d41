import type { Canonical } from './canonical.ts'
import { certifiedReceipt } from './certificate-receipt.ts'
import {
  type Codec,
  type Coded,
  canonical,
  decimal,
  fields,
  flag,
  instant,
  int,
  isObject,
  listIfAny,
  listOf,
  oneOf,
  orNull,
  pair,
  text,
} from './codec.ts'
import type { LedgerEntry } from './ledger.ts'
import type { Profile } from './profile.ts'

/**
 * The form of a certificate: everything that is on record about one shipment and everything it takes to judge it again
 * (domain page sections 1.2 and 4.4), as one JSON document whose file is its canonical bytes. Instants are ISO 8601 in
 * UTC; temperatures integer milli-degrees, durations integer milliseconds; beneath `evaluation` instants are epoch
 * milliseconds, as they are hashed.
 */
export const CERTIFICATE_SCHEMA = 'unbroken-certificate@1'

const limits: Codec<Profile> = fields({
  name: text,
  labelLowMilliC: orNull(int),
  labelHighMilliC: orNull(int),
  nominalIntervalMs: int,
  maxGapMs: int,
  levels: listCopy(
    fields({
      id: text,
      side: oneOf('high', 'low'),
      limitMilliC: int,
      mode: oneOf('single', 'cumulative'),
      allowedMs: int,
      severity: oneOf('warning', 'major', 'critical'),
    }),
  ),
  requiredSensors: int,
  loadingMs: int,
  guardBand: oneOf('none', 'uncertainty'),
  alertHysteresisMilliC: int,
  mktPolicy: oneOf('off', 'informative', 'decision_support_US'),
  minCoveragePercent: decimal,
  budgetBands: listCopy(fields({ id: text, aboveMilliC: orNull(int), uptoMilliC: orNull(int), allowedMs: int })),
  source: orNull(text),
  example: flag,
})

/** A list as rules take it that were written before anything was read-only. */
function listCopy<T>(codec: Codec<T>): Codec<T[]> {
  const list = listOf(codec)
  return { read: (value, path) => [...list.read(value, path)], write: (value) => list.write(value) }
}

const sensorCertificate = fields({
  id: int,
  certificate: text,
  laboratory: text,
  calibratedAt: instant,
  dueAt: instant,
  uncertaintyMilliC: int,
  points: listCopy(fields({ atMilliC: int, correctionMilliC: int })),
})

const readout = fields({
  id: int,
  importId: int,
  fromAt: instant,
  toAt: instant,
  intervalMs: int,
  resolutionMilliC: int,
})

/** When, and what the sensor said before any correction; null: it reported a fault. */
const reading = pair(instant, orNull(int))

const placement = fields({
  id: int,
  sensorId: int,
  channel: text,
  role: text,
  fromAt: instant,
  toAt: orNull(instant),
  namedCertificate: orNull(int),
  certificates: listCopy(sensorCertificate),
  /** Time in which nobody knows what it really measured: a later certificate found it out of tolerance. */
  doubts: listCopy(fields({ certificateId: int, fromAt: orNull(instant), toAt: instant })),
  readouts: listCopy(readout),
  /** Sent while it travelled; contradicting values of one instant are two readings. In order of time, then value. */
  live: listOf(reading),
  /** Read out of its memory. */
  memory: listOf(reading),
  /** The same by imports that do not stand (taken back, interrupted): stored, and so under the root, and not judged. */
  takenBack: listIfAny(reading),
})

const shipment = fields({
  id: int,
  reference: text,
  sscc: orNull(text),
  coi: orNull(text),
  orderNumber: orNull(text),
  product: fields({ name: text, gtin: orNull(text) }),
  container: orNull(fields({ serial: text, kind: text, grai: orNull(text) })),
  /** Keys of organisations, as they stand in the ledger. */
  sender: text,
  consignee: text,
  maxHandoverMs: int,
})

/** How the people of the consignee found the label; `differs` names the fields that are not as expected. */
const label = fields({ result: oneOf('match', 'mismatch', 'unverified'), readers: int, differs: listOf(text) })

/** What it used of its stability budget over its life, presumed time kept apart (domain page 2.6). */
const budget = fields({
  state: oneOf('within', 'presumed_exceeded', 'exceeded', 'none'),
  earlierUse: oneOf('declared', 'not_declared'),
  bands: listOf(fields({ id: text, allowedMs: int, consumedMs: int, presumedMs: int })),
})

const unit = fields({
  code: text,
  gtin: orNull(text),
  serial: orNull(text),
  din: orNull(text),
  lot: orNull(text),
  expiryAt: orNull(instant),
  label,
  /** Null: it still rides, or its bags cannot be told apart. */
  budget: orNull(budget),
})

/** What was changed after it was first entered: by whose word it says `reason`, where one was asked for. */
const change = fields({
  what: oneOf('custody_event', 'placement', 'calibration', 'profile', 'read_out'),
  id: int,
  at: instant,
  reason: orNull(text),
})

const version = fields({ version: int, knownAt: instant, status: text, contentSha256: text, inputsSha256: text })

const evaluation = fields({
  version: int,
  contentSha256: text,
  inputsSha256: text,
  content: canonical,
  inputs: canonical,
  statistics: canonical,
})

const finding = fields({ code: text, seq: orNull(int), kind: orNull(text), severity: text, text })

const custody = fields({
  chainStatus: oneOf('intact', 'incomplete', 'broken'),
  holder: orNull(text),
  findings: listOf(finding),
  /** `seq` of handover entries a person signed, a machine attested, or that were given by acknowledgement. */
  signed: listOf(int),
  attested: listOf(int),
  acknowledgements: listOf(int),
})

const entry: Codec<LedgerEntry> = {
  read: (value, path) => {
    const { seq, prevHash, hash } = isObject(value) ? value : {}
    const record = canonical.read(value, path)
    const named = { seq: int.read(seq, `${path}.seq`), prevHash: text.read(prevHash, `${path}.prevHash`) }
    return { ...nameless(record), ...named, hash: text.read(hash, `${path}.hash`) }
  },
  write: (value) => value,
}

function nameless(record: Canonical): { readonly [name: string]: Canonical } {
  return isRecord(record) ? record : {}
}

function isRecord(value: Canonical): value is { readonly [name: string]: Canonical } {
  return isObject(value)
}

const stamp = fields({ shipmentId: int, seq: int, hash: text, kid: text, stampedAt: instant, signature: text })

/** `kid` is the RFC 7638 thumbprint of the Ed25519 key `x`. */
const key = fields({ kid: text, x: text, fromAt: instant, untilAt: orNull(instant) })

const monitored = fields({
  /** Nothing is known of the time before and after; null: nothing is known at all. */
  fromAt: instant,
  toAt: instant,
})

const body = {
  schema: oneOf(CERTIFICATE_SCHEMA),
  software: fields({ version: text, judgeVersion: int }),
  /** The newest instant at which something in it became known: there is no later word in it. */
  asOf: instant,
  shipment,
  units: listOf(unit),
  organisations: listOf(fields({ key: text, name: text, roles: listOf(text) })),
  /** Where it was sent, as local times are shown; null: no place on record. */
  destination: orNull(fields({ name: text, timeZone: text })),
  profile: fields({
    id: int,
    version: int,
    approval: orNull(fields({ approver: text, source: text, effectiveAt: instant })),
    limits,
  }),
  sensors: listOf(
    fields({
      id: int,
      serial: text,
      model: text,
      range: orNull(fields({ low: int, high: int })),
      /** Its model shows noise, so that it is suspicious where it stands still. */
      noisy: flag,
    }),
  ),
  /** Of judged roles, with their readings. */
  placements: listOf(placement),
  /** Of other roles; not judged. */
  companions: listOf(fields({ sensorId: int, channel: text, role: text, fromAt: instant, toAt: orNull(instant) })),
  evaluation,
  /** Every version there was. */
  versions: listOf(version),
  /** As it is served: without a valid calibration at best indeterminate. */
  temperature: fields({
    status: oneOf('in_range', 'excursion_below_alarm', 'indeterminate', 'alarm'),
    severity: orNull(oneOf('warning', 'major', 'critical')),
    complete: flag,
    reasons: listOf(text),
  }),
  monitored: orNull(monitored),
  /** Annex 11, 8: whether anything was changed since it was first entered. */
  changedSinceFirstEntry: flag,
  changes: listOf(change),
  custody,
  /** What the receiver found, what it came to for each unit, and what was decided; null: not recorded. */
  receipt: orNull(certifiedReceipt),
  ledger: fields({ entries: listOf(entry), stamps: listOf(stamp) }),
  /** Every key of the service up to `asOf`, the newest first. */
  keys: listOf(key),
  /** The ledger entry to whose root all readings lead. */
  proof: fields({ seq: int, readings: int, root: text }),
}

/** All that is signed. */
export const certificateBody = fields(body)
export type CertificateBody = Coded<typeof certificateBody>

/** The service's key over the canonical bytes of the body. */
const seal = fields({ kid: text, signature: text })

/** The file. */
export const certificate = fields({ ...body, seal })
export type Certificate = Coded<typeof certificate>

export type CertifiedPlacement = Coded<typeof placement>
export type CertifiedReading = Coded<typeof reading>
export type CertifiedChange = Coded<typeof change>
