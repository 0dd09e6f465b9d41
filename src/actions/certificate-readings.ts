import { sql } from 'kysely'
import type { Tx } from '../../db/connect.ts'
import type { CertifiedPlacement, CertifiedReading } from '../domain/certificate-form.ts'
import { reachOf } from '../domain/readout.ts'
import type { PlacementFacts, ShipmentFacts } from './judging-facts.ts'
import { bound } from './load-rows.ts'
import { saidBy } from './said-by.ts'
import { SOURCE } from './store-readings.ts'

/** The judged placements of a shipment with every reading in their window, first-come and contradicting ones alike. */
export async function certifiedPlacements(tx: Tx, facts: ShipmentFacts): Promise<CertifiedPlacement[]> {
  const laboratories = await loadLaboratories(tx, facts)
  const certified: CertifiedPlacement[] = []
  for (const placement of facts.placements) {
    const { id, sensorId, channel, role, fromAt, toAt, calibrationId, certificates, doubts, readouts } = placement
    certified.push({
      ...{ id, sensorId, channel, role, fromAt },
      toAt: Number.isFinite(toAt) ? toAt : null,
      namedCertificate: calibrationId,
      certificates: certificates.map((one) => ({
        id: one.id,
        certificate: one.certificate,
        laboratory: laboratories.get(one.id) ?? '',
        calibratedAt: one.calibratedAt,
        dueAt: one.dueAt,
        uncertaintyMilliC: one.uncertaintyMilliC,
        points: one.points,
      })),
      doubts,
      readouts: readouts.map((one) => ({
        id: one.id,
        importId: one.importId,
        fromAt: one.fromAt,
        toAt: one.toAt,
        intervalMs: one.intervalMs,
        resolutionMilliC: one.resolutionMilliC,
      })),
      ...(await loadReadings(tx, placement)),
    })
  }
  return certified
}

async function loadLaboratories(tx: Tx, { placements }: ShipmentFacts): Promise<Map<number, string>> {
  const ids = placements.flatMap(({ certificates }) => certificates.map(({ id }) => id))
  if (ids.length === 0) return new Map()
  const rows = await tx.selectFrom('calibration').select(['id', 'laboratory']).where('id', 'in', ids).execute()
  return new Map(rows.map(({ id, laboratory }) => [id, laboratory]))
}

/**
 * In order of time, then value: which of two came first says nothing. With those just beyond the window that decide
 * which live rows are copies of the memory.
 */
async function loadReadings(
  tx: Tx,
  { sensorId, channel, rules, readouts }: PlacementFacts,
): Promise<Pick<CertifiedPlacement, 'live' | 'memory' | 'takenBack'>> {
  if (rules.toAt <= rules.fromAt) return { live: [], memory: [], takenBack: [] }
  const reach = reachOf(readouts)
  const within = sql`sensor_id = ${sensorId} and channel = ${channel}
    and measured_at >= ${bound(rules.fromAt - reach)}::timestamptz
    and measured_at < ${bound(rules.toAt + reach)}::timestamptz`
  const { rows } = await sql<{ at: number; value: number | null; source: number; said: boolean }>`
    select measured_at as at, value_milli_c as value, source, ${saidBy('r', readouts)} as said
    from reading r where ${within}
    union select measured_at, value_milli_c, source, ${saidBy('c', readouts)} from conflict c where ${within}
    order by 1, 2`.execute(tx)
  const of = (holds: (row: (typeof rows)[number]) => boolean) =>
    rows.filter(holds).map(({ at, value }): CertifiedReading => [at, value])
  return {
    live: of(({ source }) => source === SOURCE.live),
    memory: of(({ source, said }) => source === SOURCE.readout && said),
    takenBack: of(({ source, said }) => source === SOURCE.readout && !said),
  }
}
