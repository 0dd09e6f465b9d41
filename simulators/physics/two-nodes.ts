import type { Curve } from './curve.ts'

/** Two temperatures: the outer body has the heat leak, the inner one touches only the outer. */
export type Nodes = { outerC: number; innerC: number }

/** What surrounds and joins them; `heatW` goes into the outer body (negative: cooling). `leakWPerK` is above 0. */
export type NodeSetting = {
  outerJPerK: number
  innerJPerK: number
  leakWPerK: number
  contactWPerK: number
  ambientC: number
  heatW: number
}

/** Both temperatures over ms, and when the outer one turns: it does so at most once. */
export type NodeCourse = { outerC: Curve; innerC: Curve; outerTurnsMs: number }

/**
 * The exact course of two bodies (domain page 3.4): `Co dTo/dt = UA (Tamb - To) + K (Ti - To) + W` and
 * `Ci dTi/dt = K (To - Ti)`, both a sum of a fast and a slow decay around the common end.
 */
export function twoNodes(start: Nodes, setting: NodeSetting): NodeCourse {
  const { outerJPerK, innerJPerK, leakWPerK, contactWPerK, ambientC, heatW } = setting
  const endC = ambientC + heatW / leakWPerK
  const [outer, inner] = [start.outerC - endC, start.innerC - endC]
  const outerOwn = (leakWPerK + contactWPerK) / outerJPerK / 1000
  const outerTaken = contactWPerK / outerJPerK / 1000
  const innerOwn = contactWPerK / innerJPerK / 1000
  const spread = Math.sqrt((outerOwn - innerOwn) ** 2 + 4 * outerTaken * innerOwn)
  const fast = (outerOwn + innerOwn + spread) / 2
  // from the product of the two rates: subtracting would lose digits when they lie far apart
  const slow = ((leakWPerK / outerJPerK / 1000) * innerOwn) / fast
  const outerFast = ((outerOwn - slow) * outer - outerTaken * inner) / spread
  const innerFast = ((innerOwn - slow) * inner - innerOwn * outer) / spread
  const [outerSlow, innerSlow] = [outer - outerFast, inner - innerFast]
  const sum = (fastShare: number, slowShare: number) => (ms: number) =>
    endC + fastShare * Math.exp(-fast * ms) + slowShare * Math.exp(-slow * ms)
  return {
    outerC: sum(outerFast, outerSlow),
    innerC: sum(innerFast, innerSlow),
    outerTurnsMs: Math.log((-outerFast * fast) / (outerSlow * slow)) / (fast - slow),
  }
}
