import type { Tx } from '../../db/connect.ts'
import { parseLocalExpiry } from '../domain/gs1-date.ts'
import type { ExpectedUnit } from '../domain/identity.ts'
import type { IdentityFacts } from '../domain/shipment-identity.ts'
import { type LabelZones, labelClocks } from './label-clocks.ts'
import { orderedUnits } from './orders.ts'
import { loadScans } from './scans.ts'

/**
 * What is to be on the labels of a shipment, and what the people of one organisation read off them. Facts for
 * `identityOf`; the caller has made sure that its actor may see the shipment.
 */
export async function loadIdentity(
  db: Reads,
  { shipmentId, organisationId, asOf }: { shipmentId: number; organisationId: number; asOf: number },
): Promise<IdentityFacts> {
  const shipment = await loadExpected(db, shipmentId)
  const zones = await loadZones(db, shipment)
  const units = await db.selectFrom('unit').selectAll().where('shipment_id', '=', shipmentId).orderBy('id').execute()
  const { order, coi } = shipment
  return {
    units: new Map(
      units.map((row) => {
        const expiresLocal = row.expiry_local === null ? null : parseLocalExpiry(row.expiry_local)
        const { gtin, serial, din, lot, expiry_at: expiresAt } = row
        const expected: ExpectedUnit = { gtin, serial, din, lot, coi, expiresAt, expiresLocal }
        const printedAt = expiresAt ?? (expiresLocal === null ? asOf : Date.parse(`${expiresLocal.date}T12:00:00Z`))
        return [row.code, { expected, offsets: labelClocks(zones, printedAt) }] as const
      }),
    ),
    offsets: labelClocks(zones, asOf),
    coi,
    order,
    box: { ...shipment.box, loggers: await loadLoggers(db, shipmentId) },
    scans: await loadScans(db, { shipmentId, organisationId }),
  }
}

type Reads = Pick<Tx, 'selectFrom'>

async function loadExpected(db: Reads, shipmentId: number) {
  const row = await db
    .selectFrom('shipment')
    .innerJoin('product', 'product.id', 'shipment.product_id')
    .leftJoin('container', 'container.id', 'shipment.container_id')
    .leftJoin('therapy_order', 'therapy_order.id', 'shipment.order_id')
    .select(['shipment.sscc', 'shipment.coi', 'shipment.consignee_id', 'product.organisation_id as sponsor_id'])
    .select(['container.serial', 'container.grai', 'shipment.order_id', 'therapy_order.coi as order_coi'])
    .select('therapy_order.expected')
    .where('shipment.id', '=', shipmentId)
    .executeTakeFirstOrThrow()
  const { sscc, coi, serial, grai, order_coi: orderCoi } = row
  return {
    coi,
    sponsorId: row.sponsor_id,
    consigneeId: row.consignee_id,
    order: row.order_id === null ? null : { coi: orderCoi, expected: orderedUnits(row.expected) },
    box: { sscc, coi, orderCoi, container: serial === null ? null : { serial, grai } },
  }
}

async function loadZones(db: Reads, of: { sponsorId: number; consigneeId: number }): Promise<LabelZones> {
  const sites = await db
    .selectFrom('site')
    .select(['organisation_id', 'time_zone'])
    .where('organisation_id', 'in', [of.sponsorId, of.consigneeId])
    .orderBy('id')
    .execute()
  const zonesOf = (id: number) => sites.filter((site) => site.organisation_id === id).map((site) => site.time_zone)
  return { manufacturer: zonesOf(of.sponsorId), place: zonesOf(of.consigneeId) }
}

/** Serials of the sensors placed on the shipment, whatever they measure. */
async function loadLoggers(db: Reads, shipmentId: number): Promise<string[]> {
  const rows = await db
    .selectFrom('placement')
    .innerJoin('sensor', 'sensor.id', 'placement.sensor_id')
    .select('sensor.serial')
    .distinct()
    .where('placement.shipment_id', '=', shipmentId)
    .where('placement.superseded_at', 'is', null)
    .where('placement.role', '<>', 'ambient')
    .orderBy('sensor.serial')
    .execute()
  return rows.map(({ serial }) => serial)
}
