import { z } from '@hono/zod-openapi'
import type { ContainerStatus, NoHoldTime } from '../actions/container-status.ts'
import { COOLANTS, coolantOf } from '../domain/coolant.ts'
import type { HoldTimeLeft } from '../domain/hold-time.ts'
import { QUANTILES, type Spread } from '../domain/likely.ts'
import { isoInstant } from '../domain/units.ts'
import { isoOrNull, printedInstant } from './inputs.ts'

const spread = z.object({ best: z.number(), low: z.number(), high: z.number() })

const holdTime = z.object({
  hoursLeft: spread.meta({ description: 'until the coolant is gone; never read one of the three alone' }),
  litresLeft: spread.nullable().meta({ description: 'of nitrogen; null for dry ice' }),
  kgLeft: spread.meta({ description: 'of coolant' }),
  quantiles: spread.meta({ description: 'the shares of what can be that lie below low, best and high' }),
  basis: z.enum(['weighed', 'charged']),
  since: printedInstant.meta({ description: 'the weighing or charge the amount rests on' }),
  chargedAt: printedInstant.nullable(),
  handling: z
    .object({ uprightS: z.number(), leaningS: z.number(), sideS: z.number(), invertedS: z.number() })
    .extend({ unknownS: z.number() })
    .meta({ description: 'since then; no data is not upright' }),
  qualified: z.object({
    staticUntil: printedInstant.nullable(),
    dynamicUntil: printedInstant.nullable(),
    exceeded: z.boolean().nullable().meta({ description: 'by the hold time in transport, else by that at rest' }),
  }),
  reasons: z.array(z.string()).meta({ description: 'why the spread is not narrower, and what should worry' }),
})

const missing = z.object({ value: z.null(), reason: z.string() })

/** The container of a shipment as its status shows it. */
export const containerAnswer = z.union([
  z.object({
    id: z.int(),
    serial: z.string(),
    kind: z.string(),
    holdTimeLeft: z.union([holdTime, missing]),
  }),
  missing,
])

/** Prints it: hours, litres and kilograms, rounded to the safe side but for `high`. */
export function printContainer(found: ContainerStatus | null): z.infer<typeof containerAnswer> {
  if (found === null) return { value: null, reason: 'The shipment names no container.' }
  const { id, serial, kind, holdTimeLeft, reason } = found
  const why = reason === null ? '' : WHY_NONE[reason]
  return {
    ...{ id, serial, kind },
    holdTimeLeft: holdTimeLeft === null ? { value: null, reason: why } : printHoldTime(holdTimeLeft, kind),
  }
}

const WHY_NONE: Record<NoHoldTime, string> = {
  NO_COOLANT: 'A container of this kind has no coolant to run out of.',
  OPENED: 'The consignee has opened it: hold time ends with the unit out.',
  LOSS_UNKNOWN: 'Register the container with coolantLossPerDay, or with coolantCapacity and holdTimeS.',
  NOT_CHARGED: 'Nothing says when it was charged: record packed or replenished, or let a scale observe its mass.',
  AMOUNT_UNKNOWN: 'Register the container with coolantCapacity, or with emptyKg and a weight since the charge.',
}

const MS_PER_HOUR = 3_600_000

function printHoldTime(found: HoldTimeLeft, kind: string): z.infer<typeof holdTime> {
  const coolant = coolantOf(kind)
  const { handling, qualified } = found
  return {
    hoursLeft: printSpread(found.leftMs, { per: MS_PER_HOUR, decimals: 1 }),
    litresLeft:
      coolant === 'nitrogen' ? printSpread(found.coolantG, { per: COOLANTS.nitrogen.unitG, decimals: 2 }) : null,
    kgLeft: printSpread(found.coolantG, { per: 1000, decimals: 2 }),
    quantiles: QUANTILES,
    basis: found.basis,
    since: isoInstant(found.sinceAt),
    chargedAt: isoOrNull(found.chargedAt),
    handling: {
      uprightS: handling.upright / 1000,
      leaningS: handling.leaning / 1000,
      sideS: handling.side / 1000,
      invertedS: handling.inverted / 1000,
      unknownS: handling.unknown / 1000,
    },
    qualified: {
      staticUntil: isoOrNull(qualified.staticUntilAt),
      dynamicUntil: isoOrNull(qualified.dynamicUntilAt),
      exceeded: qualified.exceeded,
    },
    reasons: found.reasons,
  }
}

function printSpread({ best, low, high }: Spread, { per, decimals }: { per: number; decimals: number }): Spread {
  const one = 10 ** decimals
  // 0.1 h is 360,000 ms, and 0.3 / 0.1 is less than 3: what is a whole step must stay one
  const steps = (amount: number) => Number(((amount * one) / per).toFixed(6))
  const down = (amount: number) => Math.floor(steps(amount)) / one
  return { best: down(best), low: down(low), high: Math.ceil(steps(high)) / one }
}
