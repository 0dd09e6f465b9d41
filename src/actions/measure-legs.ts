import { sql } from 'kysely'
import type { Tx } from '../../db/connect.ts'
import { type Certificate, certificateAt, corrected } from '../domain/calibration.ts'
import { effectiveEvents } from '../domain/custody-effective.ts'
import type { Row } from '../domain/excursion.ts'
import { foldRules } from '../domain/judge.ts'
import type { PlacedReadout } from '../domain/judging-facts.ts'
import { type Leg, legsOf, type Measuring, measureOf, measureRow, startMeasure } from '../domain/leg.ts'
import { isBeyond, judgedRows, type SourcedRow } from '../domain/readout.ts'
import type { JudgedPlacement, RecordedEvaluation, ShipmentRecord } from '../domain/shipment-record.ts'
import { loadProfiles } from './judging-facts.ts'
import { numbers, texts } from './load-rows.ts'
import { loadNamedReadouts } from './readouts.ts'
import { importsOf, isSaidBy } from './said-by.ts'
import { SOURCE } from './store-readings.ts'
import { storedPoints } from './stored-profile.ts'

/**
 * Adds what the sensors showed in each leg to every evaluation whose window was closed: from the readings that were
 * known when that version was stored, corrected by the certificates it names. So an old version shows what it showed
 * then, whatever arrived since. The readings are read once, in pieces.
 */
export async function measureLegs(tx: Tx, records: readonly ShipmentRecord[]): Promise<ShipmentRecord[]> {
  const closed = records.flatMap((record) => record.evaluations.flatMap((evaluation) => legsKnown(record, evaluation)))
  if (closed.length === 0) return [...records]
  const registers = await loadRegisters(tx, closed)
  const takings = closed.flatMap((one) => takingsOf(one, registers))
  await takeReadings(tx, takings)
  for (const { memory, measuring } of takings) if (memory !== null) takeSelected(memory, measuring)
  return records.map((record) => ({
    ...record,
    evaluations: record.evaluations.map((evaluation) => {
      const found = closed.find((one) => one.evaluation === evaluation)
      if (found === undefined) return evaluation
      return { ...evaluation, legs: found.legs.map((leg) => ({ ...leg, sensors: sensorsOf(takings, leg) })) }
    }),
  }))
}

type Closed = { evaluation: RecordedEvaluation; legs: Leg[] }

function legsKnown({ ledger }: ShipmentRecord, evaluation: RecordedEvaluation): Closed[] {
  const { window, knownAt } = evaluation
  if (window === null || window.toAt === null) return []
  const known = effectiveEvents(ledger.map(({ event }) => event).filter(({ recordedAt }) => recordedAt <= knownAt))
  return [{ evaluation, legs: legsOf(known, { fromAt: window.fromAt, toAt: window.toAt }) }]
}

/** One placement in one leg of one version, being measured. */
type Taking = {
  leg: Leg
  placement: JudgedPlacement
  knownAt: number
  certificates: Certificate[]
  measuring: Measuring
  /** Where memory was read out: what decides which rows are judged, and the rows until all are there. */
  memory: { readouts: PlacedReadout[]; isOut: (row: Row) => boolean; rows: SourcedRow[] } | null
}

function takingsOf({ evaluation, legs }: Closed, registers: Registers): Taking[] {
  const { profiles, certificates, ranges } = registers
  const profile = profiles.get(evaluation.profileId)
  if (profile === undefined) throw new Error(`profile ${evaluation.profileId} is missing`)
  return legs.flatMap((leg) =>
    evaluation.placements.flatMap((placement): Taking[] => {
      const fromAt = Math.max(leg.fromAt, placement.fromAt)
      const toAt = Math.min(leg.toAt, placement.toAt ?? leg.toAt)
      if (fromAt >= toAt) return []
      const ruling = certificates.filter(({ id }) => placement.certificates.includes(id))
      const sensor = {
        correct: (at: number, raw: number) => corrected(certificateAt(ruling, placement.namedCertificate, at), raw),
        range: ranges.get(placement.sensorId) ?? null,
        guardBandMilliC: Math.max(0, ...ruling.map(({ uncertaintyMilliC }) => uncertaintyMilliC)),
      }
      const rules = foldRules(profile, sensor, { fromAt, toAt })
      const readouts = registers.readouts
        .filter(({ id }) => placement.readouts.includes(id))
        .map((readout) => ({ ...readout, intervalMs: readout.intervalMs ?? profile.nominalIntervalMs }))
      const memory = readouts.length === 0 ? null : { readouts, isOut: isBeyond(rules), rows: [] }
      const measuring = startMeasure(rules)
      return [{ leg, placement, knownAt: evaluation.knownAt, certificates: ruling, measuring, memory }]
    }),
  )
}

function sensorsOf(takings: readonly Taking[], leg: Leg) {
  return takings
    .filter((taking) => taking.leg === leg)
    .map(({ placement, certificates, measuring }) => {
      const { fromAt, toAt } = measuring.rules
      const certificate = certificateAt(certificates, placement.namedCertificate, toAt - 1)?.id ?? null
      const { sensorId, channel } = placement
      return { sensorId, channel, fromAt, toAt, certificate, ...measureOf(measuring) }
    })
}

/** The rows that are judged there (domain page 2.8). */
function takeSelected({ readouts, isOut, rows }: NonNullable<Taking['memory']>, measuring: Measuring): void {
  const { fromAt, toAt } = measuring.rules
  const [live, memory] = [rows.filter((row) => !row.isMemory), rows.filter((row) => row.isMemory)]
  const judged = judgedRows({ live, memory, readouts, isOut, scope: { fromAt, toAt } })
  for (const row of judged.rows) measureRow(measuring, row)
}

type Registers = Awaited<ReturnType<typeof loadRegisters>>

/** Certificates also where they were taken out of use since: a version names those it was made with. */
async function loadRegisters(tx: Tx, closed: readonly Closed[]) {
  const placements = closed.flatMap(({ evaluation }) => evaluation.placements)
  const profiles = await loadProfiles(tx, [...new Set(closed.map(({ evaluation }) => evaluation.profileId))])
  const rows = await tx
    .selectFrom('calibration')
    .select(['id', 'certificate', 'calibrated_at', 'due_at', 'uncertainty_milli_c', 'points'])
    .where(sql<boolean>`id = any(${numbers(placements.flatMap((one) => one.certificates))}::bigint[])`)
    .orderBy(sql`calibrated_at, id`)
    .execute()
  const sensors = await tx
    .selectFrom('sensor')
    .select(['id', 'range_low_milli_c as low', 'range_high_milli_c as high'])
    .where(sql<boolean>`id = any(${numbers(placements.map((one) => one.sensorId))}::bigint[])`)
    .execute()
  return {
    profiles,
    readouts: await loadNamedReadouts(
      tx,
      placements.flatMap((one) => one.readouts),
    ),
    certificates: rows.map((row) => ({
      id: row.id,
      certificate: row.certificate,
      calibratedAt: row.calibrated_at,
      dueAt: row.due_at,
      uncertaintyMilliC: row.uncertainty_milli_c,
      points: storedPoints(row.points),
    })),
    ranges: new Map(
      sensors.flatMap(({ id, low, high }) => (low === null || high === null ? [] : [[id, { low, high }] as const])),
    ),
  }
}

/** Readings held in memory at once. */
const ROWS_PER_PIECE = 20_000

type Stretch = { sensorId: number; channel: string; fromAt: number; toAt: number; takings: Taking[] }

/** Each sensor channel once, over all the time in which any version looks at it. */
async function takeReadings(tx: Tx, takings: readonly Taking[]): Promise<void> {
  const channels = Map.groupBy(takings, ({ placement }) => `${placement.sensorId}/${placement.channel}`)
  let left = [...channels.values()].flatMap((list): Stretch[] => {
    const [first] = list
    if (first === undefined) return []
    const { sensorId, channel } = first.placement
    const fromAt = Math.min(...list.map(({ measuring }) => measuring.rules.fromAt))
    const toAt = Math.max(...list.map(({ measuring }) => measuring.rules.toAt))
    return [{ sensorId, channel, fromAt, toAt, takings: list }]
  })
  while (left.length > 0) left = await takePiece(tx, left)
}

/** Takes the next rows of what is left, and says what is left then; an instant is never cut in two. */
async function takePiece(tx: Tx, left: readonly Stretch[]): Promise<Stretch[]> {
  const rows = await readPiece(tx, left)
  const last = rows.at(-1)
  const isAll = rows.length < ROWS_PER_PIECE || last === undefined
  for (const row of rows) {
    if (!isAll && row.stretch === last.stretch && row.at === last.at) continue
    for (const { measuring, knownAt, memory } of left[row.stretch]?.takings ?? []) {
      if (row.known > knownAt) continue
      const read = { at: row.at, milliC: row.value, isMemory: row.source === SOURCE.readout }
      if (memory === null ? read.isMemory : !isSaidBy({ ...read, imports: row.imports }, memory.readouts)) continue
      if (memory !== null) memory.rows.push(read)
      else measureRow(measuring, read)
    }
  }
  if (isAll) return []
  return left.slice(last.stretch).map((stretch, index) => (index === 0 ? { ...stretch, fromAt: last.at } : stretch))
}

type PieceRow = { stretch: number; at: number; value: number | null; known: number; source: number; imports: number[] }

async function readPiece(tx: Tx, left: readonly Stretch[]): Promise<PieceRow[]> {
  const iso = (at: number) => new Date(at).toISOString()
  // the outer bounds are the same for every stretch, so that partitions prune before the join
  const lowest = iso(Math.min(...left.map(({ fromAt }) => fromAt)))
  const highest = iso(Math.max(...left.map(({ toAt }) => toAt)))
  const result = await sql<PieceRow>`
    select w.stretch::int as stretch, x.measured_at as at, x.value_milli_c as value, b.known_at as known,
      x.source, x.imports
    from unnest(${numbers(left.map((_, index) => index))}::int[],
      ${numbers(left.map(({ sensorId }) => sensorId))}::bigint[], ${left.map(({ channel }) => channel)}::text[],
      ${texts(left.map(({ fromAt }) => iso(fromAt)))}::timestamptz[],
      ${texts(left.map(({ toAt }) => iso(toAt)))}::timestamptz[]) as w(stretch, sensor, channel, from_at, to_at)
    cross join lateral (
      (select r.measured_at, r.value_milli_c, r.batch_id, r.source,
          ${importsOf('r')} as imports from reading r
        where r.sensor_id = w.sensor and r.channel = w.channel and r.measured_at >= w.from_at
          and r.measured_at < w.to_at and r.measured_at >= ${lowest}::timestamptz
          and r.measured_at < ${highest}::timestamptz
        order by r.measured_at limit ${ROWS_PER_PIECE})
      union all
      (select c.measured_at, c.value_milli_c, c.batch_id, c.source, ${importsOf('c')} from conflict c
        where c.sensor_id = w.sensor and c.channel = w.channel and c.measured_at >= w.from_at
          and c.measured_at < w.to_at
        order by c.measured_at limit ${ROWS_PER_PIECE})
      order by 1 limit ${ROWS_PER_PIECE}) x
    join batch b on b.id = x.batch_id
    order by w.stretch, x.measured_at limit ${ROWS_PER_PIECE}`.execute(tx)
  return result.rows
}
