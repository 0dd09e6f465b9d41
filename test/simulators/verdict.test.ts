import { describe, expect, test } from 'vitest'
import { differences, summary, type Verdict } from '../../simulators/verdict.ts'

const VERDICT: Verdict = {
  status: 'alarm',
  severity: 'major',
  complete: false,
  gaps: ['09:00 to 18:00'],
  levels: [
    { id: 'H1', events: 2, confirmedS: 2700, alarm: 'confirmed', alarmAt: '2026-03-02T22:30:00.000Z' },
    { id: 'L1', events: 0, confirmedS: 0, alarm: 'none', alarmAt: null },
  ],
  measured: '97 readings, 2.1 to 10.4 C',
  chainStatus: 'intact',
  review: 'none',
  holder: 'Example Hospital',
  before: null,
  historyKept: true,
}

describe('served and injected', () => {
  test('are equal only when nothing differs', () => expect(differences(VERDICT, structuredClone(VERDICT))).toEqual([]))

  test.each<[string, Partial<Verdict>]>([
    ['status', { status: 'in_range' }],
    ['severity', { severity: 'warning' }],
    ['complete', { complete: true }],
    ['gap 1', { gaps: [] }],
    ['gap 1', { gaps: ['09:00 to 18:15'] }],
    ['gap 2', { gaps: ['09:00 to 18:00', '19:00 to 20:00'] }],
    ['chainStatus', { chainStatus: 'broken' }],
    ['review', { review: 're_review' }],
    ['measured', { measured: '96 readings, 2.1 to 10.4 C' }],
    ['holder', { holder: null }],
    ['before', { before: 'indeterminate, incomplete' }],
    ['historyKept', { historyKept: false }],
    ['H1 events', { levels: VERDICT.levels.map((level) => ({ ...level, events: level.id === 'H1' ? 1 : 0 })) }],
    ['H1 alarmAt', { levels: VERDICT.levels.map((level) => ({ ...level, alarmAt: null })) }],
    [
      'L1 confirmedS',
      { levels: VERDICT.levels.map((level) => ({ ...level, confirmedS: level.id === 'L1' ? 1 : 2700 })) },
    ],
  ])('differ in %s', (path, change) => {
    const found = differences({ ...VERDICT, ...change }, VERDICT)
    expect(found).toHaveLength(1)
    expect(found[0]).toMatch(new RegExp(`^${path}: served .*, injected `))
  })

  test('a level that only one side knows is a difference', () => {
    expect(differences({ ...VERDICT, levels: [] }, VERDICT).length).toBeGreaterThan(0)
    expect(differences(VERDICT, { ...VERDICT, levels: [] }).length).toBeGreaterThan(0)
  })
})

test('the summary never shows a status without its completeness', () => {
  expect(summary(VERDICT)).toBe(
    'alarm (major), incomplete; gap 09:00 to 18:00; H1 2 events, confirmed alarm 22:30; ' +
      '97 readings, 2.1 to 10.4 C; chain intact',
  )
})
