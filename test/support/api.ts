import { pino } from 'pino'
import { isTransient } from '../../db/connection-error.ts'
import { bootstrapKey } from '../../src/actions/bootstrap-key.ts'
import { ensureServiceKey } from '../../src/actions/service-keys.ts'
import { createApp } from '../../src/api/app.ts'
import type { Ctx } from '../../src/context.ts'
import type { Role } from '../../src/domain/actor.ts'
import { JUDGES } from '../../src/domain/judge-versions.ts'
import { isRefusal } from '../../src/domain/refusal.ts'
import { decodeUplink } from '../../src/ingest/lorawan/decode-uplink.ts'
import { receiveMessage } from '../../src/ingest/message.ts'
import { createMetrics } from '../../src/metrics.ts'
import type { TestDatabase } from './database.ts'
import { MINUTE, PUBLIC_URL, T0 } from './limits.ts'

/** The HTTP door over a real database, with a clock and a log that tests can set and read. */
export type Api = Awaited<ReturnType<typeof createApi>>

export const DAY = 24 * 60 * MINUTE

export async function createApi(database: Pick<TestDatabase, 'db'>) {
  const clock = { now: T0 + 2 * DAY }
  const logged: string[] = []
  const ctx: Ctx = {
    db: database.db,
    log: pino({ level: 'debug' }, { write: (line) => void logged.push(line) }),
    now: () => clock.now,
    metrics: createMetrics(),
    judges: JUDGES,
    sharesMessages: false,
    exampleProfiles: 'refused',
    stampSecret: 'a secret for the tests of stamps',
    parseMessage: ({ topic, payload, ...rest }) =>
      receiveMessage(topic, payload, { prefix: 'unbroken/v1', ...rest }).parsed,
    decodeUplink,
  }
  const ready = { ok: true, parts: { database: true, broker: true } }
  const app = createApp(ctx, {
    ready: async () => ready,
    isTransient,
    topicPrefix: 'unbroken/v1',
    publicUrl: PUBLIC_URL,
  })
  return { app, ctx, clock, logged, ready, ...callers(app) }
}

export type Answer = { status: number; headers: Headers; text: string; body: Json }
/** Any JSON, as `JSON.parse` gives it: a test reads answers field by field, and fails where one is missing. */
export type Json = ReturnType<typeof JSON.parse>

type Asked = { body?: unknown; headers?: Record<string, string> }

function callers(app: ReturnType<typeof createApp>) {
  /** `key` null sends none; a text body is sent as it is. */
  const call = async (key: string | null, request: string, { body, headers }: Asked = {}): Promise<Answer> => {
    const [method = 'GET', path = ''] = request.split(' ')
    const init: RequestInit = {
      method,
      headers: {
        ...(key === null ? {} : { Authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    }
    const response = await app.request(pathOf(path), init)
    const text = await response.text()
    const isJson = /json/.test(response.headers.get('Content-Type') ?? '')
    return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : null }
  }
  /** A POST that must be answered 2xx; answers its body. */
  const post = async (key: string, path: string, body: unknown): Promise<Json> => {
    const answer = await call(key, `POST ${path}`, { body })
    if (answer.status >= 300) throw new Error(`POST ${path} was answered ${answer.status}: ${answer.text}`)
    return answer.body
  }
  /** A GET that must be answered 200. */
  const get = async (key: string, path: string): Promise<Json> => {
    const answer = await call(key, `GET ${path}`)
    if (answer.status !== 200) throw new Error(`GET ${path} was answered ${answer.status}: ${answer.text}`)
    return answer.body
  }
  return { call, post, get }
}

const BESIDE_API = /^\/(api\/v1\/|\.well-known\/|openapi.json|healthz|readyz|metrics|epcis\/context.jsonld)/

function pathOf(path: string): string {
  return BESIDE_API.test(path) ? path : `/api/v1${path}`
}

/** An organisation with a key. */
export type Party = { id: number; key: string }

/** The administrator of the installation. */
export async function administrator(api: Api): Promise<Party> {
  const made = await bootstrapKey(api.ctx, { organisationName: 'Operator' })
  if (isRefusal(made)) throw new Error(made.detail)
  await ensureServiceKey(api.ctx, api.ctx.now())
  return { id: made.organisationId, key: made.key }
}

let serial = 0

/** A name no other thing of the test file has. */
export function named(word: string): string {
  serial++
  return `${word} ${serial}`
}

/** A new organisation with a key of the role. */
export async function party(api: Api, admin: Party, role: Role): Promise<Party> {
  const { id } = await api.post(admin.key, '/organisations', { name: named(role) })
  return { id, key: await keyOf(api, admin, { id, role }) }
}

/** One more key of an organisation. */
export async function keyOf(api: Api, admin: Party, { id, role }: { id: number; role: Role }): Promise<string> {
  return (await api.post(admin.key, `/organisations/${id}/api-keys`, { role, label: 'test' })).key
}

/** Approvable limits of 2 to 8 degrees. */
export const FRIDGE_BODY = {
  name: '2-8, 15 minutes',
  labelLowC: 2,
  labelHighC: 8,
  nominalIntervalS: 900,
  levels: [
    { id: 'H1', side: 'high', limitC: 8, mode: 'cumulative', allowedS: 1800, severity: 'major' },
    { id: 'H2', side: 'high', limitC: '15.0', mode: 'single', allowedS: 0, severity: 'critical' },
    { id: 'L1', side: 'low', limitC: 2, mode: 'cumulative', allowedS: 1800, severity: 'major' },
  ],
  source: 'Stability report SR-1',
}

/** Instants of the test as the door takes them, so many minutes after T0. */
export function iso(minutes: number): string {
  return new Date(T0 + minutes * MINUTE).toISOString()
}
