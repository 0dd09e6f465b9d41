import type { Scenario } from './scenario.ts'
import { COLD_SCENARIOS } from './scenarios/cold.ts'
import { CUSTODY_SCENARIOS } from './scenarios/custody.ts'
import { DELIVERY_SCENARIOS } from './scenarios/delivery.ts'
import { DEVICE_SCENARIOS } from './scenarios/devices.ts'
import { WINDOW_SCENARIOS } from './scenarios/windows.ts'

/** Every scenario of the library, by theme. */
export const SCENARIOS: readonly Scenario[] = [
  ...COLD_SCENARIOS,
  ...DEVICE_SCENARIOS,
  ...DELIVERY_SCENARIOS,
  ...WINDOW_SCENARIOS,
  ...CUSTODY_SCENARIOS,
]

/** The scenarios of these names, in that order; the names nobody knows are handed back instead. */
export function scenariosNamed(names: readonly string[]): { scenarios: Scenario[] } | { unknown: string[] } {
  const unknown = names.filter((name) => !SCENARIOS.some((scenario) => scenario.name === name))
  if (unknown.length > 0) return { unknown }
  return { scenarios: names.flatMap((name) => SCENARIOS.find((scenario) => scenario.name === name) ?? []) }
}
