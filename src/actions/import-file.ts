import type { Ctx } from '../context.ts'
import { type Actor, denied } from '../domain/actor.ts'
import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import { serialsOf } from '../loggers/about.ts'
import type { Answers, Question } from '../loggers/question.ts'
import { type FileSummary, summaryOf } from '../loggers/summary.ts'
import { type Survey, surveyFile } from '../loggers/survey.ts'
import { archivedMonths, within } from './archived-months.ts'
import type { GivenFile } from './logger-files.ts'
import { beginImport, type Run } from './logger-imports.ts'
import { getSensor, type Sensor } from './sensors.ts'
import { type Held, refuseArchived, type StoredFile, storeRows } from './store-rows.ts'

/** What a person asks for with a file. */
export type ImportAsked = {
  sensorId: number
  file: GivenFile
  answers: Answers
  /** Why the serial number in the file may differ from the sensor's; null refuses one that does. */
  serialDiffers: string | null
  /** Why an import that was taken back is entered once more; null refuses that. */
  again: string | null
}

/** A file as it would be imported: nothing is stored. */
export type Preview = { summary: FileSummary; survey: Survey }

/** An import at its end. `created` false: the same file with the same answers had been imported before. */
export type Imported = { importId: number; created: boolean; summary: FileSummary; run: Run; held: Held[] }

/** What must be answered before the file can be read. */
export type Asks = { asks: Question[] }

/** How far an import is, in readings of its file. */
export type ImportProgress = { readings: number; of: number }

/**
 * Whether the actor may import files for a sensor: one of its own organisation. Refused: `not_found`, `not_allowed`.
 * The door asks before it takes the file.
 */
export async function sensorToImportFor(ctx: Ctx, actor: Actor, sensorId: number): Promise<Sensor | Refusal> {
  const no = denied(actor, 'import_readings')
  if (no !== null) return no
  const sensor = await getSensor(ctx, actor, sensorId)
  if (isRefusal(sensor) || sensor.organisationId === actor.organisationId) return sensor
  return refuse('not_allowed', `Sensor ${sensorId} belongs to another organisation: its owner imports its files.`)
}

/**
 * Reads a file for a sensor without storing anything: what it is, how its rows are understood, what is open. Refused:
 * as `sensorToImportFor`, `file_unreadable`, `serial_differs`, `archived`.
 */
export async function previewImport(ctx: Ctx, actor: Actor, asked: ImportAsked): Promise<Preview | Asks | Refusal> {
  const sensor = await sensorToImportFor(ctx, actor, asked.sensorId)
  if (isRefusal(sensor)) return sensor
  const surveyed = await surveyFile(asked.file.source, asked.answers)
  if (surveyed.outcome === 'no_table') return refuse('file_unreadable', surveyed.detail)
  if (surveyed.outcome === 'asks') return { asks: surveyed.questions }
  const summary = summaryOf(surveyed.survey)
  const problem =
    serialProblem(sensor, serialsOf(surveyed.survey), asked.serialDiffers) ??
    (await archiveProblem(ctx, surveyed.survey))
  return problem ?? { summary, survey: surveyed.survey }
}

/** What is archived cannot be stored beside: the whole file waits until its months are back. */
async function archiveProblem(ctx: Ctx, { oldestAt, newestAt }: Survey): Promise<Refusal | null> {
  if (oldestAt > newestAt) return null
  const span = { fromAt: oldestAt, toAt: newestAt + 1 }
  const readings = within(await archivedMonths(ctx.db.kysely, 'reading'), span)
  const observations = within(await archivedMonths(ctx.db.kysely, 'observation'), span)
  const names = [...readings, ...observations].map(({ name }) => name)
  return names.length === 0 ? null : refuseArchived(names)
}

/**
 * Imports a previewed file: keeps its bytes, stores its readings as read out of the sensor's memory in transactions of
 * at most 5,000, and with the last of them the stretch that is now known whole. Interrupted, it goes on where the same
 * file is imported again; done before, it changes nothing. Judged afterwards, once. Refused: `import_superseded`,
 * `archived`.
 */
export async function importFile(
  { ctx, actor }: { ctx: Ctx; actor: Actor },
  { asked, preview }: { asked: ImportAsked; preview: Preview },
  onProgress: (progress: ImportProgress) => void,
): Promise<Imported | Refusal> {
  const { sensorId, file, again } = asked
  const { summary, survey } = preview
  const begun = await beginImport(ctx, actor, { asked, summary })
  const { importId, created, run, takenBack } = begun
  if (takenBack !== null && again === null) {
    const detail = `Import ${importId} was taken back (${takenBack}): leave it, or say why it is entered again.`
    return refuse('import_superseded', detail)
  }
  // everything in it is stored, and nothing of it was held for its time: there is nothing to go on with
  if (run !== null && run.held === 0 && takenBack === null) {
    const duplicates = run.stored + run.duplicates + run.conflicts + run.observations
    const repeated = { ...run, stored: 0, conflicts: 0, observations: 0, duplicates }
    return { importId, created, summary: begun.summary, run: repeated, held: [] }
  }
  const whole: StoredFile = { sensorId, importId, source: file.source, survey, again }
  const stored = await storeRows({ ctx, actor }, whole, onProgress)
  return isRefusal(stored) ? stored : { importId, created, summary: begun.summary, ...stored }
}

/** A file of another device would put another box's temperatures under this sensor. */
function serialProblem(sensor: Sensor, serials: readonly string[], reason: string | null): Refusal | null {
  const others = serials.filter((serial) => plain(serial) !== plain(sensor.serial))
  if (others.length === 0 || reason !== null) return null
  return refuse(
    'serial_differs',
    `The file is of a logger with serial number ${others.join(', ')}, sensor ${sensor.id} has ${sensor.serial}: ` +
      'import it for the sensor it is of, or say why it differs.',
  )
}

/** As people and programs write the same number: without blanks, dashes and leading zeros. */
function plain(serial: string): string {
  return serial
    .toUpperCase()
    .replace(/[^A-Z0-9]/g, '')
    .replace(/^0+/, '')
}
