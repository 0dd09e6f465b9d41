import { describe, expect, test } from 'vitest'
import type { CustodyStep, Journey } from '../../simulators/journey.ts'
import { knownSamples, samplesOf } from '../../simulators/journey.ts'
import { demoJourneys, JOURNEY_MS } from '../../simulators/journeys.ts'
import { CUSTODY_DEFAULTS, foldCustody } from '../../src/domain/custody.ts'
import type { CustodyEvent } from '../../src/domain/custody-event.ts'

const START_AT = Date.UTC(2026, 2, 2)
const STAGING = { startAt: START_AT, seed: 7 }
const MINUTE_MS = 60_000

describe.each(demoJourneys())('the journey "$title"', (journey) => {
  test('has the chain of custody and the holder that its story tells', () => {
    const { chainStatus, currentHolder } = foldCustody(eventsOf(journey), {
      ...CUSTODY_DEFAULTS,
      asOf: START_AT + JOURNEY_MS,
      destinationOrg: 'centre',
      coi: 'COI',
    })
    expect({ chainStatus, holder: currentHolder }).toEqual({
      chainStatus: journey.expected.chainStatus,
      holder: journey.expected.holder,
    })
  })

  test('is over before the play ends, and all that happens falls on a full minute', () => {
    const { madeAtMs, fromMs } = journey.placement
    const uploads = journey.sensor.silences.flatMap(({ memory }) => (memory === 'lost' ? [] : [memory.uploadAtMs]))
    const times = [...journey.custody.map(({ atMs }) => atMs), madeAtMs, fromMs, journey.sensor.fromMs, ...uploads]
    expect(Math.max(...times, journey.sensor.untilMs ?? 0)).toBeLessThan(JOURNEY_MS)
    expect(times.filter((ms) => ms % MINUTE_MS !== 0)).toEqual([])
  })

  test('measures the same values whenever it is played with one seed', () => {
    const values = () => knownSamples(journey, STAGING, START_AT + JOURNEY_MS).map(({ milliC }) => milliC)
    expect(values()).toEqual(values())
    expect(values().length).toBeGreaterThan(80)
  })
})

test('what lies in memory is known from its upload on, what is lost never', () => {
  const [flight, lost] = ['D-FLIGHT', 'C-LOST'].map((key) => demoJourneys().find((journey) => journey.key === key))
  if (flight === undefined || lost === undefined) throw new Error('the demo lost a journey')
  const known = (journey: Journey, hours: number) =>
    knownSamples(journey, STAGING, START_AT + hours * 60 * MINUTE_MS).length
  const measured = (journey: Journey) => [...samplesOf(journey, STAGING)].length
  // nine hours of flight, four readings an hour
  expect(known(flight, 27.5) - known(flight, 27.4)).toBe(36 + 1)
  expect(known(flight, 29)).toBe(measured(flight))
  expect(measured(lost) - known(lost, 29)).toBe(3 * 4)
})

function eventsOf(journey: Journey): CustodyEvent[] {
  return journey.custody.map((step, index) => eventOf(step, index + 1))
}

function eventOf(step: CustodyStep, seq: number): CustodyEvent {
  const { seals, handoverId, attestedBy, acknowledgement } = step.said ?? {}
  const at = START_AT + step.atMs
  return {
    kind: step.kind,
    at,
    recordedAt: at,
    seq,
    byOrg: step.by,
    units: step.unitsNamed ? ['BAG'] : [],
    coi: step.coiNamed ? 'COI' : undefined,
    toOrg: step.to,
    seals,
    handoverId,
    signature: attestedBy?.printedName,
    acknowledgement,
  }
}
