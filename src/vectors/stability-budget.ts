import { z } from 'zod'
import { budgetOf } from '../domain/budget.ts'
import type { BudgetScale } from '../domain/budget-bands.ts'
import { expose, type Usage } from '../domain/exposure.ts'
import { exactMilliC, instant, milliseconds } from '../fields.ts'
import { difference } from './compare.ts'
import { type CaseResult, malformedFile } from './result.ts'

/** Files this module checks. */
export const schema = 'coldchain-vectors/stability-budget@2'

/** Runs every case of `stability-budget.json`: consumption per band over legs, inherited and presumed time, states. */
export function check(file: unknown): CaseResult[] {
  const parsed = fileSchema.safeParse(file)
  if (!parsed.success) return malformedFile(parsed.error)
  const { budgets, cases } = parsed.data
  return cases.map((given) => {
    const scale = given.budget === null ? NO_BUDGET : budgets[given.budget]
    const message =
      scale === undefined ? `no budget "${given.budget}"` : difference(given.expected, answer(given, scale))
    return message === null ? { id: given.id, ok: true } : { id: given.id, ok: false, message }
  })
}

const NO_BUDGET: BudgetScale = { labelLowMilliC: null, labelHighMilliC: null, budgetBands: [] }

const budget = z
  .object({
    labelLowC: exactMilliC.nullable(),
    labelHighC: exactMilliC.nullable(),
    bands: z.array(
      z.object({
        id: z.string(),
        aboveC: exactMilliC.nullable(),
        uptoC: exactMilliC.nullable(),
        allowedS: milliseconds,
      }),
    ),
  })
  .transform(
    ({ labelLowC, labelHighC, bands }): BudgetScale => ({
      labelLowMilliC: labelLowC,
      labelHighMilliC: labelHighC,
      budgetBands: bands.map(({ id, aboveC, uptoC, allowedS }) => ({
        id,
        aboveMilliC: aboveC,
        uptoMilliC: uptoC,
        allowedMs: allowedS,
      })),
    }),
  )

const leg = z.object({
  leg: z.string(),
  nominalIntervalS: milliseconds,
  maxGapS: milliseconds,
  window: z.object({ from: instant, to: instant }),
  readings: z.array(z.tuple([instant, exactMilliC])),
})

const budgetCase = z.object({
  id: z.string(),
  budget: z.string().nullable(),
  inheritedS: z.record(z.string(), milliseconds).optional(),
  legs: z.array(leg),
  expected: z.record(z.string(), z.unknown()),
})

const fileSchema = z.object({
  schema: z.literal(schema),
  budgets: z.record(z.string(), budget),
  cases: z.array(budgetCase),
})

function answer({ legs, inheritedS }: z.infer<typeof budgetCase>, scale: BudgetScale) {
  const inherited = Object.entries(inheritedS ?? {}).map(([band, ms]) => ({ band, consumedMs: ms, presumedMs: 0 }))
  const used = [...inherited, ...legs.flatMap((one) => legUsage(one, scale))]
  const { state, bands, fractionSum, fractionSumWithPresumed } = budgetOf(scale.budgetBands, used, 'declared')
  return {
    state,
    bands: bands.map((band) => ({
      id: band.id,
      consumedS: band.consumedMs / 1000,
      presumedS: band.presumedMs / 1000,
      allowedS: band.allowedMs / 1000,
      remainingS: band.remainingMs / 1000,
      state: band.state,
    })),
    fractionSum: rounded(fractionSum),
    fractionSumWithPresumed: rounded(fractionSumWithPresumed),
  }
}

function legUsage(
  { window, nominalIntervalS, maxGapS, readings }: z.infer<typeof leg>,
  scale: BudgetScale,
): readonly Usage[] {
  const span = { fromAt: window.from, toAt: window.to, closed: true }
  const plain = { correct: (_at: number, milliC: number) => milliC, range: null }
  const rules = { ...plain, fromAt: span.fromAt, toAt: span.toAt, nominalMs: nominalIntervalS, maxGapMs: maxGapS }
  const rows = readings.map(([at, milliC]) => ({ at, milliC })).sort((a, b) => a.at - b.at)
  return expose(scale, [{ rules, rows }], { span }).usage
}

/** The file gives fractions with six decimals. */
function rounded(value: number | null): number | null {
  return value === null ? null : Math.round(value * 1e6) / 1e6
}
