import { isDeepStrictEqual } from 'node:util'
import type { z } from 'zod'

/** Outcome of one published case. */
export type CaseResult =
  | { readonly id: string; readonly ok: true }
  | { readonly id: string; readonly ok: false; readonly message: string }

/** Compares an outcome with what the case expects, by value. */
export function compareCase(id: string, expected: unknown, actual: unknown): CaseResult {
  if (isDeepStrictEqual(expected, actual)) return { id, ok: true }
  return { id, ok: false, message: `expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}` }
}

/** A file that does not have the shape of its schema is one failing case, named after the file's part at fault. */
export function malformedFile(error: z.ZodError): CaseResult[] {
  return [{ id: 'file', ok: false, message: error.issues.map((i) => `${i.path.join('.')}: ${i.message}`).join('; ') }]
}
