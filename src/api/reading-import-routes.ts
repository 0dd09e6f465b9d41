import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { type ImportAsked, importFile, type Preview, previewImport, sensorToImportFor } from '../actions/import-file.ts'
import { readFile } from '../actions/logger-files.ts'
import { getImport } from '../actions/logger-imports.ts'
import { supersedeImport } from '../actions/supersede-import.ts'
import type { Ctx } from '../context.ts'
import { isRefusal } from '../domain/refusal.ts'
import type { Question } from '../loggers/question.ts'
import { API_PATH, answers, body, PROBLEM_RESPONSES, repeatable } from './answers.ts'
import { defineRoute } from './define-route.ts'
import { answersOf, fileAnswers } from './file-answers.ts'
import { importAnswer, printImported, printPreview, printStored, storedImport } from './import-answer.ts'
import { byId, idParam, line, prose } from './inputs.ts'
import { answerProblem, answerThrown, answerTooLarge, problem } from './problem.ts'
import { type Spooled, spool } from './spool.ts'

/** A million rows of forty characters, with as much again to spare; loggers of today remember a tenth of that. */
export const MAX_FILE_BYTES = 64 * 1024 * 1024

/** Each holds a file on disk and a connection to the database much of its time. */
const MAX_IMPORTS_AT_ONCE = 4

const asked = z.object({
  sensorId: idParam,
  ...fileAnswers,
  serialDiffers: line.optional().meta({ description: 'why the serial number in the file is not the sensor’s' }),
  again: line.optional().meta({ description: 'why an import that was taken back is entered once more' }),
  dryRun: z.enum(['true', 'false']).default('false').meta({ description: 'true: nothing is stored' }),
})

const tags = ['Readings']
const file = { schema: z.string().meta({ format: 'binary', description: 'the file as it is' }) }
const json = { 'application/json': { schema: importAnswer } }
const events = { 'text/event-stream': { schema: z.string() } }

const importReadings = defineRoute({
  route: createRoute({
    method: 'post',
    path: '/readings/import',
    tags,
    summary: 'Import a logger’s file for one of your sensors; ?dryRun=true shows how it is understood',
    description:
      'The same file with the same answers is the same import: repeating it changes nothing, and goes on where one ' +
      'was interrupted. What the file leaves open is answered 422 with `questions`. With `Accept: text/event-stream` ' +
      'events tell how far it is: `progress` {readings, of} now and then, `import` or `problem` at the end.',
    request: {
      headers: repeatable,
      query: asked,
      body: { required: true, content: { 'text/csv': file, 'text/plain': file, 'application/octet-stream': file } },
    },
    responses: {
      200: { description: 'a dry run, imported before, or events', content: { ...json, ...events } },
      201: { description: 'imported', headers: z.object({ Location: z.string() }), content: json },
      ...PROBLEM_RESPONSES,
    },
  }),
  handler: async (c) => {
    const { sensorId } = c.req.valid('query')
    const sensor = await sensorToImportFor(c.var.ctx, c.var.actor, sensorId)
    if (isRefusal(sensor)) return problem(c, sensor)
    if (!isReadable(c.req.header('Content-Type'))) {
      const detail = 'Send the bytes of the file as Content-Type: text/csv, text/plain or application/octet-stream.'
      return answerProblem(c, 'unsupported_media_type', { detail })
    }
    const place = takePlace(c.var.ctx)
    if (place === null) {
      const detail = `${MAX_IMPORTS_AT_ONCE} imports run at the moment: send the file again when one is done.`
      return answerProblem(c, 'unavailable', { detail, headers: { 'Retry-After': '10' } })
    }
    const spooled = await spool(c.req.raw.body, MAX_FILE_BYTES).catch(place.failed)
    const leave = async () => {
      await spooled?.remove()
      place.leave()
    }
    return answerImport(c, { spooled, query: c.req.valid('query'), leave })
  },
})

type Query = z.output<typeof asked>
type Coming = { spooled: Spooled | null; query: Query; leave: () => Promise<void> }

async function answerImport(c: Context, { spooled, query, leave }: Coming) {
  let streaming = false
  try {
    if (spooled === null) return answerTooLarge(c, MAX_FILE_BYTES)
    const { ctx, actor } = c.var
    const given = askedOf(query, spooled)
    const preview = await previewImport(ctx, actor, given)
    if (isRefusal(preview)) return problem(c, preview)
    if ('asks' in preview) return answerQuestions(c, preview.asks)
    if (query.dryRun === 'true') return c.json(printPreview(given, preview), 200)
    if (c.req.header('Accept')?.includes('text/event-stream')) {
      streaming = true
      return streamImport(c, { given, preview, leave })
    }
    const done = await importFile({ ctx, actor }, { asked: given, preview }, () => {})
    if (isRefusal(done)) return problem(c, done)
    const printed = printImported(given, done)
    if (!done.created) return c.json(printed, 200)
    return c.json(printed, 201, { Location: `${API_PATH}/readings/imports/${done.importId}` })
  } finally {
    if (!streaming) await leave()
  }
}

function askedOf(query: Query, spooled: Spooled): ImportAsked {
  const { sensorId, serialDiffers = null, again = null } = query
  return { sensorId, file: spooled, answers: answersOf(query), serialDiffers, again }
}

function answerQuestions(c: Context, questions: Question[]) {
  const errors = questions.map(({ answer, text }) => ({ path: answer, message: text }))
  const detail = questions.map(({ text }) => text).join(' ')
  return answerProblem(c, 'questions_open', { detail, errors, questions })
}

type Ready = { given: ImportAsked; preview: Preview; leave: () => Promise<void> }

/** The import goes on to its end also where nobody listens any more. */
function streamImport(c: Context, { given, preview, leave }: Ready) {
  const { ctx, actor } = c.var
  let listening = true
  const events = new ReadableStream<Uint8Array>({
    start: (controller) => {
      const say = (event: string, data: unknown) => {
        if (listening) controller.enqueue(Buffer.from(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`))
      }
      importFile({ ctx, actor }, { asked: given, preview }, (so) => say('progress', so))
        .then(async (done) =>
          isRefusal(done) ? say('problem', await problem(c, done).json()) : say('import', printImported(given, done)),
        )
        .catch(async (error) => say('problem', await answerThrown(error, c).json()))
        .finally(leave)
        .finally(() => listening && controller.close())
        .catch((error) => ctx.log.error({ err: error }, 'an import could not be ended cleanly'))
    },
    cancel: () => {
      listening = false
    },
  })
  return c.body(events, 200, { 'Content-Type': 'text/event-stream' })
}

const running = new WeakMap<Ctx, number>()

/** A place among the imports that run at once; null when all are taken. */
function takePlace(ctx: Ctx): { leave: () => void; failed: (error: unknown) => never } | null {
  const taken = running.get(ctx) ?? 0
  if (taken >= MAX_IMPORTS_AT_ONCE) return null
  running.set(ctx, taken + 1)
  const leave = () => void running.set(ctx, (running.get(ctx) ?? 1) - 1)
  const failed = (error: unknown): never => {
    leave()
    throw error
  }
  return { leave, failed }
}

function isReadable(contentType: string | undefined): boolean {
  return /^(?:text\/(?:csv|plain|tab-separated-values)|application\/(?:octet-stream|csv))\b/i.test(
    contentType ?? 'text/csv',
  )
}

const get = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/readings/imports/{id}',
    tags,
    summary: 'One import of your organisation: the account of its file, and what was stored',
    request: { params: byId },
    responses: answers('the import', storedImport),
  }),
  handler: async (c) => {
    const found = await getImport(c.var.ctx, c.var.actor, c.req.valid('param').id)
    return isRefusal(found) ? problem(c, found) : c.json(printStored(found), 200)
  },
})

const getFile = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/readings/imports/{id}/file',
    tags,
    summary: 'The imported file, byte for byte as it came in',
    request: { params: byId },
    responses: {
      200: { description: 'the bytes; ETag is their SHA-256', content: { 'application/octet-stream': file } },
      ...PROBLEM_RESPONSES,
    },
  }),
  handler: async (c) => {
    const found = await getImport(c.var.ctx, c.var.actor, c.req.valid('param').id)
    if (isRefusal(found)) return problem(c, found)
    const headers = {
      'Content-Type': 'application/octet-stream',
      'Content-Disposition': `attachment; filename="import-${found.id}"`,
      'Content-Length': String(found.fileBytes),
      ETag: `"${found.fileSha256}"`,
    }
    return c.body(ReadableStream.from(readFile(c.var.ctx, found.fileId)), 200, headers)
  },
})

const supersede = defineRoute({
  route: createRoute({
    method: 'post',
    path: '/readings/imports/{id}/supersession',
    tags,
    summary: 'Take an import back: its readings are kept, and judged no more',
    request: { params: byId, headers: repeatable, body: body(z.object({ reason: prose })) },
    responses: answers('the import', storedImport),
  }),
  handler: async (c) => {
    const asked = { importId: c.req.valid('param').id, ...c.req.valid('json') }
    const found = await supersedeImport(c.var.ctx, c.var.actor, asked)
    return isRefusal(found) ? problem(c, found) : c.json(printStored(found), 200)
  },
})

export const readingImportRoutes = [importReadings, get, getFile, supersede] as const
