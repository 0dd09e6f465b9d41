import type { Tx } from '../../db/connect.ts'
import type { CertifiedAct, CertifiedReceipt } from '../domain/certificate-receipt.ts'
import { canonical } from '../domain/codec.ts'
import { type Deviation, loadDeviations } from './deviations.ts'
import { type ExceptionalRelease, loadExceptionalReleases } from './exceptional-releases.ts'
import { openReReviews } from './re-reviews.ts'
import { loadReceiptView, type ReceiptView } from './receipt-view.ts'

type Asked = Parameters<typeof loadReceiptView>[1]

/** The receipt of a shipment with verdict and findings of each unit, and what was decided; null: nobody received it. */
export async function certifiedReceipt(tx: Tx, asked: Asked): Promise<CertifiedReceipt | null> {
  const { shipmentId } = asked
  const receipts = await loadActs(tx, 'receipt', shipmentId)
  if (receipts.length === 0) return null
  const view = await loadReceiptView(tx, asked)
  return {
    units: view.units.map(unitOf),
    receipts,
    verifications: await loadActs(tx, 'receipt_verification', shipmentId),
    dispositions: await loadActs(tx, 'disposition', shipmentId),
    deviations: view.deviations.map(deviationOf),
    exceptionalReleases: view.exceptionalReleases.map(exceptionalOf),
    openReReviews: (await openReReviews(tx, shipmentId)).length,
  }
}

/** When the last of what stands beside the ledger became known: deviations, steps of releases, re-reviews. */
export async function newestReceiptWord(tx: Tx, shipmentId: number): Promise<number> {
  const deviations = await loadDeviations(tx, shipmentId)
  const releases = await loadExceptionalReleases(tx, shipmentId)
  const known = [
    ...deviations.flatMap(({ knownAt, closing }) => [knownAt, closing?.knownAt ?? 0]),
    ...releases.flatMap(({ knownAt, steps }) => [knownAt, ...steps.map((step) => step.knownAt)]),
    ...(await openReReviews(tx, shipmentId)).map(({ openedAt }) => openedAt),
  ]
  return Math.max(0, ...known)
}

/** The records exactly as they were signed. */
async function loadActs(
  tx: Tx,
  table: 'receipt' | 'receipt_verification' | 'disposition',
  shipmentId: number,
): Promise<CertifiedAct[]> {
  const rows = await tx
    .selectFrom(table)
    .select(['event_seq', 'record', 'record_sha256'])
    .where('shipment_id', '=', shipmentId)
    .orderBy('event_seq')
    .execute()
  return rows.map(({ event_seq: eventSeq, record, record_sha256: sha256 }) => {
    return { eventSeq, sha256, record: canonical.read(record, `record of ledger entry ${eventSeq}`) }
  })
}

function unitOf({ code, current, standing }: ReceiptView['units'][number]): CertifiedReceipt['units'][number] {
  const { state, usable, reReview } = standing
  return { code, verdict: current?.verdict ?? null, findings: current?.findings ?? [], state, usable, reReview }
}

function deviationOf(one: Deviation): CertifiedReceipt['deviations'][number] {
  const { number, system, classification, units, findings, openedAt, closing } = one
  return { number, system, classification, units, findings, openedAt, closedAt: closing?.closedAt ?? null }
}

function exceptionalOf({ number, units, steps }: ExceptionalRelease) {
  return { number, units, steps: steps.map(({ step, form, name, at }) => ({ step, form, name, saidAt: at })) }
}
