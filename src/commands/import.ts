import { openAsBlob } from 'node:fs'
import { z } from 'zod'
import { SetupError } from '../../db/setup-error.ts'
import { IMPORT_PATH } from '../api/answers.ts'
import { importAnswer } from '../api/import-answer.ts'
import { problemSchema } from '../api/problem.ts'
import { openQuestions } from './evaluate-file.ts'
import { FILE_FLAGS, openFile, readFileFlags } from './file-flags.ts'
import { describeImport } from './import-lines.ts'
import { eventsOf } from './server-events.ts'

const USAGE = `unbroken import FILE --sensor ID --key KEY
  --api URL            the service, default http://127.0.0.1:8080
  --key KEY            an API key of the organisation that owns the sensor
  --dry-run            shows how the file is understood; nothing is stored
${FILE_FLAGS}
  --serial-differs WHY the serial number in the file is not the sensor's
  --again WHY          an import that was taken back is entered once more
  --json               prints the answer as it came`

const FLAGS = {
  sensor: z.string().regex(/^\d{1,15}$/, 'must be the id of a sensor'),
  key: z.string(),
  api: z.url({ protocol: /^https?$/, error: 'must read like http://127.0.0.1:8080' }).default('http://127.0.0.1:8080'),
  serialDiffers: z.string().optional(),
  again: z.string().optional(),
  dryRun: z.boolean().default(false),
  json: z.boolean().default(false),
}

type Output = { print: (text: string) => void; warn: (text: string) => void; isTty: boolean }
type Given = Extract<ReturnType<typeof readFlags>, { file: string }>['given']

/**
 * `unbroken import FILE --sensor ID --key KEY`: sends a logger's file to a running service, streamed, shows how far it
 * is, and prints what the file was understood as, the account of its lines and what was stored. The same file again is
 * harmless, and goes on where an import was interrupted. Returns the exit code: 1 when it was refused or something is
 * open, 2 when used wrongly.
 */
export async function importCommand(args: readonly string[], out: Output): Promise<number> {
  const read = readFlags(args)
  if ('problem' in read) {
    out.warn(`${read.problem}\n${USAGE}`)
    return 2
  }
  await openFile(read.file)
  const response = await send(read.file, read.given)
  if (response.headers.get('Content-Type')?.includes('text/event-stream')) return follow(response, read.given, out)
  const body: unknown = await response.json().catch(() => null)
  return response.ok ? show(body, read.given, out) : refused(body, out, `the service answered ${response.status}`)
}

function readFlags(args: readonly string[]) {
  return readFileFlags(args, { flags: FLAGS, switches: ['dryRun', 'json'] })
}

async function send(path: string, given: Given): Promise<Response> {
  const url = new URL(IMPORT_PATH, given.api)
  const { zone, dateOrder, unit, serialDiffers, again } = given
  const asked = { sensorId: given.sensor, zone, dateOrder, unit, serialDiffers, again }
  for (const [name, value] of Object.entries(asked)) if (value !== undefined) url.searchParams.set(name, value)
  for (const column of given.channel ?? []) url.searchParams.append('channel', column)
  if (given.dryRun) url.searchParams.set('dryRun', 'true')
  const headers = {
    Authorization: `Bearer ${given.key}`,
    'Content-Type': 'application/octet-stream',
    Accept: 'text/event-stream',
  }
  // a blob of a file is read piece by piece while it is sent
  return fetch(url, { method: 'POST', headers, body: await openAsBlob(path) }).catch((error: unknown) => {
    const because = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error)
    throw new SetupError(`${given.api} cannot be reached: ${because}`)
  })
}

const progress = z.object({ readings: z.number(), of: z.number() })

async function follow(response: Response, given: Given, out: Output): Promise<number> {
  for await (const { event, data } of eventsOf(response.body)) {
    if (event === 'import') return show(data, given, out)
    if (event === 'problem') return refused(data, out, 'the import failed')
    const { readings, of } = progress.parse(data)
    if (out.isTty) out.warn(`${readings} of ${of} readings`)
  }
  out.warn('The connection broke off: import the same file again, and it goes on where it was interrupted.')
  return 1
}

function show(body: unknown, given: Given, { print }: Output): number {
  const answer = importAnswer.parse(body)
  if (given.json) print(JSON.stringify(answer, null, 1))
  else for (const line of describeImport(answer)) print(line)
  return 0
}

function refused(body: unknown, { warn }: Output, otherwise: string): number {
  const problem = problemSchema.safeParse(body).data
  const { questions = [] } = problem ?? {}
  if (questions.length > 0) warn(openQuestions(questions))
  else warn(problem === undefined ? otherwise : `${problem.title}: ${problem.detail}`)
  return 1
}
