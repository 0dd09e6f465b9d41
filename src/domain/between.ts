import { type FoldRules, type FoldState, isFault, outs, type Row } from './excursion.ts'

/** A late value with the values next to it, each the only one of its instant. */
export type Between = { before: Row; row: Row; after: Row }

/**
 * Takes a late value into states that have taken both its neighbours, where that makes them what feeding all in order
 * would: decided as the neighbours are, within the limits as the value before it, near enough for no gap, and part of
 * no stretch of identical values, it changes counts alone. False, with nothing changed, where it may change more: then
 * what follows it has to be fed again, which takes thirty times as long. It belongs to `take` of the same judge.
 */
export function takeBetween(states: readonly FoldState[], rules: FoldRules, { before, row, after }: Between): boolean {
  if (before.at >= row.at || row.at >= after.at || after.at - before.at > rules.maxGapMs) return false
  if (states.some(({ open }) => open === null || after.at >= open.at)) return false
  const [earlier, own, later] = [correctedOf(before, rules), correctedOf(row, rules), correctedOf(after, rules)]
  if (earlier === null || own === null || later === null) return false
  if (own === earlier || own === later || earlier === later) return false
  if (isAnyOut(rules, earlier) || isAnyOut(rules, own)) return false
  for (const state of states) {
    state.valid++
    state.lowest = Math.min(state.lowest, own)
    state.highest = Math.max(state.highest, own)
  }
  return true
}

/** Null for a fault. */
function correctedOf({ at, milliC }: Row, rules: FoldRules): number | null {
  return milliC === null || isFault(milliC, rules) ? null : rules.correct(at, milliC)
}

function isAnyOut(rules: FoldRules, milliC: number): boolean {
  return outs(rules, { min: milliC, max: milliC }).includes(true)
}
