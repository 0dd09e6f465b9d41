import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import { type Tx, transaction } from '../../db/connect.ts'
import { at, json } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import { type Actor, organisationOf } from '../domain/actor.ts'
import { canonicalJson } from '../domain/canonical.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'
import type { FileSummary } from '../loggers/summary.ts'
import { audit } from './audit.ts'
import type { ImportAsked } from './import-file.ts'
import { storeFile } from './logger-files.ts'
import { storedSummary } from './stored-summary.ts'
import { canSeeImport } from './visibility.ts'

/** What a finished run of an import did with the values of its file: each counts once. */
export type Run = { stored: number; duplicates: number; conflicts: number; held: number; observations: number }

/**
 * An import that begins, or one that was begun before: then with its last run, null where it was interrupted, and why
 * it was taken back, where it was.
 */
export type Begun = {
  importId: number
  created: boolean
  summary: FileSummary
  run: Run | null
  takenBack: string | null
}

/** Keeps the bytes of a file and enters its import, both once; in one transaction with its audit row. */
export async function beginImport(
  ctx: Ctx,
  actor: Actor,
  { asked, summary }: { asked: ImportAsked; summary: FileSummary },
): Promise<Begun> {
  const { sensorId, file, answers, serialDiffers } = asked
  const organisationId = organisationOf(actor)
  const answersSha256 = createHash('sha256').update(canonicalJson(answers)).digest('hex')
  return transaction(ctx.db, async (tx) => {
    const now = ctx.now()
    const fileId = await storeFile(tx, file, { organisationId, now })
    const added = await tx
      .insertInto('logger_import')
      .values({
        organisation_id: organisationId,
        sensor_id: sensorId,
        file_id: fileId,
        answers: json(answers),
        answers_sha256: answersSha256,
        serial_differs: serialDiffers,
        dialect: summary.dialect,
        summary: json(summary),
        known_at: at(now),
      })
      .onConflict((conflict) => conflict.doNothing())
      .returning('id')
      .executeTakeFirst()
    if (added === undefined) return begunBefore(tx, { sensorId, fileId, answersSha256 })
    const after = { importId: added.id, fileSha256: file.sha256, dialect: summary.dialect, answers }
    const deed = { at: now, action: 'begin_import', subjectKind: 'sensor', subjectId: sensorId }
    await audit(tx, actor, [{ ...deed, after, reason: serialDiffers }])
    return { importId: added.id, created: true, summary, run: null, takenBack: null }
  })
}

type Same = { sensorId: number; fileId: number; answersSha256: string }

async function begunBefore(tx: Tx, { sensorId, fileId, answersSha256 }: Same): Promise<Begun> {
  const row = await tx
    .selectFrom('logger_import')
    .select(['id', 'summary'])
    .where('sensor_id', '=', sensorId)
    .where('file_id', '=', fileId)
    .where('answers_sha256', '=', answersSha256)
    .executeTakeFirstOrThrow()
  const run = await lastRun(tx, row.id)
  const readouts = await loadImported(tx, row.id)
  const stands = readouts.length === 0 || readouts.some(({ supersededAt }) => supersededAt === null)
  const takenBack = stands ? null : (readouts.at(-1)?.supersededReason ?? '')
  return { importId: row.id, created: false, summary: storedSummary(row.summary), run, takenBack }
}

async function loadImported(db: Pick<Tx, 'selectFrom'>, importId: number): Promise<ImportedReadout[]> {
  return db
    .selectFrom('readout')
    .select(['channel', 'from_at as fromAt', 'to_at as toAt'])
    .select(['superseded_at as supersededAt', 'superseded_reason as supersededReason'])
    .where('import_id', '=', importId)
    .orderBy('id')
    .execute()
}

async function lastRun(db: Pick<Tx, 'selectFrom'>, importId: number): Promise<Run | null> {
  const run = await db
    .selectFrom('logger_import_run')
    .select(['stored', 'duplicates', 'conflicts', 'held', 'observations'])
    .where('import_id', '=', importId)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst()
  return run ?? null
}

/** A stored import; `run` null: it was interrupted, importing the same file again goes on. */
export type LoggerImport = {
  id: number
  sensorId: number
  fileId: number
  fileSha256: string
  fileBytes: number
  answers: unknown
  serialDiffers: string | null
  summary: FileSummary
  run: Run | null
  readouts: ImportedReadout[]
  knownAt: number
}

/** A stretch of memory that an import entered, both ends included; superseded: taken back, and not judged. */
export type ImportedReadout = {
  channel: string
  fromAt: number
  toAt: number
  supersededAt: number | null
  supersededReason: string | null
}

/** One import, if the actor's organisation made it. */
export async function getImport(ctx: Ctx, actor: Actor, id: number): Promise<LoggerImport | Refusal> {
  const row = await ctx.db.kysely
    .selectFrom('logger_import')
    .innerJoin('logger_file', 'logger_file.id', 'logger_import.file_id')
    .select(['logger_import.id', 'sensor_id', 'file_id', 'answers', 'serial_differs', 'summary'])
    .select(['logger_import.known_at', 'sha256', sql<number>`logger_file.bytes`.as('bytes')])
    .where('logger_import.id', '=', id)
    .where((eb) => canSeeImport(actor, eb))
    .executeTakeFirst()
  if (row === undefined) return refuse('not_found', `There is no import ${id}.`)
  return {
    id: row.id,
    sensorId: row.sensor_id,
    fileId: row.file_id,
    fileSha256: row.sha256,
    fileBytes: row.bytes,
    answers: row.answers,
    serialDiffers: row.serial_differs,
    summary: storedSummary(row.summary),
    run: await lastRun(ctx.db.kysely, row.id),
    readouts: await loadImported(ctx.db.kysely, row.id),
    knownAt: row.known_at,
  }
}
