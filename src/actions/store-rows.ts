import type { Tx } from '../../db/connect.ts'
import { recording } from '../../db/recording.ts'
import { at } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import type { Actor } from '../domain/actor.ts'
import type { Month } from '../domain/month.ts'
import { toScaled } from '../domain/quantity.ts'
import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import { clockOutcome, isUnitCode } from '../domain/units.ts'
import { readRows } from '../loggers/read-rows.ts'
import type { TableRow } from '../loggers/reader.ts'
import type { RowValue } from '../loggers/row.ts'
import type { ByteSource, Survey } from '../loggers/survey.ts'
import { audit } from './audit.ts'
import type { ImportProgress } from './import-file.ts'
import { judgePending } from './judge.ts'
import type { Run } from './logger-imports.ts'
import { againIfDropped } from './open-months.ts'
import { ensurePartitions } from './partitions.ts'
import { type RecordedReadout, recordReadout, type Stretch } from './record-readout.ts'
import type { ObservationToStore } from './store-observations.ts'
import { SOURCE, type ToStore } from './store-readings.ts'

/** Readings of one transaction: an insert costs the same per row from there on. */
const MAX_PER_TRANSACTION = 5000
/** Held readings named one by one; the file keeps them all. */
const MAX_HELD_NAMED = 100

/** A surveyed file on its way into the database. */
export type StoredFile = {
  sensorId: number
  importId: number
  source: ByteSource
  survey: Survey
  /** Why an import that was taken back is entered once more. */
  again: string | null
}

/** A reading that is not stored because of its time: more than 300 s ahead of the import, or before 2001. */
export type Held = { line: number; at: number }

type Who = { ctx: Ctx; actor: Actor }

/**
 * Stores the rows of a file batch by batch. With the last one go the read-outs (the stretches of memory that are now
 * whole), the run and its audit row: an import without them was interrupted. Held readings are named and counted; the
 * same file imported when their time has come stores them. Refused: `archived`, where a month of it is archived
 * meanwhile; what was stored until then stays, and the same file imported later goes on.
 */
export async function storeRows(
  who: Who,
  file: StoredFile,
  onProgress: (progress: ImportProgress) => void,
): Promise<{ run: Run; held: Held[] } | Refusal> {
  const of = file.survey.channels.reduce((sum, { readings, faults }) => sum + readings + faults, 0)
  const progress = newProgress(who.ctx.now())
  const refused = await storeAll(who, { file, progress, told: () => onProgress({ readings: progress.met, of }) })
  for (const shipmentId of [...progress.shipmentIds].sort((a, b) => a - b)) await judgePending(who.ctx, shipmentId)
  return refused ?? { run: runOf(progress), held: progress.held }
}

type Storing = { file: StoredFile; progress: Progress; told: () => void }

async function storeAll(who: Who, { file, progress, told }: Storing): Promise<Refusal | null> {
  let batch = emptyBatch()
  for await (const rows of readRows(file.source, file.survey.plan)) {
    for (const row of rows) {
      if (batch.readings.length + batch.observations.length + row.values.length > MAX_PER_TRANSACTION) {
        const refused = await storeBatch(who, { file, batch, progress }, null)
        if (refused !== null) return refused
        batch = emptyBatch()
        told()
      }
      takeRow(file, { batch, progress }, row)
    }
  }
  const refused = await storeBatch(who, { file, batch, progress }, runOf(progress))
  if (refused === null) told()
  return refused
}

type Batch = { readings: ToStore[]; observations: ObservationToStore[] }

function emptyBatch(): Batch {
  return { readings: [], observations: [] }
}

type Progress = {
  receivedAt: number
  met: number
  stored: number
  duplicates: number
  conflicts: number
  heldCount: number
  held: Held[]
  observations: number
  stretches: Map<string, Stretch>
  shipmentIds: Set<number>
}

function newProgress(receivedAt: number): Progress {
  const counts = { met: 0, stored: 0, duplicates: 0, conflicts: 0, heldCount: 0, observations: 0 }
  return { receivedAt, ...counts, held: [], stretches: new Map(), shipmentIds: new Set() }
}

function runOf({ stored, duplicates, conflicts, heldCount, observations }: Progress): Run {
  return { stored, duplicates, conflicts, held: heldCount, observations }
}

function takeRow(file: StoredFile, { batch, progress }: { batch: Batch; progress: Progress }, row: TableRow): void {
  const received = { sensorId: file.sensorId, receivedAt: progress.receivedAt }
  progress.met += row.values.length
  if (clockOutcome(row.at, progress.receivedAt) === 'held') {
    progress.heldCount += row.values.length
    if (progress.held.length < MAX_HELD_NAMED) progress.held.push({ line: row.line, at: row.at })
    return
  }
  for (const value of row.values) {
    const observed = observationOf(row, value, received)
    if (observed !== null) {
      batch.observations.push(observed)
      continue
    }
    const { channel } = value.channel
    batch.readings.push(readingOf(row, value, received))
    const known = progress.stretches.get(channel) ?? { channel, fromAt: row.at, toAt: row.at }
    const fromAt = Math.min(known.fromAt, row.at)
    progress.stretches.set(channel, { channel, fromAt, toAt: Math.max(known.toAt, row.at) })
  }
}

type Received = { sensorId: number; receivedAt: number }

/** Null for a temperature. What no sensor can have measured is a fault, with its text. */
function observationOf(row: TableRow, value: RowValue, received: Received): ObservationToStore | null {
  const { channel, quantity } = value.channel
  if (quantity === 'temperature') return null
  const { decimal, unit } = value
  const scaled = decimal === null || unit === null || isUnitCode(unit) ? null : toScaled(decimal, unit, quantity)
  const raw = scaled?.exact ? null : rawText(row, value)
  return { ...received, channel, at: row.at, quantity, value: scaled?.value ?? null, raw, seq: null }
}

/** A conflicting value keeps its line. */
function readingOf(row: TableRow, value: RowValue, received: Received): ToStore {
  const { channel, milliC, exact } = value
  return {
    ...received,
    channel: channel.channel,
    at: row.at,
    milliC,
    raw: milliC === null || !exact ? rawText(row, value) : null,
    seq: null,
    payload: Buffer.from(row.text),
    source: SOURCE.readout,
  }
}

/** Kept where the number lost something or is none. */
function rawText({ timeText }: TableRow, { text, unit }: RowValue): string {
  return `${text} ${unit ?? ''} ${timeText}`.replaceAll('\0', '\uFFFD')
}

type OnItsWay = { file: StoredFile; batch: Batch; progress: Progress }

/** One transaction; the last one, which is given the run, completes the import. */
async function storeBatch(who: Who, onItsWay: OnItsWay, last: Run | null): Promise<Refusal | null> {
  const { ctx } = who
  const { batch, progress } = onItsWay
  const recorded = await againIfDropped(ctx.db, async () => {
    const archived = await archivedOf(ctx, batch)
    return archived.length > 0 ? refuseArchived(archived) : recordBatch(who, onItsWay, last)
  })
  if (isRefusal(recorded)) return recorded
  Object.assign(progress, summed(progress, countsOf(recorded, batch.observations)))
  for (const id of recorded.shipmentIds) progress.shipmentIds.add(id)
  ctx.metrics.readings.inc({ outcome: 'stored' }, recorded.stored)
  ctx.metrics.readings.inc({ outcome: 'duplicate' }, recorded.duplicates)
  ctx.metrics.readings.inc({ outcome: 'conflict' }, recorded.conflicts)
  return null
}

/** The months of a batch that are archived; those that are missing are made. */
async function archivedOf({ db }: Ctx, { readings, observations }: Batch): Promise<Month[]> {
  const ofReadings = await ensurePartitions(db, instantsOf(readings))
  const ofObservations = await ensurePartitions(db, instantsOf(observations), 'observation')
  return [...new Set([...ofReadings, ...ofObservations])].sort()
}

/** What is archived cannot be stored beside; `names` are months or archives. */
export function refuseArchived(names: readonly string[]): Refusal {
  const detail = `The file has readings of months that are archived (${names.join(', ')})`
  return refuse('archived', `${detail}: have them restored, then import it again.`)
}

function recordBatch(who: Who, { file, batch, progress }: OnItsWay, last: Run | null): Promise<RecordedReadout> {
  const { sensorId, importId } = file
  return recording(who.ctx.db, async (run) => {
    const whole = last === null ? [] : [...progress.stretches.values()]
    const result = await recordReadout(run, who, { sensorId, importId, ...batch, whole })
    if (last === null) return result
    const counts = summed(last, countsOf(result, batch.observations))
    await complete(run.tx, who, { file, stretches: whole, run: { ...last, ...counts } })
    return result
  })
}

function instantsOf(values: readonly { at: number }[]): number[] {
  return values.map((value) => value.at)
}

type Counts = Omit<Run, 'held'>

/** A value that was there already is a duplicate, whatever it is of. */
function countsOf(recorded: RecordedReadout, observations: readonly ObservationToStore[]): Counts {
  const { stored, conflicts, observations: observed } = recorded
  return { stored, conflicts, observations: observed, duplicates: recorded.duplicates + observations.length - observed }
}

function summed(a: Counts, b: Counts): Counts {
  return {
    stored: a.stored + b.stored,
    duplicates: a.duplicates + b.duplicates,
    conflicts: a.conflicts + b.conflicts,
    observations: a.observations + b.observations,
  }
}

type Completed = { file: StoredFile; stretches: readonly Stretch[]; run: Run }

/** Enters the stretches of memory that are whole now, and the run. */
async function complete(tx: Tx, { ctx, actor }: Who, { file, stretches, run }: Completed): Promise<void> {
  const { sensorId, importId, survey } = file
  const now = ctx.now()
  const resolutionOf = new Map(
    survey.channels.map(({ channel, resolutionMilliC }) => [channel.channel, resolutionMilliC ?? 1]),
  )
  if (stretches.length > 0) {
    await tx
      .insertInto('readout')
      .values(
        stretches.map(({ channel, fromAt, toAt }) => ({
          import_id: importId,
          sensor_id: sensorId,
          channel,
          from_at: at(fromAt),
          to_at: at(toAt),
          resolution_milli_c: resolutionOf.get(channel) ?? 1,
          interval_ms: survey.steps.usualMs === 0 ? null : survey.steps.usualMs,
          known_at: at(now),
        })),
      )
      .onConflict((conflict) => conflict.doNothing())
      .execute()
  }
  await tx
    .insertInto('logger_import_run')
    .values({ import_id: importId, ...run, known_at: at(now) })
    .execute()
  const deed = { at: now, action: 'import_readings', subjectKind: 'sensor', subjectId: sensorId }
  await audit(tx, actor, [{ ...deed, after: { importId, ...run }, reason: file.again }])
}
