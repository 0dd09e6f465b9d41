import { z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { ZodError } from 'zod'
import { ClaimLost } from '../actions/idempotency.ts'
import type { Refusal, RefusalCode } from '../domain/refusal.ts'
import { QUESTION_CODES, type Question } from '../loggers/question.ts'

/** What only the door says: it could not read the request, did not let it in, or failed. */
type DoorCode =
  | 'malformed'
  | 'unauthenticated'
  | 'method_not_allowed'
  | 'too_large'
  | 'unsupported_media_type'
  | 'questions_open'
  | 'internal'
  | 'unavailable'

export type ProblemCode = RefusalCode | DoorCode

/** Every code a client can meet, with its status. The codes are the public contract: RFC 9457 `type`. */
export const PROBLEMS = {
  not_found: { status: 404, title: 'Not found' },
  invalid: { status: 422, title: 'The request says something that cannot be' },
  not_allowed: { status: 403, title: 'Not allowed' },
  already_exists: { status: 409, title: 'It exists already' },
  in_the_future: { status: 422, title: 'It lies in the future' },
  placement_overlaps: { status: 409, title: 'The sensor is placed elsewhere in that time' },
  placement_superseded: { status: 409, title: 'The placement was corrected already' },
  profile_not_approvable: { status: 409, title: 'The profile cannot be approved' },
  profile_not_effective: { status: 409, title: 'The profile is not in effect' },
  profile_is_example: { status: 409, title: 'The profile holds example limits' },
  already_released: { status: 409, title: 'The message was released already' },
  archived: { status: 409, title: 'Its readings are archived' },
  changed_meanwhile: { status: 409, title: 'It changed meanwhile' },
  file_unreadable: { status: 422, title: 'The file holds no readings that can be read' },
  serial_differs: { status: 409, title: 'The file is of another device' },
  import_superseded: { status: 409, title: 'The import was taken back' },
  questions_open: { status: 422, title: 'Something must be answered first' },
  idempotency_key_reused: { status: 422, title: 'The idempotency key belongs to another request' },
  request_in_progress: { status: 409, title: 'The same request is being worked on' },
  answer_lost: { status: 409, title: 'It was done, but its answer was lost' },
  certificate_not_ready: { status: 409, title: 'It cannot be certified yet' },
  record_differs: { status: 409, title: 'What is stored is not what was recorded' },
  not_received: { status: 409, title: 'The unit was not received yet' },
  already_decided: { status: 409, title: 'It is decided already' },
  already_ended: { status: 409, title: 'The unit is no longer here' },
  own_receipt: { status: 403, title: 'Another person must decide' },
  same_person: { status: 403, title: 'It takes a second person' },
  reason_required: { status: 422, title: 'It needs a reason' },
  witness_required: { status: 422, title: 'It needs a witness' },
  deviation_required: { status: 422, title: 'It needs the number of a deviation' },
  identity_unresolved: { status: 409, title: 'The identity does not match' },
  tasks_open: { status: 409, title: 'Something is still to be done' },
  needs_exceptional_release: { status: 409, title: 'Only an exceptional release can free it' },
  exceptional_incomplete: { status: 409, title: 'The exceptional release is not complete' },
  qa_decides: { status: 409, title: 'QA has to decide' },
  verdict_not_accept: { status: 409, title: 'The unit cannot be accepted yet' },
  decides_elsewhere: { status: 409, title: 'A decision is signed as a disposition' },
  sign_in_failed: { status: 401, title: 'User name or password is wrong' },
  signing_failed: { status: 403, title: 'User name or password is wrong: nothing was signed' },
  locked_out: { status: 403, title: 'Too many failed attempts' },
  person_disabled: { status: 403, title: 'This account is disabled' },
  password_change_required: { status: 403, title: 'Choose a password of your own first' },
  password_unfit: { status: 422, title: 'This password cannot be chosen' },
  machine_cannot_sign: { status: 403, title: 'Only people sign' },
  meaning_not_allowed: { status: 403, title: 'Your role may not sign this' },
  stamps_off: { status: 409, title: 'This installation stamps nothing' },
  root_differs: { status: 409, title: 'The readings are not those that were rooted' },
  busy: { status: 503, title: 'Too many are signing in at this moment' },
  malformed: { status: 400, title: 'The request cannot be read' },
  unauthenticated: { status: 401, title: 'Who are you?' },
  method_not_allowed: { status: 405, title: 'Method not allowed' },
  too_large: { status: 413, title: 'The request is too large' },
  unsupported_media_type: { status: 415, title: 'The body has a media type that is not read here' },
  internal: { status: 500, title: 'The service failed' },
  unavailable: { status: 503, title: 'The service cannot answer now' },
} as const satisfies Record<ProblemCode, { status: number; title: string }>

/** The problem document of a refusal. */
export function problem(c: Context, refusal: Refusal) {
  return answerProblem(c, refusal.refused, { detail: refusal.detail })
}

type Said = {
  detail: string
  errors?: { path: string; message: string }[]
  questions?: Question[]
  headers?: Record<string, string>
}

/** A problem document (RFC 9457) of any code. */
export function answerProblem<Code extends ProblemCode>(c: Context, code: Code, said: Said) {
  const { detail, errors, questions, headers } = said
  const { title } = PROBLEMS[code]
  const status: (typeof PROBLEMS)[Code]['status'] = PROBLEMS[code].status
  const body: z.infer<typeof problemSchema> = {
    type: problemType(code),
    title,
    status,
    detail,
    instance: c.req.path,
    requestId: c.var.requestId,
    ...(errors === undefined ? {} : { errors }),
    ...(questions === undefined
      ? {}
      : { questions: questions.map(({ offers, ...rest }) => ({ ...rest, offers: [...offers] })) }),
  }
  return c.json(body, status, { 'Content-Type': 'application/problem+json', ...headers })
}

/** The stable `type` of a problem; an identifier, not an address. */
export function problemType(code: ProblemCode): string {
  return `https://unbroken.example/problems/${code.replaceAll('_', '-')}`
}

/** Every problem of a part of the request that does not fit its schema, at once. */
export function answerInvalid(c: Context, part: string, error: ZodError) {
  const errors = error.issues.map(({ path, message }) => ({ path: path.join('.'), message }))
  const said = errors.map((one) => (one.path === '' ? one.message : `${one.path}: ${one.message}`)).join('; ')
  const detail = `The ${WORDS[part] ?? part} has ${errors.length} problem(s): ${said}`
  return answerProblem(c, part === 'json' ? 'invalid' : 'malformed', { detail, errors })
}

const WORDS: Record<string, string | undefined> = { json: 'body', param: 'path' }

/** What a thrown error becomes. Faults are logged whole and answered without their insides. */
export function answerThrown(error: unknown, c: Context) {
  const { ctx, deps, requestId } = c.var
  if (error instanceof HTTPException) return answerHttpException(c, error)
  if (error instanceof ClaimLost) {
    return answerProblem(c, 'request_in_progress', { detail: 'A repeat of this request has taken over: ask again.' })
  }
  if (deps.isTransient(error)) {
    ctx.log.warn({ err: error, requestId }, 'the database cannot be reached')
    const detail = 'The database cannot be reached at the moment. Nothing is lost: send the request again.'
    return answerProblem(c, 'unavailable', { detail, headers: { 'Retry-After': '5' } })
  }
  ctx.log.error({ err: error, requestId }, 'a request failed')
  return answerProblem(c, 'internal', { detail: `Tell the operator of the service this number: ${requestId}.` })
}

/** What the framework throws while it reads a request. */
function answerHttpException(c: Context, error: HTTPException) {
  if (error.status === 415) {
    return answerProblem(c, 'unsupported_media_type', { detail: 'Send the body as Content-Type: application/json.' })
  }
  if (error.status === 413) return answerTooLarge(c)
  return answerProblem(c, 'malformed', { detail: `${error.message}.` })
}

/** Largest request body: a shipment of 500 units with every field filled is a fifth of it. */
export const MAX_BODY_BYTES = 1024 * 1024

/** The answer to a body beyond a limit. */
export function answerTooLarge(c: Context, maxBytes = MAX_BODY_BYTES) {
  return answerProblem(c, 'too_large', { detail: `A body may have ${maxBytes} bytes at most: split the request.` })
}

export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string().optional(),
    requestId: z.string(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
    questions: z
      .array(
        z.object({ code: z.enum(QUESTION_CODES), answer: z.string(), text: z.string(), offers: z.array(z.string()) }),
      )
      .optional()
      .meta({ description: 'what a file leaves open: pass `answer` with one of `offers`, or another that is right' }),
  })
  .openapi('Problem')
