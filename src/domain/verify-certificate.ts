import { fromBase64url } from './base64url.ts'
import { canonicalJson, canonicalOrNull } from './canonical.ts'
import { sealedBytes } from './certificate.ts'
import { type Certificate, certificate, certificateBody } from './certificate-form.ts'
import { receiptFault } from './certificate-receipt.ts'
import { certifiedCustody, correctedEvents } from './certified.ts'
import { decoded } from './codec.ts'
import type { CustodyEvent } from './custody-event.ts'
import { namedEvaluation } from './evaluation-hash.ts'
import { judgeAgain, type Replayed, rootedReadings } from './judge-again.ts'
import { custodyEvents, ROOT_KIND } from './ledger-events.ts'
import { hourRoots, readingsRoot } from './readings-root.ts'
import { type Crypto, keyThumbprint, type ServiceKey } from './stamp.ts'
import { hashText, type LedgerVerification, verifyLedger } from './verify-ledger.ts'

/**
 * One thing a certificate states, whether it holds, and what was found, in a sentence. In the order in which they are
 * checked:
 *
 *   form        the file is the canonical bytes of a certificate
 *   seal        it was sealed with a key of its history, and is as it was sealed
 *   keys        each key bears its own name and had its own time
 *   ledger      every entry is as it was written, in its place
 *   signatures  every e-signature is of the entry it stands in
 *   stamps      the service stamped the newest entry: nothing was cut off
 *   readings    lead to the root that stands in the ledger
 *   verdict     judged again from the readings, it is the one stated, and the one that stands in the ledger
 *   custody     judged again from the ledger, it is the one stated
 *   receipt     what was signed is told whole, and every verdict is what its findings come to
 *   changes     every correction is told
 *   trust       the sealing key is one that is trusted
 */
export type Statement = { readonly name: StatementName; readonly holds: boolean; readonly says: string }
export type StatementName =
  | 'pdf'
  | 'form'
  | 'seal'
  | 'keys'
  | 'ledger'
  | 'signatures'
  | 'stamps'
  | 'readings'
  | 'verdict'
  | 'custody'
  | 'receipt'
  | 'changes'
  | 'trust'

/** Keys that are trusted: names of keys, or the key set that the service publishes. Null: nobody said. */
export type Trust = { readonly kids: readonly string[] } | { readonly keys: readonly ServiceKey[] } | null

/** `consistent`: everything holds in itself, and nobody said whose keys are trusted. */
export type CertificateVerification = {
  readonly outcome: 'valid' | 'consistent' | 'not_valid'
  readonly statements: readonly Statement[]
  /** The key that sealed it. Null: there is no telling. */
  readonly kid: string | null
  readonly certificate: Certificate | null
}

/**
 * Verifies a certificate by itself, without network, database or account: computes hashes and signatures anew, and
 * judges again from the readings in it. Every statement that does not hold is named.
 */
export async function verifyCertificate(
  file: Uint8Array,
  crypto: Crypto,
  trust: Trust,
): Promise<CertificateVerification> {
  const read = readCertificate(file)
  if ('problem' in read) {
    const form = failed('form', `${read.problem}. The file must be the very bytes that were issued.`)
    return { outcome: 'not_valid', statements: [form], kid: null, certificate: null }
  }
  const found = await statementsOf(read.certificate, crypto)
  const trusted = trust === null ? null : trustStatement(read.certificate, trust)
  const statements = trusted === null ? found : [...found, trusted]
  const holds = statements.every((statement) => statement.holds)
  const outcome = !holds ? 'not_valid' : trusted === null ? 'consistent' : 'valid'
  return { outcome, statements, kid: read.certificate.seal.kid, certificate: read.certificate }
}

/** A file as the certificate it is, if it is one in its one spelling. */
export function readCertificate(file: Uint8Array): { certificate: Certificate } | { problem: string } {
  try {
    return readText(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(file))
  } catch {
    // no UTF-8, no JSON, or nested more deeply than anything that was ever issued
    return { problem: 'It is no JSON text: it was cut or changed' }
  }
}

function readText(text: string): { certificate: Certificate } | { problem: string } {
  const json: unknown = JSON.parse(text)
  const found = decoded(certificate, json)
  if ('problem' in found) return { problem: `This is no certificate: ${found.problem}` }
  const isCanonical = canonicalOrNull(json) === text
  return isCanonical ? { certificate: found.value } : { problem: 'It was written anew: its bytes are not canonical' }
}

async function statementsOf(given: Certificate, crypto: Crypto): Promise<Statement[]> {
  const { shipment, ledger, keys } = given
  const form = held('form', `certificate of shipment ${shipment.reference}, in its canonical bytes`)
  const found = await verifyLedger({ shipmentId: shipment.id, ...ledger, keys }, crypto)
  const opened = [form, await sealStatement(given, crypto), keysStatement(given, crypto)]
  const proven = [ledgerStatement(found), signaturesStatement(given, found), stampsStatement(given, found)]
  const events = custodyEvents(ledger.entries)
  if ('problem' in events)
    return [...opened, ...proven, failed('custody', `The ledger cannot be read: ${events.problem}`)]
  return [...opened, ...proven, ...judgedStatements(given, events.value, crypto)]
}

async function sealStatement(given: Certificate, { sha256, verify }: Crypto): Promise<Statement> {
  const { seal, keys, asOf, ...rest } = given
  const key = keys.find(({ kid }) => kid === seal.kid)
  const publicKey = key === undefined ? null : fromBase64url(key.x)
  if (key === undefined || publicKey?.length !== 32)
    return failed('seal', `Key ${seal.kid} is not in its history of keys.`)
  const signature = fromBase64url(seal.signature)
  if (signature?.length !== 64) return failed('seal', 'The seal is no signature: it was cut or changed.')
  const body = new TextEncoder().encode(canonicalJson(certificateBody.write({ keys, asOf, ...rest })))
  const message = sealedBytes(sha256(body), seal.kid)
  if (!(await verify({ publicKey, message, signature }))) {
    return failed('seal', 'It is not what was sealed: something in it was changed, or another key sealed it.')
  }
  if (!isInForce(key, asOf)) return failed('seal', `Key ${seal.kid} was not in use at ${isoOf(asOf)}.`)
  return held('seal', `sealed with key ${seal.kid}, as of ${isoOf(asOf)}`)
}

/** Up to the end of a key's time, and when another process made a new one meanwhile, somewhat beyond. */
function isInForce({ fromAt, untilAt }: ServiceKey, at: number): boolean {
  return fromAt <= at && (untilAt === null || at < untilAt + CLOCKS_APART_MS)
}

const CLOCKS_APART_MS = 300_000

function keysStatement({ keys }: Certificate, { sha256 }: Crypto): Statement {
  const misnamed = keys.find(({ kid, x }) => keyThumbprint(x, sha256) !== kid)
  if (misnamed !== undefined) return failed('keys', `Key ${misnamed.kid} does not bear its own name.`)
  const wrong = keys.find((key, index) => key.untilAt !== (keys[index - 1]?.fromAt ?? null))
  if (wrong !== undefined) return failed('keys', `The time of key ${wrong.kid} does not end where the next one begins.`)
  return held('keys', `${counted(keys.length, 'key')} in the history of the service`)
}

function ledgerStatement({ chain }: LedgerVerification): Statement {
  if (chain.valid) return held('ledger', `${counted(chain.head.seq, 'entry')}, each as it was written`)
  return failed('ledger', `Entry ${chain.firstBadSeq} is not as it was written (${chain.reason}).`)
}

function signaturesStatement({ ledger }: Certificate, { signatureFaults }: LedgerVerification): Statement {
  const [first] = signatureFaults
  if (first !== undefined)
    return failed('signatures', `Signature ${first.index + 1} of entry ${first.seq}: ${first.fault}.`)
  const count = ledger.entries.reduce(
    (sum, { signatures }) => sum + (Array.isArray(signatures) ? signatures.length : 0),
    0,
  )
  return held('signatures', `${counted(count, 'e-signature')}, each of its own entry`)
}

function stampsStatement({ ledger }: Certificate, { stampFaults, stampedUpTo }: LedgerVerification): Statement {
  const [first] = stampFaults
  if (first !== undefined) return failed('stamps', `The stamp over entry ${first.seq} does not hold: ${first.fault}.`)
  const head = ledger.entries.at(-1)?.seq ?? 0
  if (head === 0 || stampedUpTo !== head) return failed('stamps', `Entry ${head}, the newest, is not stamped.`)
  return held('stamps', `${counted(ledger.stamps.length, 'stamp')}, the newest entry is stamped`)
}

function judgedStatements(given: Certificate, events: readonly CustodyEvent[], crypto: Crypto): Statement[] {
  const judged = attempt(() => judgeAgain({ ...given, events }))
  const readings = readingsStatement(given, events, crypto)
  const rules = `this program cannot judge it by version ${given.software.judgeVersion} of the rules: take a newer one`
  const verdict =
    judged === null ? failed('verdict', `Not judged again: ${rules}.`) : verdictStatement(given, judged, crypto)
  const custody = custodyStatement(given, events)
  return [readings, verdict, custody, receiptStatement(given, crypto), changesStatement(given, events)]
}

/** Null where what was read is in its form but says what cannot be (an interval of no length, say). */
function attempt<T>(work: () => T): T | null {
  try {
    return work()
  } catch {
    return null
  }
}

function readingsStatement(given: Certificate, events: readonly CustodyEvent[], { sha256 }: Crypto): Statement {
  const { proof, ledger } = given
  const newest = ledger.entries.findLast(({ kind }) => kind === ROOT_KIND)
  if (newest === undefined || newest.seq !== proof.seq || newest.root !== proof.root) {
    return failed('readings', `Ledger entry ${proof.seq} is not the newest root of the readings.`)
  }
  const hours = hourRoots(rootedReadings({ ...given, events }), sha256)
  const count = hours.reduce((sum, { readings }) => sum + readings, 0)
  if (readingsRoot(hours, sha256) !== proof.root || count !== proof.readings) {
    return failed('readings', `The readings do not lead to the root in ledger entry ${proof.seq}.`)
  }
  return held('readings', `${counted(count, 'reading')}, led to the root in ledger entry ${proof.seq}`)
}

function verdictStatement(given: Certificate, judged: Replayed, crypto: Crypto): Statement {
  const { evaluation, temperature, ledger, proof } = given
  if (!isEqual(judged.temperature, temperature)) {
    const [again, said] = [judged.temperature, temperature].map(told)
    return failed('verdict', `Judged again from the readings it is ${again}; it says ${said}.`)
  }
  const parts = {
    content: judged.content,
    inputs: judged.inputs,
    statistics: judged.statistics,
    monitored: judged.monitored,
  }
  const stated = { ...evaluation, monitored: given.monitored }
  const differing = PARTS.find((part) => !isEqual(parts[part], stated[part]))
  if (differing !== undefined) return failed('verdict', `Judged again from the readings, its ${differing} are others.`)
  const text = hashText(crypto)
  const hashes = { contentSha256: text(canonicalJson(parts.content)), inputsSha256: text(canonicalJson(parts.inputs)) }
  const named = namedEvaluation({ version: evaluation.version, ...hashes }, text)
  const rooted = ledger.entries.find(({ seq }) => seq === proof.seq)?.evaluation
  const isStated = isEqual(hashes, { contentSha256: evaluation.contentSha256, inputsSha256: evaluation.inputsSha256 })
  if (!isStated || !isEqual(named, rooted)) {
    return failed('verdict', `The verdict is not the one that stands in ledger entry ${proof.seq}.`)
  }
  return held('verdict', `judged again from the readings: ${told(temperature)}, version ${evaluation.version}`)
}

const PARTS = ['content', 'inputs', 'statistics', 'monitored'] as const

function told({ status, complete, reasons }: Certificate['temperature']): string {
  const why = reasons.length === 0 ? '' : ` (${reasons.join(', ')})`
  return `${status}, ${complete ? 'complete' : 'not complete'}${why}`
}

function custodyStatement(given: Certificate, events: readonly CustodyEvent[]): Statement {
  const { chainStatus, findings } = certifiedCustody(events, given)
  if (!isEqual(certifiedCustody(events, given), given.custody)) {
    return failed('custody', `Judged again from the ledger it is ${chainStatus}; it says ${given.custody.chainStatus}.`)
  }
  return held('custody', `judged again from the ledger: ${chainStatus}, ${counted(findings.length, 'finding')}`)
}

function receiptStatement({ receipt, ledger }: Certificate, crypto: Crypto): Statement {
  const fault = receiptFault(receipt, ledger.entries, hashText(crypto))
  if (fault !== null) return failed('receipt', fault)
  if (receipt === null) return held('receipt', 'none was recorded')
  const { receipts, verifications, dispositions } = receipt
  const acts = receipts.length + verifications.length + dispositions.length
  return held(
    'receipt',
    `${counted(acts, 'record')}, each as it was signed; ${counted(receipt.units.length, 'verdict')}`,
  )
}

function changesStatement(
  { changes, changedSinceFirstEntry }: Certificate,
  events: readonly CustodyEvent[],
): Statement {
  const own = changes.filter(({ what }) => what === 'custody_event')
  const isTold = isEqual(own, correctedEvents(events)) && changedSinceFirstEntry === changes.length > 0
  if (!isTold) return failed('changes', 'What was corrected is not what it tells of changes.')
  return held('changes', `${counted(changes.length, 'change')} since first entry`)
}

function trustStatement({ seal, keys, asOf }: Certificate, trust: NonNullable<Trust>): Statement {
  if ('kids' in trust) {
    if (trust.kids.includes(seal.kid)) return held('trust', `key ${seal.kid} is trusted`)
    return failed('trust', `Key ${seal.kid} is not one you trust: ask the issuer for its key set.`)
  }
  const strange = keys.find(({ kid }) => !trust.keys.some((key) => key.kid === kid))
  if (strange !== undefined) return failed('trust', `Key ${strange.kid} is not in the key set you trust.`)
  const sealing = trust.keys.find(({ kid }) => kid === seal.kid)
  if (sealing === undefined || !isInForce(sealing, asOf)) {
    return failed('trust', `Key ${seal.kid} was not in use at ${isoOf(asOf)}, says the key set you trust.`)
  }
  return held('trust', `key ${seal.kid} is in the key set you trust`)
}

function held(name: StatementName, says: string): Statement {
  return { name, holds: true, says }
}

function failed(name: StatementName, says: string): Statement {
  return { name, holds: false, says }
}

function isEqual(a: unknown, b: unknown): boolean {
  const text = canonicalOrNull(a)
  return text !== null && text === canonicalOrNull(b)
}

function counted(count: number, one: string): string {
  return `${count} ${count === 1 ? one : (PLURALS[one] ?? `${one}s`)}`
}

const PLURALS: { readonly [one: string]: string } = { entry: 'entries' }

function isoOf(at: number): string {
  return new Date(at).toISOString()
}
