import type { Tx } from '../../db/connect.ts'
import type { Ctx } from '../context.ts'
import type { Actor } from '../domain/actor.ts'
import type { UnitStanding } from '../domain/disposition.ts'
import type { NamedEvaluation } from '../domain/evaluation-hash.ts'
import type { ShipmentVerdict, UnitVerdict } from '../domain/finding.ts'
import type { ExpiryReadings } from '../domain/gs1-date.ts'
import type { DataState } from '../domain/receipt-facts.ts'
import type { SaidUnit } from '../domain/receipt-record.ts'
import type { JudgedUnit } from '../domain/receipt-steps.ts'
import type { Refusal } from '../domain/refusal.ts'
import { type Budgets, readOn } from './decide-on.ts'
import { type Deviation, loadDeviations } from './deviations.ts'
import {
  type ExceptionalRelease,
  loadExceptionalReleases,
  type OutstandingSignature,
  outstandingSignatures,
} from './exceptional-releases.ts'
import { judgedReceipt } from './judged-receipt.ts'
import { loadGround, type ReceiptGround } from './receipt-ground.ts'
import { loadSignedActs, type StoredDisposition, standingsOf } from './receipt-steps.ts'
import { refuseUnlessSeen } from './shipments.ts'
import type { StoredReceipt, StoredVerification } from './stored-receipt.ts'

/**
 * The receipt of a shipment as of an instant: what was signed, and what it comes to by everything known now. Both are
 * told: what was signed stays, and what is known now decides what may be done next.
 */
export type ReceiptView = {
  shipmentId: number
  asOf: number
  /** What a receiver has to see beside the checklist. */
  expected: { seals: readonly string[] | null; container: string | null; loggers: readonly string[] }
  /** By revision; the last one rules. */
  receipts: StoredReceipt[]
  verifications: StoredVerification[]
  /** Null before the first receipt, as are the verdicts. */
  data: DataState | null
  evaluation: NamedEvaluation | null
  shipment: ShipmentVerdict | null
  units: ReceiptUnit[]
  dispositions: StoredDisposition[]
  deviations: Deviation[]
  exceptionalReleases: ExceptionalRelease[]
  outstanding: OutstandingSignature[]
  needsQa: boolean
}

export type ReceiptUnit = {
  code: string
  onPackingList: boolean
  /** By all that is known now; null before the first receipt. */
  current: UnitVerdict | null
  /** As the newest receipt was signed; null where it does not name the unit. */
  signed: JudgedUnit | null
  said: SaidUnit | null
  /** Both readings of its expiry; null: nobody knows it. */
  expiry: ExpiryReadings | null
  standing: UnitStanding
}

/** The receipt of a shipment the actor sees, as of now. Refused: `not_found`. */
export async function shipmentReceipt(ctx: Ctx, actor: Actor, shipmentId: number): Promise<ReceiptView | Refusal> {
  const no = await refuseUnlessSeen(ctx.db.kysely, actor, shipmentId)
  return no ?? receiptNow(ctx, shipmentId)
}

/** The same for whoever was let in already: judges and posts budgets first, then reads in one snapshot. */
export async function receiptNow(ctx: Ctx, shipmentId: number): Promise<ReceiptView> {
  return readOn(ctx, shipmentId, (tx, budgets) => loadReceiptView(tx, { shipmentId, asOf: ctx.now(), budgets }))
}

/** The same in a transaction of the caller's; the shipment does not wait for judging. */
export async function loadReceiptView(
  tx: Tx,
  { shipmentId, asOf, budgets }: { shipmentId: number; asOf: number; budgets: Budgets },
): Promise<ReceiptView> {
  const acts = await loadSignedActs(tx, shipmentId)
  const newest = acts.receipts.at(-1)
  const organisationId = newest?.organisationId ?? (await consigneeOf(tx, shipmentId))
  const ground = await loadGround(tx, { shipmentId, organisationId, asOf, budgets })
  const judged = newest === undefined ? null : judgedReceipt(newest.record, ground)
  const codes = [...new Set([...ground.codes, ...(judged?.units ?? []).map(({ code }) => code)])]
  const { needsQa } = ground.terms
  const standings = standingsOf(acts, { codes, needsQa, inReReview: ground.inReReview })
  const exceptionalReleases = await loadExceptionalReleases(tx, shipmentId)
  return {
    ...{ shipmentId, asOf, needsQa, exceptionalReleases },
    expected: expectedOf(ground),
    receipts: acts.receipts,
    verifications: acts.verifications,
    data: judged?.data ?? null,
    evaluation: ground.evaluation,
    shipment: judged?.shipment ?? null,
    units: codes.flatMap((code) => {
      const standing = standings.get(code)
      if (standing === undefined) return []
      const expiry = ground.identity.units.find((unit) => unit.code === code)?.expiry ?? null
      const known = { code, onPackingList: ground.codes.includes(code), expiry, standing }
      return { ...known, ...unitOf(code, judged?.units ?? [], newest) }
    }),
    dispositions: acts.dispositions,
    deviations: await loadDeviations(tx, shipmentId),
    outstanding: outstandingSignatures(exceptionalReleases, asOf),
  }
}

function unitOf(
  code: string,
  units: readonly (UnitVerdict & { code: string })[],
  newest: StoredReceipt | undefined,
): Pick<ReceiptUnit, 'current' | 'signed' | 'said'> {
  return {
    current: units.find((unit) => unit.code === code) ?? null,
    signed: newest?.record.judged.find((unit) => unit.code === code) ?? null,
    said: newest?.record.units.find((unit) => unit.code === code) ?? null,
  }
}

function expectedOf({ sealsExpected, identity: { box } }: ReceiptGround): ReceiptView['expected'] {
  const onFile = (field: 'container' | 'logger') => box.find((one) => one.field === field)?.expected ?? []
  return { seals: sealsExpected, container: onFile('container')[0] ?? null, loggers: onFile('logger') }
}

async function consigneeOf(tx: Tx, shipmentId: number): Promise<number> {
  const row = await tx
    .selectFrom('shipment')
    .select('consignee_id')
    .where('id', '=', shipmentId)
    .executeTakeFirstOrThrow()
  return row.consignee_id
}
