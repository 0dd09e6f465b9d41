import { type Between, takeBetween } from './between.ts'
import { type Combined, combine, type JudgedSpan } from './combine.ts'
import { type FoldRules, type FoldState, type Interval, type Row, take } from './excursion.ts'
import { foldRules, type SensorRules } from './judge.ts'
import { finish, type PlacementJudgement } from './placement-judgement.ts'
import type { Profile } from './profile.ts'

/**
 * A behaviour of the judging engine, frozen once an evaluation was stored with it. A change of any result is a new
 * entry with the next number; the program keeps every one it ever stored, so that each evaluation can be replayed with
 * its own. What is new in the inputs is no change: read-outs of a sensor's memory select which rows are judged, an
 * evaluation that rests on some names them, and none that does not would come out otherwise than before they were
 * known; so it is with certificates that found a sensor out of tolerance.
 */
export type Judge = {
  readonly version: number
  readonly foldRules: (profile: Profile, sensor: SensorRules, scope: { fromAt: number; toAt: number }) => FoldRules
  readonly take: (state: FoldState, rules: FoldRules, row: Row) => void
  readonly takeBetween: (states: readonly FoldState[], rules: FoldRules, between: Between) => boolean
  readonly finish: (
    state: FoldState,
    rules: FoldRules,
    end: { endAt: number; earlier: Interval[] },
  ) => PlacementJudgement
  readonly combine: (span: JudgedSpan, profile: Profile, placements: readonly PlacementJudgement[]) => Combined
}

/** The judges a program knows; `current` makes every new evaluation. */
export type Judges = { readonly current: Judge; readonly byVersion: ReadonlyMap<number, Judge> }

/** The first behaviour. */
export const JUDGE_1: Judge = { version: 1, foldRules, take, takeBetween, finish, combine }

/** A registry of judges, the newest last. */
export function judgesOf(...known: readonly [...Judge[], Judge]): Judges {
  const [current, ...before] = known.toReversed()
  if (current === undefined) throw new Error('a registry of judges has at least one')
  if (before.some(({ version }) => version >= current.version)) throw new Error('the newest judge comes last')
  return { current, byVersion: new Map(known.map((judge) => [judge.version, judge])) }
}

/** Every judge this program ever stored an evaluation with. */
export const JUDGES: Judges = judgesOf(JUDGE_1)
