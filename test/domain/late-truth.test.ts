import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { EvaluationContent, LevelContent } from '../../src/domain/evaluation-content.ts'
import { contentOf } from '../../src/domain/evaluation-record.ts'
import { judgeWhole } from '../../src/domain/judge.ts'
import { JUDGE_1 } from '../../src/domain/judge-versions.ts'
import { type KnownTruth, type KnownUnit, lateTruth } from '../../src/domain/late-truth.ts'
import { MINUTE, T0 } from '../support/limits.ts'
import { type RandomCase, randomCase } from './random-case.ts'

const EVENT = {
  startAt: T0,
  endAt: T0 + 15 * MINUTE,
  firstOutAt: T0,
  lastOutAt: T0,
  confirmedMs: 15 * MINUTE,
  presumedMs: 0,
  extremeMilliC: 9000,
  open: false,
}
const LEVEL: LevelContent = { id: 'H1', alarm: { state: 'none' }, events: [EVENT] }
const EVALUATION: EvaluationContent = {
  status: 'excursion_below_alarm',
  severity: null,
  complete: true,
  presumed: false,
  reasons: [],
  window: { fromAt: T0, toAt: T0 + 60 * MINUTE },
  levels: [LEVEL],
  gaps: [],
}
const UNIT: KnownUnit = { code: 'BAG-1', budget: 'within', verdict: 'ACCEPT', findings: ['EXCURSION_BELOW_ALARM'] }

type Change = { evaluation?: Partial<EvaluationContent>; unit?: Partial<KnownUnit>; level?: Partial<LevelContent> }
function truth({ evaluation = {}, unit = {}, level }: Change = {}): KnownTruth {
  const levels = level === undefined ? {} : { levels: [{ ...LEVEL, ...level }] }
  return { evaluation: { ...EVALUATION, ...levels, ...evaluation }, units: [{ ...UNIT, ...unit }] }
}

/** `+` where it must be looked at again, then what every difference is about. */
function said(before: Change, after: Change): string {
  const { reReview, differences } = lateTruth(truth(before), truth(after))
  for (const { text } of differences) expect(text).toMatch(/^[A-Z].+\.$/)
  const about = differences.map((one) => (one.of === null ? one.about : `${one.about} ${one.of}`))
  return `${reReview ? '+' : '-'} ${about.join(', ')}`
}

test('the same truth is none', () => expect(lateTruth(truth(), truth())).toEqual({ differences: [], reReview: false }))

const gap = { fromAt: T0, toAt: T0 + 10 * MINUTE }

/** Each row is also read backwards. */
describe.each<[string, Change, Change, string, string]>([
  ['status', {}, { evaluation: { status: 'alarm' } }, '+ status', '- status'],
  [
    'status of a gap that filled with a mild excursion',
    { evaluation: { status: 'indeterminate' } },
    {},
    '- status',
    '+ status',
  ],
  [
    'severity',
    { evaluation: { severity: 'warning' } },
    { evaluation: { severity: 'major' } },
    '+ severity',
    '- severity',
  ],
  ['first severity', {}, { evaluation: { severity: 'warning' } }, '+ severity', '- severity'],
  ['presumed time', {}, { evaluation: { presumed: true } }, '+ presumed', '- presumed'],
  ['a reason', {}, { evaluation: { reasons: ['CALIBRATION_INVALID'] } }, '+ reasons', '- reasons'],
  ['a gap', {}, { evaluation: { gaps: [gap] } }, '+ gap', '- gap'],
  [
    'a gap that shrank',
    { evaluation: { gaps: [gap] } },
    { evaluation: { gaps: [{ ...gap, fromAt: T0 + 1 }] } },
    '- gap, gap',
    '+ gap, gap',
  ],
  [
    'a gap that ends',
    { evaluation: { gaps: [{ ...gap, toAt: null }] } },
    { evaluation: { gaps: [gap] } },
    '- gap, gap',
    '+ gap, gap',
  ],
  ['a window that closes', { evaluation: { window: { fromAt: T0, toAt: null } } }, {}, '- window', '+ window'],
  [
    'a window that moves',
    {},
    { evaluation: { window: { fromAt: T0 + 1, toAt: T0 + 60 * MINUTE } } },
    '+ window',
    '+ window',
  ],
  ['packing that was recorded late', { evaluation: { window: null } }, {}, '+ window', '+ window'],
  ['a presumed alarm', {}, { level: { alarm: { state: 'presumed', at: T0 } } }, '+ alarm H1', '- alarm H1'],
  [
    'a confirmed alarm',
    { level: { alarm: { state: 'presumed', at: T0 } } },
    { level: { alarm: { state: 'confirmed', at: T0 } } },
    '+ alarm H1',
    '- alarm H1',
  ],
  [
    'an earlier alarm',
    { level: { alarm: { state: 'confirmed', at: T0 + 1 } } },
    { level: { alarm: { state: 'confirmed', at: T0 } } },
    '+ alarm H1',
    '- alarm H1',
  ],
  ['a level that is new', { evaluation: { levels: [] } }, {}, '+ event H1', '- event H1'],
  [
    'another event',
    {},
    { level: { events: [EVENT, { ...EVENT, startAt: T0 + 30 * MINUTE }] } },
    '+ event H1',
    '- event H1',
  ],
  ['a longer event', {}, { level: { events: [{ ...EVENT, confirmedMs: 16 * MINUTE }] } }, '+ event H1', '- event H1'],
  ['an event presumed longer', {}, { level: { events: [{ ...EVENT, presumedMs: 1 }] } }, '+ event H1', '- event H1'],
  [
    'presumed time that was measured after all',
    { level: { events: [{ ...EVENT, confirmedMs: 10 * MINUTE, presumedMs: 5 * MINUTE }] } },
    {},
    '+ event H1',
    '- event H1',
  ],
  [
    'another last reading beyond',
    {},
    { level: { events: [{ ...EVENT, lastOutAt: T0 + 1 }] } },
    '- event H1',
    '- event H1',
  ],
  ['another extreme', {}, { level: { events: [{ ...EVENT, extremeMilliC: 9100 }] } }, '+ event H1', '+ event H1'],
  ['budget over', {}, { unit: { budget: 'exceeded' } }, '+ budget BAG-1', '- budget BAG-1'],
  ['budget presumed over', {}, { unit: { budget: 'presumed_exceeded' } }, '+ budget BAG-1', '- budget BAG-1'],
  ['budget withdrawn', {}, { unit: { budget: 'none' } }, '+ budget BAG-1', '- budget BAG-1'],
  [
    'a finding',
    {},
    { unit: { findings: ['EXCURSION_BELOW_ALARM', 'SEAL_BROKEN'] } },
    '+ finding BAG-1',
    '- finding BAG-1',
  ],
  ['a verdict', {}, { unit: { verdict: 'QUARANTINE' } }, '+ verdict BAG-1', '+ verdict BAG-1'],
  ['a first verdict', { unit: { verdict: null } }, {}, '- verdict BAG-1', '+ verdict BAG-1'],
])('%s', (_what, before, after, forwards, backwards) => {
  test('came', () => expect(said(before, after)).toBe(forwards))
  test('went', () => expect(said(after, before)).toBe(backwards))
})

test('a difference says before and after in words', () => {
  const { differences } = lateTruth(truth(), truth({ level: { events: [{ ...EVENT, extremeMilliC: 14_000 }] } }))
  const [from, to] = ['2026-03-02T10:00:00.000Z', '2026-03-02T10:15:00.000Z']
  const lasted = `${from} to ${to}, 900 s measured and 0 s presumed, first measured ${from}, last ${from}`
  expect(differences.map(({ text }) => text)).toEqual([
    `Beyond H1: was ${lasted}, worst value 9 C, is ${lasted}, worst value 14 C.`,
  ])
})

test('a unit that nobody had relied on yet makes no difference', () => {
  const none = { ...truth(), units: [] }
  expect(lateTruth(none, truth()).differences).toEqual([])
})

/** Evaluations as the service stores them, of random shipments. */
function stored({ profile, span, placements }: RandomCase): KnownTruth {
  const combined = judgeWhole(profile, span, placements)
  const evaluation: EvaluationContent = contentOf({
    shipment: {
      shipmentId: 1,
      judge: JUDGE_1,
      profileId: 1,
      profile,
      window: null,
      judgeFromAt: null,
      placements: [],
      archives: [],
    },
    span,
    combined,
    sensors: [],
    archived: null,
  })
  return { evaluation, units: [] }
}

describe('over stored evaluations', () => {
  test('nothing differs from itself, and whatever differs is told', () =>
    fc.assert(
      fc.property(randomCase, fc.nat(3), (given, dropped) => {
        const relied = stored(given)
        expect(lateTruth(relied, stored(given))).toEqual({ differences: [], reReview: false })
        const now = stored({ ...given, placements: given.placements.filter((_, index) => index !== dropped) })
        const isSame =
          JSON.stringify({ ...relied.evaluation, complete: 0 }) === JSON.stringify({ ...now.evaluation, complete: 0 })
        expect(lateTruth(relied, now).differences.length > 0).toBe(!isSame)
      }),
      { numRuns: 1000 },
    ))
})
