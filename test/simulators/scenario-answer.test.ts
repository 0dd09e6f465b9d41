import { describe, expect, test } from 'vitest'
import { answerDifferences, injectedAnswer } from '../../simulators/scenario-answer.ts'
import { scenarioTruth } from '../../simulators/scenario-truth.ts'
import { SCENARIOS, scenariosNamed } from '../../simulators/scenarios.ts'

const STARTED_AT = Date.UTC(2026, 2, 2)
const AS_OF = STARTED_AT + 30 * 3_600_000
const [scenario] = SCENARIOS.filter(({ name }) => name === 'swapped-with-a-hole')

function answer(asOf: number, seed = 7) {
  if (scenario === undefined) throw new Error('the library lost a scenario')
  const script = scenario.script(STARTED_AT)
  const truth = scenarioTruth(script, { startAt: STARTED_AT, seed, name: scenario.name }, asOf)
  return injectedAnswer(scenario.expected, truth, script.looks)
}

describe('answers', () => {
  test('are equal only when nothing differs', () => expect(answerDifferences(answer(AS_OF), answer(AS_OF))).toEqual([]))

  test.each(Object.keys(answer(AS_OF)))('differ when %s does', (name) => {
    const injected = answer(AS_OF)
    expect(answerDifferences({ ...injected, [name]: 'something else' }, injected)).toEqual([
      expect.stringMatching(new RegExp(`^${name}: served something else, injected `)),
    ])
  })

  test('tell of one reading more or another value', () => {
    const measured = expect.stringMatching(/^measured: /)
    expect(answerDifferences(answer(AS_OF, 8), answer(AS_OF))).toContainEqual(measured)
    expect(answerDifferences(answer(AS_OF - 8 * 3_600_000), answer(AS_OF))).toContainEqual(measured)
  })
})

test('a name that is no scenario is handed back', () => {
  expect(scenariosNamed(['nothing-happens', 'no-such-story'])).toEqual({ unknown: ['no-such-story'] })
})
