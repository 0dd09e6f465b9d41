import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { caseFile, evaluateCase } from '../vectors/case.ts'

/**
 * `unbroken evaluate FILE`: judges the cases of a file `{profiles, cases}` without a database and prints
 * `{"results": [{"id", …}]}` with the fields of `expected` in `excursions.json`. Returns the exit code: 1, with one
 * line per problem, when the file cannot be read or judged.
 */
export function evaluate(path: string, out: { print: (text: string) => void; warn: (text: string) => void }): number {
  try {
    const parsed = caseFile.safeParse(JSON.parse(readFileSync(path, 'utf8')))
    if (!parsed.success) {
      out.warn(`${path} is not a file of cases:\n${z.prettifyError(parsed.error)}`)
      return 1
    }
    const results = parsed.data.cases.map((given) => evaluateCase(given, parsed.data.profiles))
    out.print(JSON.stringify({ results }, null, 1))
    return 0
  } catch (error) {
    out.warn(`${path}: ${error instanceof Error ? error.message : error}`)
    return 1
  }
}
