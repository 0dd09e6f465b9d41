import { z } from '@hono/zod-openapi'
import type { ZodType } from 'zod'
import { problemSchema } from './problem.ts'

/** The body of a request: one JSON object. */
export function body<Schema extends ZodType>(schema: Schema) {
  return { required: true as const, content: { 'application/json': { schema } } }
}

/** 200 with the schema, or a problem. */
export function answers<Schema extends ZodType>(description: string, schema: Schema) {
  return { 200: { description, content: { 'application/json': { schema } } }, ...PROBLEM_RESPONSES }
}

/** 201 with the schema and the address of what was created, or a problem. */
export function created<Schema extends ZodType>(description: string, schema: Schema) {
  const headers = z.object({ Location: z.string() })
  return { 201: { description, headers, content: { 'application/json': { schema } } }, ...PROBLEM_RESPONSES }
}

/** One page of a list. */
export function listOf<Schema extends ZodType>(schema: Schema) {
  return z.object({
    items: z.array(schema),
    nextCursor: z.string().nullable().meta({ description: 'give it as ?cursor to get the next page; null: the last' }),
  })
}

/** Sent with a POST to make repeating it harmless. */
export const repeatable = z.object({
  'Idempotency-Key': z
    .string()
    .optional()
    .meta({ description: 'the same key with the same request gets the same answer; nothing is done twice' }),
})

/** Where created things are found. */
export const API_PATH = '/api/v1'

/** Takes files, which are larger than any other body and are streamed. */
export const IMPORT_PATH = `${API_PATH}/readings/import`

const content = { 'application/problem+json': { schema: problemSchema } }

/** Every status a problem of any route can have. */
export const PROBLEM_RESPONSES = {
  400: { description: 'the request cannot be read', content },
  401: { description: 'no valid API key', content },
  403: { description: 'the role of the key does not allow it', content },
  404: { description: 'it does not exist, or not for this organisation', content },
  409: { description: 'it does not fit what is there; the type says why', content },
  413: { description: 'the body is too large', content },
  415: { description: 'the body is of a type that this address does not read', content },
  422: { description: 'the request says something that cannot be; every problem is listed', content },
  500: { description: 'the service failed', content },
  503: { description: 'the database cannot be reached: send the request again', content },
}
