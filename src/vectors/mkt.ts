import { z } from 'zod'
import { type Held, kinetic, MKT_RATIO_K, meetsUsp, mktReason, USP_CRITERIA, type UspCriteria } from '../domain/mkt.ts'
import { exactMilliC } from '../fields.ts'
import { type CaseResult, compareCase, malformedFile } from './result.ts'

/** Files this module checks. */
export const schema = 'coldchain-vectors/mkt@1'

/** Runs every case of `mkt.json`: the number within its tolerance, USP criteria, and the reasons for no number. */
export function check(file: unknown): CaseResult[] {
  const parsed = fileSchema.safeParse(file)
  if (!parsed.success) return malformedFile(parsed.error)
  const { constants, toleranceC, cases, notApplicable } = parsed.data
  return [
    compareCase('constants', constants.ratioK, MKT_RATIO_K),
    ...cases.map((given) => numberResult(given, toleranceC)),
    ...cases.flatMap(uspResult),
    ...notApplicable.map(reasonResult),
  ]
}

const number = z.object({ mktC: z.number(), arithmeticMeanC: z.number(), mktCUnweightedWrong: z.number().optional() })
const usp = { mktLimitC: z.number(), maxC: exactMilliC, passes: z.boolean() }
const mktCase = z.object({
  id: z.string(),
  valuesC: z.array(exactMilliC).optional(),
  weightedC_s: z.array(z.tuple([exactMilliC, z.number()])).optional(),
  uspCct: z.object({ ...usp, windowH: z.number(), maxOutH: z.number() }).optional(),
  uspCrt: z.object({ ...usp, windowD: z.number(), maxSpikeH: z.number() }).optional(),
  expected: number,
})
const reasonCase = z.object({
  id: z.string(),
  storageClass: z.enum(['cryogenic', 'frozen', 'controlled_cold', 'controlled_room']),
  coverageH: z.number().default(24),
  requiredWindowH: z.number().default(24),
  policyAllowsMkt: z.boolean().default(true),
  expected: z.object({ mktC: z.null(), reason: z.string() }),
})
const fileSchema = z.object({
  schema: z.literal(schema),
  constants: z.object({ ratioK: z.number() }),
  toleranceC: z.number(),
  cases: z.array(mktCase),
  notApplicable: z.array(reasonCase),
})

type Case = z.infer<typeof mktCase>

const HOUR_MS = 3_600_000

/** Values without weights are an hour each. */
function heldOf({ valuesC = [], weightedC_s = [] }: Case): Held[] {
  return [
    ...valuesC.map((milliC) => ({ milliC, ms: HOUR_MS })),
    ...weightedC_s.map(([milliC, seconds]) => ({ milliC, ms: seconds * 1000 })),
  ]
}

/** The mean as well, and that forgotten weights give the other number: so the case tests what it means to test. */
function numberResult(given: Case, toleranceC: number): CaseResult {
  const held = heldOf(given)
  const { mktC, arithmeticMeanC, mktCUnweightedWrong: unweightedC } = given.expected
  const total = held.reduce((sum, { ms }) => sum + ms, 0)
  const pairs: [string, number, number | undefined][] = [
    ['mktC', mktC, kinetic(held)?.mktC],
    ['arithmeticMeanC', arithmeticMeanC, held.reduce((sum, { milliC, ms }) => sum + (milliC * ms) / total, 0) / 1000],
  ]
  if (unweightedC !== undefined) {
    pairs.push(['mktCUnweightedWrong', unweightedC, kinetic(held.map(({ milliC }) => ({ milliC, ms: 1 })))?.mktC])
  }
  const wrong = pairs.find(([, expected, actual]) => !(Math.abs(expected - (actual ?? Number.NaN)) <= toleranceC))
  if (wrong === undefined) return { id: given.id, ok: true }
  return { id: given.id, ok: false, message: `${wrong[0]}: expected ${wrong[1]}, got ${wrong[2]}` }
}

/** The criteria the file states must be those of the program, and so must their outcome. */
function uspResult(given: Case): CaseResult[] {
  const { uspCct, uspCrt } = given
  const outcomes: CaseResult[] = []
  const compare = (stated: Omit<UspCriteria, 'aboveMilliC'>, criteria: UspCriteria, passes: boolean) => {
    const { aboveMilliC: _above, ...known } = criteria
    const actual = { ...known, passes: meetsUsp(criteria, heldOf(given), null) }
    outcomes.push(compareCase(`${given.id} USP`, { ...stated, passes }, actual))
  }
  if (uspCct !== undefined) {
    const { windowH, maxOutH, mktLimitC, maxC } = uspCct
    const stated = { windowMs: windowH * HOUR_MS, mktLimitC, highestMilliC: maxC, maxAboveMs: maxOutH * HOUR_MS }
    compare(stated, USP_CRITERIA.controlled_cold, uspCct.passes)
  }
  if (uspCrt !== undefined) {
    const { windowD, maxSpikeH, mktLimitC, maxC } = uspCrt
    const stated = { windowMs: windowD * 24 * HOUR_MS, mktLimitC, highestMilliC: maxC, maxAboveMs: maxSpikeH * HOUR_MS }
    compare(stated, USP_CRITERIA.controlled_room, uspCrt.passes)
  }
  return outcomes
}

function reasonResult({ id, storageClass, coverageH, requiredWindowH, ...given }: z.infer<typeof reasonCase>) {
  const reason = mktReason({
    storageClass,
    isAllowed: given.policyAllowsMkt,
    coveredMs: coverageH * HOUR_MS,
    windowMs: requiredWindowH * HOUR_MS,
    minCoveragePercent: 95,
  })
  return compareCase(id, given.expected.reason, reason)
}
