import { expect, test } from 'vitest'
import { parseScenario, usualDisturbances } from '../../simulators/fleet-scenario.ts'

const LEAST = { schema: 'unbroken-scenario@1', sensors: 8, shipments: 2 }

test('a scenario that says nothing else is a mixed day with the usual disturbances', () => {
  expect(parseScenario(LEAST)).toEqual({
    seed: 7,
    sensors: 8,
    shipments: 2,
    durationMs: 86_400_000,
    profiles: { cryo: 0.4, fridge: 0.4, dryice: 0.2 },
    faults: [],
    disturbances: usualDisturbances([]),
  })
})

test('times are minutes since the start, lengths minutes; what is not said is drawn', () => {
  const disturbances = [
    { kind: 'warm_spell', share: 0.5, fromMinute: 90, forMinutes: 45 },
    { kind: 'stuck', share: 0.25 },
  ]
  expect(parseScenario({ ...LEAST, disturbances })).toMatchObject({
    disturbances: [
      { kind: 'warm_spell', share: 0.5, fromMs: 5_400_000, forMs: 2_700_000 },
      { kind: 'stuck', share: 0.25, fromMs: null, forMs: null },
    ],
  })
})

test.each([
  ['another version', { schema: 'unbroken-scenario@2' }, 'schema'],
  ['a word nobody reads', { sensor: 8 }, 'sensor'],
  ['fewer sensors than shipments', { sensors: 1 }, 'every shipment needs a sensor'],
  ['profiles that are not everything', { profiles: { cryo: 0.5 } }, 'must add up to 1'],
  [
    'disturbances of more than all',
    {
      disturbances: [
        { kind: 'stuck', share: 0.6 },
        { kind: 'flight', share: 0.6 },
      ],
    },
    'more than 1',
  ],
  ['an unknown fault', { faults: ['gremlins'] }, 'faults'],
])('%s is refused with its place', (_what, change, said) => {
  expect(parseScenario({ ...LEAST, ...change })).toEqual({ problem: expect.stringContaining(said) })
})
