import { z } from 'zod'
import type { Config } from '../../config.ts'
import type { ClockOffset } from './clock-checks.ts'

/** What the running service says of itself at its HTTP door. */
export type ServiceFacts = { url: string } & (
  | { answers: 'nothing' }
  | { answers: 'something_else' }
  | {
      answers: 'service'
      database: boolean
      broker: boolean
      /** Since its start. */
      sessionsLost: number
      queuedMessages: number
      clock: ClockOffset | null
    }
)

/** Asks the service where this configuration would put it. */
export async function serviceFacts({ http }: Pick<Config, 'http'>, now: () => number): Promise<ServiceFacts> {
  const url = urlOf(http)
  const sentAt = now()
  const answer = await ask(`${url}/readyz`)
  const gotAt = now()
  if (answer === null) return { url, answers: 'nothing' }
  const ready = readiness.safeParse(await answer.json().catch(() => null))
  if (!ready.success) return { url, answers: 'something_else' }
  const metrics = (await (await ask(`${url}/metrics`))?.text()) ?? ''
  return {
    url,
    answers: 'service',
    ...ready.data.parts,
    sessionsLost: metric(metrics, 'unbroken_broker_sessions_lost_total'),
    queuedMessages: metric(metrics, 'unbroken_ingest_queued_messages'),
    clock: offsetOf(answer.headers.get('Date'), { sentAt, gotAt }),
  }
}

const readiness = z.object({ parts: z.object({ database: z.boolean(), broker: z.boolean() }) })

const ANSWER_WITHIN_MS = 3000

async function ask(url: string): Promise<Response | null> {
  return fetch(url, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) }).catch(() => null)
}

/** A service that listens everywhere is asked on this machine. */
function urlOf({ host, port }: Config['http']): string {
  if (host === '0.0.0.0' || host === '::') return `http://127.0.0.1:${port}`
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** The Date header counts whole seconds: what it says is anywhere within its second. */
function offsetOf(date: string | null, { sentAt, gotAt }: { sentAt: number; gotAt: number }): ClockOffset | null {
  const said = date === null ? Number.NaN : Date.parse(date)
  if (Number.isNaN(said)) return null
  return { offsetMs: said + 500 - (sentAt + gotAt) / 2, boundMs: 500 + (gotAt - sentAt) / 2 }
}

function metric(text: string, name: string): number {
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${name} `))
  return Number(line?.slice(name.length + 1) ?? 0)
}
