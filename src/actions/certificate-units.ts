import type { Tx } from '../../db/connect.ts'
import type { Ctx } from '../context.ts'
import type { BudgetState } from '../domain/budget.ts'
import type { CertificateBody } from '../domain/certificate-form.ts'
import { isRefusal } from '../domain/refusal.ts'
import { identityOf, type UnitIdentity } from '../domain/shipment-identity.ts'
import { loadIdentity } from './load-identity.ts'
import { type BudgetOfUnit, budgetsOfShipment } from './shipment-budget.ts'

type CertifiedUnit = CertificateBody['units'][number]

/** What the units of a shipment used of their budgets, and the evaluation it is by; by code. */
export type CertifiedBudgets = {
  version: number | null
  of: ReadonlyMap<string, CertifiedUnit['budget']>
  /** Of all units, riding or not: what a receipt takes. */
  states: ReadonlyMap<string, BudgetState>
}

/** Before the transaction of the certificate: budgets are posted in their own. */
export async function certifiedBudgets(ctx: Ctx, shipmentId: number): Promise<CertifiedBudgets> {
  const found = await budgetsOfShipment(ctx, shipmentId)
  // where codes cannot tell bags apart nobody knows what each of them used
  if (isRefusal(found)) return { version: null, of: new Map(), states: new Map() }
  return {
    version: found.evaluationVersion,
    of: new Map(found.units.map((unit) => [unit.code, budgetOf(unit)])),
    states: new Map(found.units.map(({ code, state }) => [code, state])),
  }
}

/** What still rides uses more by the minute, so nothing is certified of it. */
function budgetOf({ ride, state, earlierUse, bands }: BudgetOfUnit): CertifiedUnit['budget'] {
  if (ride !== 'over') return null
  const certified = bands.map(({ id, allowedMs, consumedMs, presumedMs }) => ({
    id,
    allowedMs,
    consumedMs,
    presumedMs,
  }))
  return { state, earlierUse, bands: certified }
}

type Asked = { shipmentId: number; asOf: number; budgets: CertifiedBudgets }

/** The packing list, with how the consignee found the labels as of an instant. */
export async function certifiedUnits(tx: Tx, { shipmentId, asOf, budgets }: Asked): Promise<CertifiedUnit[]> {
  const { consignee_id: organisationId } = await tx
    .selectFrom('shipment')
    .select('consignee_id')
    .where('id', '=', shipmentId)
    .executeTakeFirstOrThrow()
  const identity = identityOf(await loadIdentity(tx, { shipmentId, organisationId, asOf }), asOf)
  const rows = await tx
    .selectFrom('unit')
    .select(['code', 'gtin', 'serial', 'din', 'lot', 'expiry_at'])
    .where('shipment_id', '=', shipmentId)
    .orderBy('id')
    .execute()
  return rows.map(({ expiry_at: expiryAt, ...unit }) => {
    const found = identity.units.find(({ code }) => code === unit.code)
    return { ...unit, expiryAt, label: labelOf(found), budget: budgets.of.get(unit.code) ?? null }
  })
}

function labelOf(found: UnitIdentity | undefined): CertifiedUnit['label'] {
  if (found === undefined) return { result: 'unverified', readers: 0, differs: [] }
  const { result, readers, differs } = found.check
  return { result, readers: readers.length, differs: [...new Set(differs.map(({ field }) => field))] }
}

/** When a label was last read; null: never. */
export async function newestScan(tx: Tx, shipmentId: number): Promise<number | null> {
  const row = await tx
    .selectFrom('label_scan')
    .select('known_at')
    .where('shipment_id', '=', shipmentId)
    .orderBy('known_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.known_at ?? null
}
