import { parseArgs } from 'node:util'
import { type Config, readConfig } from '../config.ts'
import { checkBroker } from './doctor/broker-checks.ts'
import { brokerFacts } from './doctor/broker-facts.ts'
import { type Check, printCheck, warn as worth } from './doctor/check.ts'
import { checkDatabase } from './doctor/database-checks.ts'
import { databaseFacts } from './doctor/database-facts.ts'
import { checkService } from './doctor/service-checks.ts'
import { serviceFacts } from './doctor/service-facts.ts'

type Output = { print: (line: string) => void; warn: (line: string) => void }

/**
 * `unbroken doctor [--json]`: measures broker, database and clocks of this configuration as they are, and prints one
 * line per check. Changes nothing but a small retained mark at the broker (`{prefix}/doctor/mark`). Returns the exit
 * code: 0 nothing failed, 1 something did, 2 the configuration cannot be used; null where the arguments are none of
 * these.
 */
export async function doctorCommand(given: readonly string[], { print, warn }: Output): Promise<number | null> {
  const asked = readArguments(given)
  if (asked === null) return null
  const config = readConfig()
  if ('problems' in config) {
    warn(`The configuration cannot be used:\n${config.problems.map((problem) => `  ${problem}`).join('\n')}`)
    return 2
  }
  const checks = await examine(config, Date.now)
  if (asked.json) print(JSON.stringify({ checks }, null, 2))
  else for (const check of checks) print(printCheck(check))
  return checks.some(({ level }) => level === 'fail') ? 1 : 0
}

function readArguments(given: readonly string[]): { json: boolean } | null {
  try {
    const { values } = parseArgs({ args: [...given], options: { json: { type: 'boolean', default: false } } })
    return values
  } catch {
    // parseArgs throws on what nobody reads
    return null
  }
}

/** Looks first, then judges. One after the other: a probe would disturb what another one measures. */
async function examine(config: Config, now: () => number): Promise<Check[]> {
  const broker = await brokerFacts(config, now)
  const database = await databaseFacts(config, now)
  const service = await serviceFacts(config, now)
  return [
    ...checkBroker(broker, config.mqtt),
    ...checkService(service, config.mqtt.clientId),
    ...checkDatabase(database, { pool: config.databasePool, now: now() }),
    ...(config.clock === null ? [] : [SCALED]),
  ]
}

const SCALED = worth(
  'clock of the service',
  'CLOCK_ORIGIN, CLOCK_STARTED and CLOCK_SPEED set another clock than the real one: for trials only',
  'Unset them in production',
)
