import type { Context } from 'hono'
import type { z } from 'zod'
import type { problemSchema } from './problem.ts'

/** The exceptions of EPCIS's REST binding that this service answers with, as `type` of the problem. */
const EXCEPTIONS = {
  QueryParameterException: { status: 400, title: 'The question is not understood' },
  NoSuchNameException: { status: 404, title: 'Not found' },
  QueryTooLargeException: { status: 413, title: 'The answer is too large' },
} as const

type Exception = keyof typeof EXCEPTIONS

/** A problem document as EPCIS clients know it: its type is the standard's own (GS1 EPCIS 2.0, REST binding). */
export function epcisProblem<Name extends Exception>(c: Context, exception: Name, detail: string) {
  const { title } = EXCEPTIONS[exception]
  const status: (typeof EXCEPTIONS)[Name]['status'] = EXCEPTIONS[exception].status
  const body: z.infer<typeof problemSchema> = {
    type: `epcisException:${exception}`,
    title,
    status,
    detail,
    instance: c.req.path,
    requestId: c.var.requestId,
  }
  return c.json(body, status, { 'Content-Type': 'application/problem+json' })
}
