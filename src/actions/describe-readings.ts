import { sql } from 'kysely'
import type { Ctx } from '../context.ts'
import { type Certificate, certificateAt, corrected } from '../domain/calibration.ts'
import { isFault } from '../domain/excursion.ts'
import { loadCertificates } from './judging-facts.ts'
import { numbers } from './load-rows.ts'
import { stands } from './said-by.ts'
import type { ReadingSource } from './store-readings.ts'
import { storedProfile } from './stored-profile.ts'

/** A stored reading as selected, with the certificate its placement names. */
export type ReadingRow = {
  sensorId: number
  channel: string
  /** The stream, or the memory that was read out. */
  source: ReadingSource
  at: number
  milliC: number | null
  raw: string | null
  seq: number | null
  receivedAt: number
  knownAt: number | null
  /** Read out by imports of which none stands (taken back, broken off): kept, and not judged. */
  takenBack: boolean
  namedCertificate: number | null
}

/** A reading with what the service makes of it. Temperatures in milli-degrees, instants in epoch milliseconds. */
export type Reading = Omit<ReadingRow, 'namedCertificate'> & {
  /** After the certificate that rules it; the raw value where none does. Null for a fault. */
  correctedMilliC: number | null
  /** The sensor reported a fault, or a value that cannot be one. */
  fault: boolean
  /** Within the sensor's uncertainty of a limit; null where either is unknown. */
  withinUncertainty: boolean | null
  /** Other values stored for the same instant; null is a fault. The worse one is judged. */
  conflicts: (number | null)[]
  /** Others that no import that stands says. */
  takenBackConflicts: (number | null)[]
}

/** Completes a page of readings: three statements, whatever its length. `profileId` names the limits, null for none. */
export async function describeReadings(
  ctx: Ctx,
  rows: readonly ReadingRow[],
  profileId: number | null,
): Promise<Reading[]> {
  if (rows.length === 0) return []
  const sensorIds = [...new Set(rows.map(({ sensorId }) => sensorId))]
  const ranges = await loadRanges(ctx, sensorIds)
  const certificates = await loadCertificates(ctx.db.kysely, sensorIds)
  const conflicts = await loadConflicts(ctx, rows)
  const limits = profileId === null ? [] : await loadLimits(ctx, profileId)
  return rows.map(({ namedCertificate, ...row }) => {
    const ofChannel = certificates.get(`${row.sensorId}/${row.channel}`) ?? []
    const certificate = certificateAt(ofChannel, namedCertificate, row.at)
    const fault = row.milliC === null || isFault(row.milliC, { range: ranges.get(row.sensorId) ?? null })
    const correctedMilliC = row.milliC === null || fault ? null : corrected(certificate, row.milliC)
    return {
      ...row,
      correctedMilliC,
      fault,
      withinUncertainty: nearLimit(correctedMilliC, certificate, limits),
      conflicts: valuesOf(conflicts, row, { takenBack: false }),
      takenBackConflicts: valuesOf(conflicts, row, { takenBack: true }),
    }
  })
}

function nearLimit(milliC: number | null, certificate: Certificate | null, limits: readonly number[]): boolean | null {
  if (milliC === null || certificate === null || limits.length === 0) return null
  return limits.some((limit) => Math.abs(milliC - limit) <= certificate.uncertaintyMilliC)
}

type Range = { low: number; high: number }

async function loadRanges(ctx: Ctx, sensorIds: readonly number[]): Promise<Map<number, Range>> {
  const rows = await ctx.db.kysely
    .selectFrom('sensor')
    .select(['id', 'range_low_milli_c as low', 'range_high_milli_c as high'])
    .where('id', 'in', [...sensorIds])
    .execute()
  return new Map(
    rows.flatMap(({ id, low, high }) => (low === null || high === null ? [] : [[id, { low, high }] as const])),
  )
}

type Conflict = Pick<ReadingRow, 'sensorId' | 'channel' | 'source' | 'at' | 'milliC' | 'takenBack'>

function valuesOf(conflicts: ReadonlyMap<string, Conflict[]>, row: Conflict, { takenBack }: { takenBack: boolean }) {
  const some = (conflicts.get(instantKey(row)) ?? []).filter((conflict) => conflict.takenBack === takenBack)
  return some.map(({ milliC }) => milliC)
}

async function loadConflicts(ctx: Ctx, rows: readonly ReadingRow[]): Promise<Map<string, Conflict[]>> {
  const channels = rows.map(({ channel }) => channel)
  const instants = rows.map(({ at }) => new Date(at).toISOString())
  const found = await sql<Conflict>`
    select c.sensor_id as "sensorId", c.channel, c.source, c.measured_at as at, c.value_milli_c as "milliC",
      not ${stands('c')} as "takenBack"
    from unnest(${numbers(rows.map(({ sensorId }) => sensorId))}::bigint[], ${channels}::text[],
      ${instants}::timestamptz[], ${numbers(rows.map(({ source }) => source))}::smallint[])
      as r(sensor, channel, at, source)
    join conflict c on c.sensor_id = r.sensor and c.channel = r.channel and c.measured_at = r.at
      and c.source = r.source
    order by c.id`.execute(ctx.db.kysely)
  return Map.groupBy(found.rows, instantKey)
}

function instantKey({ sensorId, channel, source, at }: Omit<Conflict, 'milliC' | 'takenBack'>): string {
  return `${sensorId} ${at} ${source} ${channel}`
}

async function loadLimits(ctx: Ctx, profileId: number): Promise<number[]> {
  const row = await ctx.db.kysely
    .selectFrom('profile')
    .select('definition')
    .where('id', '=', profileId)
    .executeTakeFirstOrThrow()
  return storedProfile(row.definition).levels.map(({ limitMilliC }) => limitMilliC)
}
