import { sql } from 'kysely'
import type { Tx } from '../../db/connect.ts'
import type { CertifiedChange } from '../domain/certificate-form.ts'
import type { ShipmentFacts } from './judging-facts.ts'
import { numbers } from './load-rows.ts'

/**
 * What was changed since it was first entered, beside custody events: placements and certificates that were corrected,
 * limits that were replaced, read-outs that were taken back. Annex 11, 8 asks every printout to say so.
 */
export async function certifiedChanges(tx: Tx, facts: ShipmentFacts): Promise<CertifiedChange[]> {
  const sensorIds = [...new Set(facts.placements.map(({ sensorId }) => sensorId))]
  return [
    ...(await correctedPlacements(tx, facts.shipmentId)),
    ...(await correctedCertificates(tx, facts)),
    ...(await replacedLimits(tx, facts.shipmentId)),
    ...(await withdrawnReadouts(tx, facts, sensorIds)),
  ]
}

type Row = { id: number; at: number; reason: string | null }

/** A placement that ended or reopened with the window was not changed by anybody. */
async function correctedPlacements(tx: Tx, shipmentId: number): Promise<CertifiedChange[]> {
  const { rows } = await sql<Row>`select old.id, old.superseded_at as at, new.reason from placement old
    left join placement new on new.corrects_id = old.id
    where old.shipment_id = ${shipmentId} and old.superseded_at is not null
      and not (new.id is not null and new.until_window_end and old.until_window_end
        and new.shipment_id = old.shipment_id and new.from_at = old.from_at and new.role = old.role
        and new.calibration_id is not distinct from old.calibration_id)
    order by old.superseded_at, old.id`.execute(tx)
  return rows.map((row) => ({ what: 'placement', ...row }))
}

async function correctedCertificates(tx: Tx, { placements }: ShipmentFacts): Promise<CertifiedChange[]> {
  if (placements.length === 0) return []
  const { rows } = await sql<Row>`select distinct c.id, c.superseded_at as at, c.superseded_reason as reason
    from placement p join calibration c on c.sensor_id = p.sensor_id and c.channel = p.channel
    where p.id = any(${numbers(placements.map(({ id }) => id))}::bigint[]) and c.superseded_at is not null
      and c.superseded_at >= p.from_at
    order by 2, 1`.execute(tx)
  return rows.map((row) => ({ what: 'calibration', ...row }))
}

/** The newest rules; every older one is what ruled before. */
async function replacedLimits(tx: Tx, shipmentId: number): Promise<CertifiedChange[]> {
  const { rows } = await sql<Row>`select profile_id as id, known_at as at, reason from shipment_profile
    where shipment_id = ${shipmentId} order by id offset 1`.execute(tx)
  return rows.map((row) => ({ what: 'profile', ...row }))
}

async function withdrawnReadouts(
  tx: Tx,
  { window, placements }: ShipmentFacts,
  sensorIds: readonly number[],
): Promise<CertifiedChange[]> {
  if (window === null || placements.length === 0) return []
  const { rows } = await sql<Row>`select id, superseded_at as at, superseded_reason as reason from readout
    where sensor_id = any(${numbers(sensorIds)}::bigint[]) and superseded_at is not null
      and from_at < ${new Date(window.toAt).toISOString()}::timestamptz
      and to_at >= ${new Date(window.fromAt).toISOString()}::timestamptz
    order by superseded_at, id`.execute(tx)
  return rows.map((row) => ({ what: 'read_out', ...row }))
}
