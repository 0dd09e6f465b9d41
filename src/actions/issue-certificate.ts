import { sign as signBytes } from 'node:crypto'
import { type Tx, transaction } from '../../db/connect.ts'
import type { Ctx } from '../context.ts'
import type { Actor } from '../domain/actor.ts'
import { certificateFile, type Sealer } from '../domain/certificate.ts'
import type { Certificate, CertificateBody } from '../domain/certificate-form.ts'
import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import { verifyCertificate } from '../domain/verify-certificate.ts'
import { certificateBody } from './certificate-body.ts'
import { type CertifiedBudgets, certifiedBudgets } from './certificate-units.ts'
import { loadLedger } from './custody-ledger.ts'
import { judgePending } from './judge.ts'
import { loadFacts, type ShipmentFacts } from './judging-facts.ts'
import { rootedHours } from './ledger-exports.ts'
import { appendReadingsRoot, newestRoot } from './readings-roots.ts'
import { stampingKey } from './service-keys.ts'
import { noShipment, refuseUnlessSeen } from './shipments.ts'
import { CRYPTO, loadStamps, stampHead } from './stamps.ts'

/** A certificate as its file and as what it says, and the key that sealed it, for what is made of it. */
export type IssuedCertificate = { file: Uint8Array; certificate: Certificate; sealer: Sealer }

/**
 * The certificate of a visible shipment: everything on record about it, sealed by the service. Same facts, same bytes:
 * nothing in it depends on when it is asked for. Who asks relies on the readings, so they are rooted in the ledger and
 * its head is stamped, where that was not done yet. It is verified before it is given out. Refused: `not_found`;
 * `certificate_not_ready` while the window is open or something waits for judging; `archived`; `stamps_off`;
 * `root_differs` and `record_differs`, where what is stored is not what was recorded.
 */
export async function issueCertificate(
  ctx: Ctx,
  actor: Actor,
  shipmentId: number,
): Promise<IssuedCertificate | Refusal> {
  const no = await refuseUnlessSeen(ctx.db.kysely, actor, shipmentId)
  if (no !== null) return no
  await judgePending(ctx, shipmentId)
  const budgets = await certifiedBudgets(ctx, shipmentId)
  const made = await transaction(ctx.db, (tx) => makeBody(tx, ctx, { actor, shipmentId, budgets }))
  if (isRefusal(made)) return made
  const { body, sealer } = made
  const file = certificateFile(body, sealer, CRYPTO.sha256)
  const { certificate, statements } = await verifyCertificate(file, CRYPTO, { kids: [sealer.kid] })
  const wrong = statements.find(({ holds }) => !holds)
  if (wrong !== undefined || certificate === null) {
    ctx.log.error({ shipmentId, statements }, 'A certificate does not verify and is not given out')
    return refuse('record_differs', `It is not certified, since its ${wrong?.name} would not verify. ${wrong?.says}`)
  }
  return { file, certificate, sealer }
}

type Asked = { actor: Actor; shipmentId: number; budgets: CertifiedBudgets }

/**
 * Under the lock of the shipment, so that what is loaded belongs together. Its row alone: that of one whose window is
 * closed is its lock, and a long history would keep a whole stripe waiting.
 */
async function makeBody(
  tx: Tx,
  ctx: Ctx,
  { actor, shipmentId, budgets }: Asked,
): Promise<{ body: CertificateBody; sealer: Sealer } | Refusal> {
  const locked = tx.selectFrom('shipment').select('id').where('id', '=', shipmentId).forNoKeyUpdate()
  if ((await locked.executeTakeFirst()) === undefined) return noShipment(shipmentId)
  const no = await refuseUnlessSeen(tx, actor, shipmentId)
  if (no !== null) return no
  const [facts] = await loadFacts(tx, [shipmentId])
  if (facts === undefined) return noShipment(shipmentId)
  const notReady = refuseUnready(facts)
  if (notReady !== null) return notReady
  const using = await stampingKey(tx, ctx)
  if (using === null) return refuse('stamps_off', NO_KEY)
  const changed = await rootAndStamp(tx, ctx, shipmentId)
  if (changed !== null) return changed
  const sealer = { kid: using.kid, sign: (message: Uint8Array) => signBytes(null, message, using.key) }
  const body = await certificateBody(tx, facts, budgets)
  // something came between the budgets and the lock
  if (budgets.version !== null && budgets.version !== body.evaluation.version) return BEING_JUDGED
  return { body, sealer }
}

const NO_KEY =
  'Certificates are sealed with the key of this installation: set STAMP_SECRET, then start the service again.'

function refuseUnready({ window, judgeFromAt, archives }: ShipmentFacts): Refusal | null {
  if (archives.length > 0) {
    return refuse('archived', `Its readings are archived (${archives.join(', ')}): restore them, then ask again.`)
  }
  if (window === null) return refuse('certificate_not_ready', 'Nothing was packed, so there is nothing to certify.')
  if (!Number.isFinite(window.toAt)) return refuse('certificate_not_ready', STILL_OPEN)
  return judgeFromAt === null ? null : BEING_JUDGED
}

const BEING_JUDGED = refuse('certificate_not_ready', 'It is being judged again: ask again in a moment.')

const STILL_OPEN =
  'Its readings are still being judged: a certificate is issued once the consignee has received and opened it, or it ' +
  'was refused, lost or cancelled. Until then ask for its status.'

/** Null where the newest root holds the readings as they stand, and the newest entry is stamped. */
async function rootAndStamp(tx: Tx, ctx: Ctx, shipmentId: number): Promise<Refusal | null> {
  const ledger = await loadLedger(tx, shipmentId)
  const newest = newestRoot(ledger)
  // a changed reading must not be rooted anew as if it had always been so
  const hours = newest === undefined ? null : await rootedHours(tx, newest)
  if (isRefusal(hours)) return hours
  const { head } = await appendReadingsRoot(tx, ctx, { shipmentId, ledger })
  const stamps = await loadStamps(tx, shipmentId)
  if (!stamps.some(({ seq }) => seq === head.seq)) await stampHead(tx, ctx, { shipmentId, head })
  return null
}
