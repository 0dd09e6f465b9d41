import { type RawBuilder, sql } from 'kysely'
import { z } from 'zod'
import type { Tx } from '../../db/connect.ts'
import type { Ctx } from '../context.ts'
import type { Actor } from '../domain/actor.ts'
import type { EarlierUse } from '../domain/budget.ts'
import { earlierUse, ledgerUsage } from '../domain/budget-ledger.ts'
import type { Usage } from '../domain/exposure.ts'
import { isRefusal, type Refusal } from '../domain/refusal.ts'
import { ledgerName } from './budget-ledger.ts'
import { findUnit } from './find-unit.ts'
import { numbers } from './load-rows.ts'
import { type Listing, listing, type Page } from './page.ts'
import { withBudgets } from './post-budgets.ts'
import { refuseAmbiguous } from './unit-legs.ts'
import { type Lives, legOf } from './unit-lives.ts'
import { canSeeShipment } from './visibility.ts'

/** The budget ledger of a unit over all its shipments, as far as the asker sees them; milliseconds. */
export type UnitLedger = {
  unitId: number
  code: string
  earlierUse: EarlierUse
  /** All that is posted of its life; what it uses where it rides now is not. */
  used: readonly Usage[]
  /** The part of it that was used in shipments the asker is no party to: a sum, and nothing else about them. */
  elsewhere: readonly Usage[]
  entries: Listing<LedgerLine>
}

/** One booking in a visible shipment. */
export type LedgerLine = {
  id: number
  shipmentId: number
  unitId: number
  band: string
  consumedMs: number
  presumedMs: number
  source: 'evaluation' | 'declared' | 'inherited'
  /** Of an evaluation; null: not of one. */
  evaluationVersion: number | null
  declaration: { id: number; organisationId: number; signature: string; reason: string } | null
  /** Null also where the parent is in no visible shipment. */
  parentUnitId: number | null
  reverses: number | null
  knownAt: number
}

/**
 * The ledger of a visible unit over shipments and owners, newest entries last. Refused: `not_found`; `invalid` where
 * its code cannot tell the bags apart.
 */
export async function unitLedger(
  ctx: Ctx,
  actor: Actor,
  asked: { unitId: number; page: Page },
): Promise<UnitLedger | Refusal> {
  const unit = await ctx.db.kysely.transaction().execute(async (tx) => {
    const found = await findUnit(tx, actor, asked.unitId)
    return isRefusal(found) ? found : ((await refuseAmbiguous(tx, [found.unitId])) ?? found)
  })
  if (isRefusal(unit)) return unit
  return withBudgets(ctx, { unitIds: [unit.unitId], shipmentIds: [] }, async (tx, lives) => {
    const legs = lives.bags.get(unit.unitId)?.legs ?? []
    const seen = await loadSeen(tx, actor, [...new Set(legs.map(({ shipmentId }) => shipmentId))])
    const [visible, foreign] = [legs.filter(isIn(seen)), legs.filter((leg) => !isIn(seen)(leg))]
    const all = entriesOf(lives, legs, unit.unitId)
    const rows = await loadLines(tx, actor, { unitIds: visible.map(({ unitId }) => unitId), page: asked.page })
    const name = { unit: ledgerName(unit.unitId) }
    return {
      unitId: unit.unitId,
      code: legOf(lives, unit.unitId).code,
      earlierUse: earlierUse(all, name.unit),
      used: ledgerUsage(all, name),
      elsewhere: ledgerUsage(entriesOf(lives, foreign, unit.unitId), name),
      entries: listing(rows, asked.page.limit, ({ id }) => id),
    }
  })
}

function isIn(shipmentIds: ReadonlySet<number>): (leg: { shipmentId: number }) => boolean {
  return ({ shipmentId }) => shipmentIds.has(shipmentId)
}

/** The entries of rides under the name of one of them. */
function entriesOf(lives: Lives, legs: readonly { unitId: number }[], unitId: number) {
  const unit = ledgerName(unitId)
  return legs.flatMap((leg) => (lives.entries.get(leg.unitId) ?? []).map((entry) => ({ ...entry, unit })))
}

async function loadSeen(tx: Tx, actor: Actor, shipmentIds: readonly number[]): Promise<Set<number>> {
  const rows = await tx
    .selectFrom('shipment')
    .select('id')
    .where('id', 'in', [...shipmentIds])
    .where((eb) => canSeeShipment(actor, eb.ref('shipment.id')))
    .execute()
  return new Set(rows.map(({ id }) => id))
}

const source = z.enum(['evaluation', 'declared', 'inherited'])

async function loadLines(tx: Tx, actor: Actor, asked: { unitIds: readonly number[]; page: Page }) {
  const found = await sql<LedgerRow>`
    select e.id, u.shipment_id as "shipmentId", e.unit_id as "unitId", e.band, e.consumed_ms as "consumedMs",
      e.presumed_ms as "presumedMs", e.source, e.version, d.id as "declarationId",
      d.organisation_id as "organisationId", d.signature, d.reason,
      case when ${parentIsSeen(actor)} then e.parent_unit_id end as "parentUnitId", e.reverses, e.known_at as "knownAt"
    from budget_entry e join unit u on u.id = e.unit_id left join unit_declaration d on d.id = e.declaration_id
    where e.unit_id = any(${numbers(asked.unitIds)}::bigint[]) and e.id > ${asked.page.after ?? 0}
    order by e.id limit ${asked.page.limit + 1}`.execute(tx)
  return found.rows.map(line)
}

/** The alias is one that the condition does not use itself. */
function parentIsSeen(actor: Actor): RawBuilder<unknown> {
  return sql`exists (select 1 from unit parent where parent.id = e.parent_unit_id
    and ${canSeeShipment(actor, sql<number>`parent.shipment_id`)})`
}

type LedgerRow = Omit<LedgerLine, 'source' | 'evaluationVersion' | 'declaration'> & {
  source: string
  version: number
  declarationId: number | null
  organisationId: number | null
  signature: string | null
  reason: string | null
}

function line({
  source: kind,
  version,
  declarationId,
  organisationId,
  signature,
  reason,
  ...row
}: LedgerRow): LedgerLine {
  const isDeclared = declarationId !== null && organisationId !== null && signature !== null && reason !== null
  return {
    ...row,
    source: source.parse(kind),
    evaluationVersion: kind === 'evaluation' ? version : null,
    declaration: isDeclared ? { id: declarationId, organisationId, signature, reason } : null,
  }
}
