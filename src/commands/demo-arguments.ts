import { parseArgs } from 'node:util'
import { scenarioList } from '../../simulators/scenario-demo.ts'
import { SCENARIOS, scenariosNamed } from '../../simulators/scenarios.ts'
import { demo } from './demo.ts'

/**
 * `unbroken demo [--exit] [--list | --all | --scenario NAME[,NAME]]`: the demo's own journeys, or scenarios of the
 * library. `--all` plays the whole library and ends. Returns the exit code; null where the arguments are none of these.
 */
export async function demoCommand(
  given: readonly string[],
  { print, warn, isTty }: { print: (text: string) => void; warn: (text: string) => void; isTty: boolean },
): Promise<number | null> {
  const asked = readArguments(given)
  if (asked === null) return null
  if (asked.list) {
    print(scenarioList(SCENARIOS))
    return 0
  }
  const chosen = asked.all ? { scenarios: [...SCENARIOS] } : scenariosNamed(asked.names)
  if ('unknown' in chosen) {
    warn(`There is no scenario ${chosen.unknown.join(', ')}: see \`npm run demo -- --list\`.`)
    return 2
  }
  return demo({ exit: asked.exit || asked.all, scenarios: chosen.scenarios, print, isTty })
}

type Asked = { exit: boolean; list: boolean; all: boolean; names: string[] }

function readArguments(given: readonly string[]): Asked | null {
  try {
    const { values } = parseArgs({
      args: [...given],
      options: {
        exit: { type: 'boolean', default: false },
        list: { type: 'boolean', default: false },
        all: { type: 'boolean', default: false },
        scenario: { type: 'string', multiple: true, default: [] },
      },
    })
    const names = values.scenario.flatMap((text) => text.split(',').filter((name) => name !== ''))
    const choices = [values.list, values.all, values.scenario.length > 0].filter(Boolean).length
    const isEmpty = values.scenario.length > 0 && names.length === 0
    return choices > 1 || isEmpty ? null : { ...values, names: [...new Set(names)] }
  } catch {
    // parseArgs throws on what nobody reads
    return null
  }
}
