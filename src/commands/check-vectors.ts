import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import * as thermal from '../../simulators/physics/check-thermal.ts'
import * as custodyChain from '../vectors/custody-chain.ts'
import * as epcisMapping from '../vectors/epcis-mapping.ts'
import * as excursions from '../vectors/excursions.ts'
import * as gs1Keys from '../vectors/gs1-keys.ts'
import * as hashChain from '../vectors/hash-chain.ts'
import * as mkt from '../vectors/mkt.ts'
import * as receiptDecision from '../vectors/receipt-decision.ts'
import type { CaseResult } from '../vectors/result.ts'
import * as stabilityBudget from '../vectors/stability-budget.ts'
import * as unitsTime from '../vectors/units-time.ts'

/** What this program can check, by the `schema` a file names. */
const CHECKERS: readonly { schema: string; check: (file: unknown) => CaseResult[] }[] = [
  excursions,
  unitsTime,
  custodyChain,
  hashChain,
  gs1Keys,
  stabilityBudget,
  mkt,
  receiptDecision,
  epcisMapping,
  thermal,
]

/**
 * `unbroken check-vectors PATH…`: runs every JSON file (folders: the files in them) whose `schema` is
 * `coldchain-vectors/*`. One line per failing case, later schemas listed as skipped, then `N passed, N failed`. Returns
 * the exit code: 1 when a case failed, a file could not be read or nothing was run.
 */
export function checkVectors(paths: readonly string[], print: (line: string) => void): number {
  let [passed, failed] = [0, 0]
  for (const path of paths.flatMap(jsonFiles)) {
    const results = checkFile(path, print)
    for (const result of results) {
      if (result.ok) passed++
      else {
        failed++
        print(`FAILED ${path} ${result.id}: ${result.message}`)
      }
    }
    if (results.length > 0) print(`${path}: ${results.filter(({ ok }) => ok).length} of ${results.length} passed`)
  }
  print(`${passed} passed, ${failed} failed`)
  return failed > 0 || passed === 0 ? 1 : 0
}

function jsonFiles(path: string): string[] {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return [path]
  return readdirSync(path)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => join(path, name))
}

const withSchema = z.object({ schema: z.string() })

function checkFile(path: string, print: (line: string) => void): CaseResult[] {
  let content: unknown
  try {
    content = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    return [{ id: 'file', ok: false, message: `cannot be read: ${error instanceof Error ? error.message : error}` }]
  }
  const { data } = withSchema.safeParse(content)
  if (!data?.schema.startsWith('coldchain-vectors/')) return []
  const checker = CHECKERS.find(({ schema }) => schema === data.schema)
  if (checker === undefined) {
    print(`skipped ${path}: ${data.schema} is not supported yet`)
    return []
  }
  try {
    return checker.check(content)
  } catch (error) {
    return [{ id: 'file', ok: false, message: error instanceof Error ? error.message : String(error) }]
  }
}
