import { parseArgs } from 'node:util'
import { pino } from 'pino'
import { z } from 'zod'
import { type Replayed, replayShipment, storedEvaluations } from '../actions/replay.ts'
import { type Config, readConfig } from '../config.ts'
import type { Ctx } from '../context.ts'
import { JUDGES } from '../domain/judge-versions.ts'
import { openDatabase } from './database.ts'

const USAGE = `unbroken replay [--shipment ID] [--evaluation VERSION]
  judges stored evaluations again, each by the judge that made it, from the inputs it names and the readings known then,
  and compares byte for byte; without --shipment those of the whole database`

type Output = { print: (line: string) => void; show: (text: string) => void; isTty: boolean }
type Asked = { shipment: number | null; evaluation: number | null }

/**
 * `unbroken replay`: replays stored evaluations and names each difference. Returns the exit code: 0 where none differs
 * (what is archived is said, and cannot be replayed), 1 where one does or cannot be replayed for another reason, 2 when
 * used wrongly.
 */
export async function replayCommand(args: readonly string[], out: Output): Promise<number> {
  const asked = readArguments(args)
  if (asked === null) {
    out.show(`${USAGE}\n`)
    return 2
  }
  const config = readConfig()
  if ('problems' in config) {
    out.show(`The configuration cannot be used:\n${config.problems.map((problem) => `  ${problem}\n`).join('')}`)
    return 1
  }
  return withDatabase(config, (db) => replayAll({ db, judges: JUDGES }, asked, out))
}

const number = z
  .string()
  .regex(/^[1-9]\d{0,8}$/)
  .transform(Number)
  .optional()
const given = z.object({ shipment: number, evaluation: number })

function readArguments(args: readonly string[]): Asked | null {
  try {
    const options = { shipment: { type: 'string' }, evaluation: { type: 'string' } } as const
    const { shipment = null, evaluation = null } = given.parse(parseArgs({ args: [...args], options }).values)
    // a version is one of a shipment
    return evaluation !== null && shipment === null ? null : { shipment, evaluation }
  } catch {
    // parseArgs throws on what nobody reads, the schema on what is no number
    return null
  }
}

async function withDatabase<T>(config: Config, work: (db: Ctx['db']) => Promise<T>): Promise<T> {
  const backend = await openDatabase(config, pino({ level: config.logLevel }, pino.destination(2)))
  try {
    return await work(backend.db)
  } finally {
    await backend.close()
  }
}

type Counts = Record<Replayed['outcome'], number>

/** Replays what is asked for, shipment by shipment; returns the exit code. */
export async function replayAll(ctx: Pick<Ctx, 'db' | 'judges'>, asked: Asked, out: Output): Promise<number> {
  const found = await storedEvaluations(ctx, { shipmentId: asked.shipment })
  const total = asked.evaluation === null ? found.reduce((sum, { versions }) => sum + versions, 0) : 1
  const counts: Counts = { same: 0, differs: 0, archived: 0, unknown_judge: 0, input_missing: 0 }
  const progress = progressOf(total, out)
  for (const { shipmentId } of found) {
    for (const one of await replayShipment(ctx, { shipmentId, version: asked.evaluation })) {
      counts[one.outcome]++
      for (const line of linesOf(one)) {
        progress.clear()
        out.print(line)
      }
    }
    progress.at(Object.values(counts).reduce((sum, count) => sum + count, 0))
  }
  progress.clear()
  out.print(closing(counts))
  const nothing = total === 0 || Object.values(counts).every((count) => count === 0)
  if (nothing && asked.shipment !== null) return 1
  return counts.differs + counts.unknown_judge + counts.input_missing === 0 ? 0 : 1
}

/** One line per difference; nothing where it is the same. */
function linesOf(one: Replayed): string[] {
  const name = `shipment ${one.shipmentId} evaluation ${one.version}`
  switch (one.outcome) {
    case 'same':
      return []
    case 'differs':
      return one.differences.map(({ path, stored, recomputed }) => {
        return `${name}: ${path}: stored ${JSON.stringify(stored)}, replayed ${JSON.stringify(recomputed)}`
      })
    case 'archived':
      return [`${name}: cannot replay: archived (${one.archives.join(', ')}); restore it first`]
    case 'unknown_judge':
      return [`${name}: cannot replay: this program knows no judge ${one.judgeVersion}; use one that does`]
    case 'input_missing':
      return [`${name}: cannot replay: a profile, sensor, certificate or read-out that it names is missing`]
  }
}

function closing({ same, differs, archived, unknown_judge: unknown, input_missing: missing }: Counts): string {
  const replayed = `${same + differs} replayed: ${same} the same, ${differs} differ`
  const not = archived + unknown + missing
  return not === 0 ? replayed : `${replayed}; ${not} not replayed (${archived} archived)`
}

const BAR = 30

/** A bar on a terminal; in a log a line for each tenth. */
function progressOf(total: number, { show, isTty }: Output) {
  let tenths = 0
  return {
    at: (done: number) => {
      const share = total === 0 ? 1 : Math.min(1, done / total)
      const filled = Math.round(share * BAR)
      const said = `${'#'.repeat(filled)}${'-'.repeat(BAR - filled)} ${done} of ${total} evaluations`
      if (isTty) show(`\r${said}`)
      else if (Math.floor(share * 10) > tenths) show(`${said}\n`)
      tenths = Math.floor(share * 10)
    },
    clear: () => {
      if (isTty) show('\r\u001b[K')
    },
  }
}
