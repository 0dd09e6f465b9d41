import { z } from '@hono/zod-openapi'
import type { BudgetOfUnit, ShipmentBudget } from '../actions/shipment-budget.ts'
import { MKT_RATIO_K, MKT_ZERO_K, type Mkt } from '../domain/mkt.ts'
import type { BudgetBand } from '../domain/profile.ts'
import type { UnitBand } from '../domain/unit-budget.ts'
import { isoInstant } from '../domain/units.ts'
import { celsiusOrNull, printedInstant } from './inputs.ts'

const states = ['within', 'presumed_exceeded', 'exceeded', 'none'] as const

const state = z.enum(states).meta({ description: 'none: the profile has no stability budget, which is not within' })

const used = z.object({
  consumedS: z.number(),
  presumedS: z.number().meta({ description: 'in gaps beside time out of the label; kept apart' }),
})

const band = z.object({
  id: z.string().meta({ description: 'NO_BAND: outside the label where no stability data allow any time' }),
  aboveC: z.number().nullable(),
  uptoC: z.number().nullable(),
  allowedS: z.number().meta({ description: 'over the life of the unit; 0: forbidden' }),
  earlier: used.meta({ description: 'declared, inherited, and of shipments before this one' }),
  here: used,
  remainingS: z.number().meta({ description: 'presumed time counts as used; never below 0' }),
  bestRemainingS: z.number(),
  worstRemainingS: z.number(),
  state: z.enum(['within', 'presumed_exceeded', 'exceeded']),
  warningPercent: z.number().nullable().meta({ description: '50 or 80, where so much is used; presumed time counts' }),
})

const unit = z.object({
  unitId: z.int(),
  code: z.string(),
  ride: z.enum(['not_packed', 'riding', 'over']),
  state,
  best: state.meta({ description: 'if nothing unobserved was spent outside the label; never a verdict' }),
  worst: state.meta({ description: 'if all of it was spent where it hurts most; never a verdict' }),
  bands: z.array(band),
  unobservedS: z.object({ earlier: z.number(), here: z.number() }),
  leaving: z
    .object({ band: z.string(), s: z.number() })
    .nullable()
    .meta({ description: 'how long it may stay at the newest value; null: nothing is used now, or nobody knows' }),
  earlierUse: z.enum(['declared', 'not_declared']).meta({ description: 'a signed figure of tank, depot and handling' }),
  earlierShipments: z.int(),
  earlierOpen: z.int().meta({ description: 'those that nobody closed: counted until the unit was packed again' }),
  unknownRides: z.int().meta({ description: 'rides archived before anybody asked: unobserved until restored' }),
  fractionSum: z.number().nullable().meta({ description: 'sum of used shares, for information' }),
  fractionSumWithPresumed: z.number().nullable(),
})

const mkt = z
  .object({
    shownC: z.string().nullable().meta({ description: 'one decimal' }),
    unroundedC: z.number().nullable().meta({ description: 'what is compared' }),
    reason: z
      .enum(['MKT_NOT_APPLICABLE_FROZEN', 'MKT_NOT_ALLOWED_BY_POLICY', 'MKT_WINDOW_INCOMPLETE'])
      .nullable()
      .meta({ description: 'why there is none' }),
    policy: z.enum(['off', 'informative', 'decision_support_US']),
    blindTo: z.enum(['LOW_EXCURSION']).nullable().meta({ description: 'it sinks where the product froze' }),
    usp: z
      .enum(['meets', 'fails'])
      .nullable()
      .meta({ description: 'criteria of USP <1079.2>; US decision support only' }),
    constants: z.object({ activationOverGasK: z.number(), zeroCelsiusK: z.number() }),
  })
  .meta({ description: 'mean kinetic temperature of the highest sensor; no verdict is made from it' })

/** The stability budget of every unit of a shipment, and its mean kinetic temperature. */
export const shipmentBudget = z
  .object({
    shipmentId: z.int(),
    asOf: printedInstant,
    evaluationVersion: z.int().nullable(),
    profile: z.object({ profileId: z.int(), name: z.string(), example: z.boolean() }),
    label: z.object({ lowC: z.number().nullable(), highC: z.number().nullable() }),
    window: z.object({
      state: z.enum(['not_packed', 'open', 'closed']),
      from: printedInstant.nullable(),
      to: printedInstant.nullable(),
    }),
    units: z.array(unit),
    archives: z.array(z.string()).meta({ description: 'that hold its readings: the ledger stands in for them' }),
    mkt,
  })
  .openapi('ShipmentBudget')

/** Prints the answer: instants ISO 8601, temperatures degrees Celsius, durations seconds; unrounded. */
export function printBudget(found: ShipmentBudget): z.infer<typeof shipmentBudget> {
  const { profileId, name, example, labelLowMilliC, labelHighMilliC, budgetBands, mktPolicy } = found.profile
  return {
    shipmentId: found.shipmentId,
    asOf: isoInstant(found.asOf),
    evaluationVersion: found.evaluationVersion === 0 ? null : found.evaluationVersion,
    profile: { profileId, name, example },
    label: { lowC: celsiusOrNull(labelLowMilliC), highC: celsiusOrNull(labelHighMilliC) },
    window: printSpan(found.span),
    units: found.units.map((one) => printUnit(one, budgetBands)),
    archives: [...found.archives],
    mkt: printMkt(found.mkt, mktPolicy),
  }
}

function printSpan(span: ShipmentBudget['span']): z.infer<typeof shipmentBudget>['window'] {
  if (span === null) return { state: 'not_packed', from: null, to: null }
  const from = isoInstant(span.fromAt)
  return span.closed ? { state: 'closed', from, to: isoInstant(span.toAt) } : { state: 'open', from, to: null }
}

function printUnit(found: BudgetOfUnit, bands: readonly BudgetBand[]): z.infer<typeof unit> {
  const { unitId, code, ride, state, best, worst, earlierUse, earlierShipments, earlierOpen, unknownRides } = found
  return {
    ...{ unitId, code, ride, state, best, worst, earlierUse, earlierShipments, earlierOpen, unknownRides },
    bands: found.bands.map((one) => printBand(one, bands)),
    unobservedS: { earlier: found.unobservedMs.earlier / 1000, here: found.unobservedMs.here / 1000 },
    leaving: found.leaving && { band: found.leaving.band, s: found.leaving.leftMs / 1000 },
    fractionSum: found.fractionSum,
    fractionSumWithPresumed: found.fractionSumWithPresumed,
  }
}

function printBand(found: UnitBand, bands: readonly BudgetBand[]): z.infer<typeof band> {
  const limits = bands.find(({ id }) => id === found.id)
  return {
    id: found.id,
    aboveC: celsiusOrNull(limits?.aboveMilliC ?? null),
    uptoC: celsiusOrNull(limits?.uptoMilliC ?? null),
    allowedS: found.allowedMs / 1000,
    earlier: printUsed(found.earlier),
    here: printUsed(found.here),
    remainingS: found.remainingMs / 1000,
    bestRemainingS: found.bestMs / 1000,
    worstRemainingS: found.worstMs / 1000,
    state: found.state,
    warningPercent: found.warning,
  }
}

function printUsed({ consumedMs, presumedMs }: UnitBand['here']): z.infer<typeof used> {
  return { consumedS: consumedMs / 1000, presumedS: presumedMs / 1000 }
}

function printMkt(found: Mkt, policy: z.infer<typeof mkt>['policy']): z.infer<typeof mkt> {
  const constants = { activationOverGasK: MKT_RATIO_K, zeroCelsiusK: MKT_ZERO_K }
  if (found.mktC === null) {
    return { shownC: null, unroundedC: null, reason: found.reason, policy, blindTo: null, usp: null, constants }
  }
  const { mktC, shown, blindTo, usp } = found
  return { shownC: shown, unroundedC: mktC, reason: null, policy, blindTo, usp, constants }
}
