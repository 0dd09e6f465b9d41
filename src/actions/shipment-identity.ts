import type { Ctx } from '../context.ts'
import { type Actor, organisationOf } from '../domain/actor.ts'
import { maySeeReadings } from '../domain/label-check.ts'
import { askerKey } from '../domain/reader.ts'
import { isRefusal, type Refusal } from '../domain/refusal.ts'
import { identityOf, type ShipmentIdentity, type UnitIdentity } from '../domain/shipment-identity.ts'
import { loadIdentity } from './load-identity.ts'
import { findShipment } from './shipments.ts'

/** Whose check, and for whom; null: the consignee's. */
export type AskedIdentity = { shipmentId: number; organisationId: number | null; person: string | null }

/** How the labels stand; `box` null and units in `hidden` are kept from an asker who is still to read them. */
export type ShownIdentity = Omit<ShipmentIdentity, 'units' | 'box' | 'boxReaders'> & {
  organisationId: number
  units: UnitIdentity[]
  hidden: string[]
  box: ShipmentIdentity['box'] | null
}

/**
 * How the labels of a shipment stand now, as the people of one organisation have read them. To that organisation itself
 * a label is shown once the asker has read it, or once it matches: what is then to be seen is what was expected.
 */
export async function shipmentIdentity(ctx: Ctx, actor: Actor, asked: AskedIdentity): Promise<ShownIdentity | Refusal> {
  const asOf = ctx.now()
  return ctx.db.kysely.transaction().execute(async (tx) => {
    const shipment = await findShipment(tx, actor, asked.shipmentId)
    if (isRefusal(shipment)) return shipment
    const organisationId = asked.organisationId ?? shipment.consigneeId
    const facts = await loadIdentity(tx, { shipmentId: shipment.id, organisationId, asOf })
    const own = organisationId === organisationOf(actor)
    return shownIdentity(identityOf(facts, asOf), { organisationId, own, key: askerKey(actor, asked.person) })
  })
}

type Asker = { organisationId: number; own: boolean; key: string | null }

function shownIdentity(identity: ShipmentIdentity, { organisationId, own, key }: Asker): ShownIdentity {
  const { boxReaders, box, units, ...rest } = identity
  const isOpen = (readers: readonly string[]) => !own || readers.length === 0 || maySeeReadings(readers, key)
  const isShown = ({ check }: UnitIdentity) =>
    check.result === 'match' || isOpen(check.readers.map(({ person }) => person))
  return {
    ...rest,
    organisationId,
    units: units.filter(isShown),
    hidden: units.filter((unit) => !isShown(unit)).map(({ code }) => code),
    box: isOpen(boxReaders) ? box : null,
  }
}
