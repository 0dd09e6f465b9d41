import type { Ctx } from '../context.ts'
import type { Actor } from '../domain/actor.ts'

/** What the door needs beside the actions' context; given by the composition root. */
export type ApiDeps = {
  /** Whether requests can be served now, and how each part stands (database, broker), for `/readyz`. */
  ready: () => Promise<{ ok: boolean; parts: Record<string, string | boolean> }>
  /** Whether a fault is one of the database's moment, so that the same request may be sent again. */
  isTransient: (error: unknown) => boolean
  /** The topic sensors publish under, as `unbroken/v1`. */
  topicPrefix: string
  /** Where clients reach this service, without a slash at the end: it begins the addresses in what is exported. */
  publicUrl: string
}

declare module 'hono' {
  interface ContextVariableMap {
    ctx: Ctx
    deps: ApiDeps
    /** Set by authentication, so in every handler below `/api/v1`. */
    actor: Actor
    requestId: string
  }
}
