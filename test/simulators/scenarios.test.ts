import { describe, expect, test } from 'vitest'
import type { CustodyStep } from '../../simulators/journey.ts'
import { JOURNEY_MS } from '../../simulators/journeys.ts'
import type { Ending, Scenario, Script, Statement } from '../../simulators/scenario.ts'
import { REPORTS } from '../../simulators/scenario-reports.ts'
import { journeyStart, type Staging } from '../../simulators/scenario-telling.ts'
import { scenarioTruth, toldMs } from '../../simulators/scenario-truth.ts'
import { SCENARIOS } from '../../simulators/scenarios.ts'
import { CUSTODY_DEFAULTS, foldCustody } from '../../src/domain/custody.ts'
import type { CustodyEvent, CustodyStatement } from '../../src/domain/custody-event.ts'

/** In winter and in summer time, at different hours, with different noise. */
const STAGINGS = [
  { startAt: Date.UTC(2026, 2, 2), seed: 7 },
  { startAt: Date.UTC(2026, 6, 14, 9, 37), seed: 1 },
  { startAt: Date.UTC(2026, 10, 23, 22, 5), seed: 2 },
  { startAt: Date.UTC(2027, 0, 1, 3, 30), seed: 3 },
]
const MINUTE_MS = 60_000

describe('the library', () => {
  test('has at least 25 scenarios, each with a name of its own and a story', () => {
    const names = SCENARIOS.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    expect(names.length).toBeGreaterThanOrEqual(25)
    expect(names.filter((name) => !/^[a-z0-9]+(-[a-z0-9]+)+$/.test(name))).toEqual([])
    expect(SCENARIOS.filter(({ story }) => story.split(/\s+/).length < 30).map(({ name }) => name)).toEqual([])
  })

  test.each(Object.entries(REPORTS))('has a scenario for %s: %s', (report) => {
    const shown = SCENARIOS.filter(({ reports }) => reports.some((key) => key === report)).map(({ name }) => name)
    expect(shown).not.toEqual([])
  })
})

describe.each(SCENARIOS)('the scenario $name', (scenario) => {
  test.each(STAGINGS)('ends as its story tells, by the oracle (seed $seed)', (staging) => {
    const played = { ...staging, name: scenario.name }
    expect(endingOf(scenario.script(staging.startAt), played)).toEqual(toldEnding(scenario.expected))
  })

  test.each(STAGINGS)('is seen on the way as its story tells (seed $seed)', (staging) => {
    const script = scenario.script(staging.startAt)
    const played = { ...staging, name: scenario.name }
    const seen = script.looks.map(({ atMs }) => {
      const { status, complete } = endingOf(script, played, staging.startAt + atMs)
      return { atMs, status, complete }
    })
    expect(seen).toEqual(script.looks)
  })

  test('has the chain of custody that its story tells', () => {
    expect(chainOf(scenario, Date.UTC(2026, 2, 2))).toEqual({
      chain: scenario.expected.chain,
      holder: scenario.expected.holder,
      findings: [...(scenario.expected.findings ?? [])].sort(),
    })
  })

  test('is over before the play ends, on its grid, in different parts', () => {
    const script = scenario.script(Date.UTC(2026, 2, 2))
    const told = script.custody.map((statement) => toldMs(script, statement))
    const ends = script.sensors.flatMap(({ untilMs, readOutMs, releasedMs }) => [
      untilMs,
      readOutMs ?? 0,
      releasedMs ?? 0,
    ])
    expect(Math.max(...told, ...ends, ...script.looks.map(({ atMs }) => atMs))).toBeLessThan(JOURNEY_MS)
    expect(script.custody.filter(({ atMs }) => atMs % MINUTE_MS !== 0)).toEqual([])
    const keys = script.sensors.map(({ key }) => key)
    expect(new Set(keys).size).toBe(keys.length)
  })
})

/** Every statement of a script has been made by then, and hardly a reading grows old. */
const END_MS = JOURNEY_MS - MINUTE_MS

/** The oracle's answer in the words of a story. */
function endingOf(script: Script, staging: Staging, asOf = staging.startAt + END_MS) {
  const { truth, reasons, held } = scenarioTruth(script, staging, asOf)
  const startAt = journeyStart(script, staging)
  const own = truth?.status ?? 'indeterminate'
  const capped = reasons.includes('CALIBRATION_INVALID') && own !== 'alarm'
  const levels = truth?.levels ?? []
  return {
    status: capped ? 'indeterminate' : own,
    severity: truth?.severity ?? null,
    complete: truth?.complete ?? false,
    gaps: (truth?.gaps ?? []).map(({ fromAt, toAt }) => `${hours(fromAt - startAt)}-${hours(toAt - startAt)}`),
    events: Object.fromEntries(
      levels.flatMap(({ id, events }) => (events.length > 0 ? [[id, events.length] as const] : [])),
    ),
    alarms: Object.fromEntries(
      levels.flatMap(({ id, alarm }) => (alarm.state === 'none' ? [] : [[id, alarm.state] as const])),
    ),
    reasons: reasons.filter((reason) => reason !== 'GAP'),
    held,
  }
}

function toldEnding({ gaps = [], events = {}, alarms = {}, reasons = [], held = 0, ...expected }: Ending) {
  const { status, severity, complete } = expected
  return { status, severity, complete, gaps, events, alarms, reasons, held }
}

function hours(ms: number): string {
  return `${Math.floor(ms / 3_600_000)}:${String(Math.floor(ms / MINUTE_MS) % 60).padStart(2, '0')}`
}

function chainOf({ script: scriptOf }: Scenario, startAt: number) {
  const script = scriptOf(startAt)
  const inOrder = script.custody.toSorted((a, b) => toldMs(script, a) - toldMs(script, b))
  const journeyAt = script.afterwards?.journeyAt ?? startAt
  const seqs = new Map(inOrder.map(({ label }, index) => [label, index + 1]))
  const events = inOrder.map((statement, index): CustodyEvent => {
    const { corrects } = statement
    const instead = corrects?.instead && statementOf(corrects.instead, journeyAt)
    return {
      ...statementOf(statement, journeyAt),
      ...(corrects && { corrects: seqs.get(corrects.label), replacement: instead ?? null }),
      seq: index + 1,
      recordedAt: startAt + toldMs(script, statement),
    }
  })
  const terms = { ...CUSTODY_DEFAULTS, asOf: startAt + END_MS, destinationOrg: 'centre', coi: 'COI' }
  const { chainStatus, currentHolder, findings } = foldCustody(events, terms)
  return { chain: chainStatus, holder: currentHolder, findings: findings.map(({ code }) => code).sort() }
}

function statementOf(step: CustodyStep & Pick<Statement, 'coi'>, journeyAt: number): CustodyStatement {
  const { attestedBy: _attested, ...said } = step.said ?? {}
  return {
    kind: step.kind,
    at: journeyAt + step.atMs,
    byOrg: step.by,
    units: step.unitsNamed ? ['BAG'] : [],
    coi: step.coi ?? (step.coiNamed ? 'COI' : undefined),
    toOrg: step.to,
    ...said,
  }
}
