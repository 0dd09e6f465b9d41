import { sql } from 'kysely'
import type { Tx } from '../../db/connect.ts'
import type { CertificateBody } from '../domain/certificate-form.ts'
import type { ShipmentFacts } from './judging-facts.ts'
import { organisationKey } from './organisations.ts'

/** What a certificate says of the shipment's identity, its parties, limits and sensors. */
export type CertifiedRegisters = Pick<
  CertificateBody,
  'shipment' | 'organisations' | 'destination' | 'profile' | 'sensors' | 'companions'
>

/** Loads it. */
export async function loadRegisters(tx: Tx, facts: ShipmentFacts): Promise<CertifiedRegisters> {
  const { shipmentId } = facts
  const { consigneeId, shipment } = await loadShipment(tx, shipmentId)
  return {
    shipment,
    organisations: await loadParties(tx, shipmentId),
    destination: await loadDestination(tx, consigneeId),
    profile: { ...(await loadApproval(tx, facts.profileId)), limits: facts.profile },
    sensors: await loadSensors(tx, facts),
    companions: await loadCompanions(tx, shipmentId),
  }
}

async function loadShipment(tx: Tx, shipmentId: number) {
  const row = await tx
    .selectFrom('shipment')
    .innerJoin('organisation as sender', 'sender.id', 'shipment.organisation_id')
    .innerJoin('organisation as consignee', 'consignee.id', 'shipment.consignee_id')
    .innerJoin('product', 'product.id', 'shipment.product_id')
    .leftJoin('container', 'container.id', 'shipment.container_id')
    .leftJoin('therapy_order', 'therapy_order.id', 'shipment.order_id')
    .select(['shipment.id', 'shipment.reference', 'shipment.sscc', 'shipment.coi', 'shipment.max_handover_ms'])
    .select(['sender.id as sender_id', 'sender.gln as sender_gln'])
    .select(['consignee.id as consignee_id', 'consignee.gln as consignee_gln'])
    .select(['product.name as product_name', 'product.gtin', 'therapy_order.number'])
    .select(['container.serial', 'container.kind', 'container.grai'])
    .where('shipment.id', '=', shipmentId)
    .executeTakeFirstOrThrow()
  const { id, reference, sscc, coi, serial, kind, grai } = row
  return {
    consigneeId: row.consignee_id,
    shipment: {
      ...{ id, reference, sscc, coi },
      orderNumber: row.number,
      product: { name: row.product_name, gtin: row.gtin },
      container: serial === null || kind === null ? null : { serial, kind, grai },
      sender: organisationKey({ id: row.sender_id, gln: row.sender_gln }),
      consignee: organisationKey({ id: row.consignee_id, gln: row.consignee_gln }),
      maxHandoverMs: row.max_handover_ms,
    },
  }
}

/** In order of their first role. */
async function loadParties(tx: Tx, shipmentId: number): Promise<CertificateBody['organisations']> {
  const rows = await tx
    .selectFrom('shipment_party')
    .innerJoin('organisation', 'organisation.id', 'shipment_party.organisation_id')
    .select(['organisation.id', 'organisation.gln', 'organisation.name', 'shipment_party.role'])
    .where('shipment_id', '=', shipmentId)
    .orderBy(sql`organisation.id, shipment_party.role collate "C"`)
    .execute()
  const parties = Map.groupBy(rows, ({ id }) => id)
  return [...parties.values()].flatMap((own) =>
    own.slice(0, 1).map((row) => ({
      key: organisationKey(row),
      name: row.name,
      roles: own.map(({ role }) => role),
    })),
  )
}

/** The consignee's first place: where local times are read. */
async function loadDestination(tx: Tx, consigneeId: number): Promise<CertificateBody['destination']> {
  const site = await tx
    .selectFrom('site')
    .select(['name', 'time_zone'])
    .where('organisation_id', '=', consigneeId)
    .orderBy('id')
    .limit(1)
    .executeTakeFirst()
  return site === undefined ? null : { name: site.name, timeZone: site.time_zone }
}

async function loadApproval(tx: Tx, profileId: number): Promise<Omit<CertificateBody['profile'], 'limits'>> {
  const { version, approver, source, effective_at } = await tx
    .selectFrom('profile')
    .leftJoin('profile_approval', 'profile_approval.profile_id', 'profile.id')
    .select(['version', 'approver', 'source', 'effective_at'])
    .where('profile.id', '=', profileId)
    .executeTakeFirstOrThrow()
  const isApproved = approver !== null && source !== null && effective_at !== null
  return { id: profileId, version, approval: isApproved ? { approver, source, effectiveAt: effective_at } : null }
}

async function loadSensors(tx: Tx, { placements }: ShipmentFacts): Promise<CertificateBody['sensors']> {
  const ids = [...new Set(placements.map(({ sensorId }) => sensorId))]
  if (ids.length === 0) return []
  const rows = await tx
    .selectFrom('sensor')
    .select(['id', 'serial', 'model', 'range_low_milli_c', 'range_high_milli_c', 'noisy'])
    .where('id', 'in', ids)
    .orderBy('id')
    .execute()
  return rows.map(({ range_low_milli_c: low, range_high_milli_c: high, ...sensor }) => ({
    ...sensor,
    range: low === null || high === null ? null : { low, high },
  }))
}

async function loadCompanions(tx: Tx, shipmentId: number): Promise<CertificateBody['companions']> {
  const rows = await tx
    .selectFrom('placement')
    .select(['sensor_id', 'channel', 'role', 'from_at', 'to_at'])
    .where('shipment_id', '=', shipmentId)
    .where('superseded_at', 'is', null)
    .where('role', 'not in', ['product', 'product_backup'])
    .orderBy('id')
    .execute()
  return rows.map((row) => ({
    sensorId: row.sensor_id,
    channel: row.channel,
    role: row.role,
    fromAt: row.from_at,
    toAt: row.to_at,
  }))
}
