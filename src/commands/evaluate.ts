import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { caseFile, evaluateCase } from '../vectors/case.ts'

/**
 * `unbroken evaluate FILE`: judges the cases of a file `{profiles, cases}` without a database and prints
 * `{"results": [{"id", …}]}` with the fields of `expected` in `excursions.json`. Returns the exit code: 1, with one
 * line per problem, when the file cannot be read or judged.
 */
export function evaluate(path: string, out: { print: (text: string) => void; warn: (text: string) => void }): number {
  const given = readCases(path)
  if ('problem' in given) {
    out.warn(given.problem)
    return 1
  }
  const results = given.cases.map((one) => evaluateCase(one, given.profiles))
  out.print(JSON.stringify({ results }, null, 1))
  return 0
}

function readCases(path: string): z.infer<typeof caseFile> | { problem: string } {
  let content: unknown
  try {
    content = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return {
      problem:
        error instanceof SyntaxError
          ? `${path} is not JSON: ${reason}. A logger's file is judged with --profile.`
          : `cannot read ${path}: ${reason}`,
    }
  }
  const parsed = caseFile.safeParse(content)
  if (parsed.success) return parsed.data
  return { problem: `${path} is not a file of cases {profiles, cases}:\n${z.prettifyError(parsed.error)}` }
}
