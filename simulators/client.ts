import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'

/**
 * The API as one organisation's machine uses it. A service that is just being restarted is waited for: every call is
 * repeated until it is answered, and a POST carries one Idempotency-Key through all its repetitions, so it happens
 * once. Answers are parsed by the schema given; refusals come as `ApiProblem`. /
 */
export function apiClient(door: ApiDoor): ApiClient {
  return {
    key: door.key,
    get: async (path, schema) => parsed(path, schema, await ask(door, { method: 'GET', path })),
    post: async (path, body, schema) => {
      const request = { method: 'POST', path, body: JSON.stringify(body), idempotencyKey: randomUUID() }
      return parsed(path, schema, await ask(door, request))
    },
    tell: async (path, body) => {
      const request = { method: 'POST', path, body: JSON.stringify(body), idempotencyKey: randomUUID() }
      await ask(door, request).catch(unlessOnlyAnswerLost)
    },
  }
}

/** `apiUrl` is the service's root, without `/api/v1`; `patienceMs` how long a service may be away. */
export type ApiDoor = { apiUrl: string; key: string; patienceMs?: number }

export type ApiClient = {
  key: string
  /** `path` is what follows `/api/v1`. */
  get: <T>(path: string, schema: z.ZodType<T>) => Promise<T>
  post: <T>(path: string, body: unknown, schema: z.ZodType<T>) => Promise<T>
  /** A POST whose answer nobody needs: done also where the service died between the deed and its answer. */
  tell: (path: string, body: unknown) => Promise<void>
}

/** The service's refusal, as its problem document states it. */
export class ApiProblem extends Error {
  readonly status: number
  /** Last part of the problem's type, such as `placement-overlaps`. */
  readonly code: string

  constructor(asked: string, answer: { status: number; text: string }) {
    const problem = problemDocument.safeParse(json(answer.text)).data
    const listed = (problem?.errors ?? []).map(({ path, message }) => `${path}: ${message}`)
    const said = [problem?.title, problem?.detail, ...listed].filter((part) => part !== undefined)
    super(`${asked} was answered ${answer.status}: ${said.length > 0 ? said.join('; ') : answer.text.slice(0, 200)}`)
    this.status = answer.status
    this.code = problem?.type?.split('/').at(-1) ?? 'unknown'
  }
}

const PATIENCE_MS = 30_000
const BETWEEN_TRIES_MS = 150
/** One call may not hang for ever where the service was stopped in the middle of it. */
const ANSWER_WITHIN_MS = 10_000

type Request = { method: string; path: string; body?: string; idempotencyKey?: string }
type Answer = { status: number; text: string }

async function ask(door: ApiDoor, request: Request): Promise<Answer> {
  const asked = `${request.method} /api/v1${request.path}`
  const end = performance.now() + (door.patienceMs ?? PATIENCE_MS)
  for (;;) {
    const answer = await attempt(door, request)
    if (answer instanceof Error || isAway(answer)) {
      const reason = answer instanceof Error ? causeOf(answer) : `status ${answer.status}`
      if (performance.now() > end) throw new Error(`${asked}: no answer from ${door.apiUrl} (${reason})`)
      await pause(BETWEEN_TRIES_MS)
    } else if (answer.status < 400) {
      return answer
    } else {
      const problem = new ApiProblem(asked, answer)
      // our own first try is still being worked on, or was when the service died
      if (problem.code !== 'request-in-progress' || performance.now() > end) throw problem
      await pause(BETWEEN_TRIES_MS)
    }
  }
}

function unlessOnlyAnswerLost(error: unknown): void {
  if (!(error instanceof ApiProblem) || error.code !== 'answer-lost') throw error
}

/** The service runs but cannot answer now (starting, database away): worth asking again. */
function isAway({ status }: Answer): boolean {
  return status === 502 || status === 503 || status === 504
}

async function attempt({ apiUrl, key }: ApiDoor, { method, path, body, idempotencyKey }: Request) {
  const headers = new Headers({ authorization: `Bearer ${key}` })
  if (body !== undefined) headers.set('content-type', 'application/json')
  if (idempotencyKey !== undefined) headers.set('idempotency-key', idempotencyKey)
  const signal = AbortSignal.timeout(ANSWER_WITHIN_MS)
  try {
    const response = await fetch(new URL(`/api/v1${path}`, apiUrl), { method, headers, signal, body: body ?? null })
    return { status: response.status, text: await response.text() }
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

/** `fetch failed` says nothing; its cause does. */
function causeOf(error: Error): string {
  return error.cause instanceof Error ? error.cause.message : error.message
}

function parsed<T>(path: string, schema: z.ZodType<T>, { text }: Answer): T {
  const result = schema.safeParse(json(text))
  if (result.success) return result.data
  throw new Error(`the answer of /api/v1${path} has another shape: ${z.prettifyError(result.error)}`)
}

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const problemDocument = z.object({
  type: z.string().optional(),
  title: z.string().optional(),
  detail: z.string().optional(),
  errors: z
    .array(z.object({ path: z.union([z.string(), z.array(z.unknown()).transform(String)]), message: z.string() }))
    .optional(),
})
