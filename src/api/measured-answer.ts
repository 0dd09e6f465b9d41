import { z } from '@hono/zod-openapi'
import type { NewestObservation } from '../actions/newest-observations.ts'
import { inUnit, QUANTITIES, unitOf } from '../domain/quantity.ts'
import { isoInstant } from '../domain/units.ts'
import { printedInstant } from './inputs.ts'

/** A value beside temperature as answers print it. */
export const measured = z.object({
  quantity: z.enum(QUANTITIES),
  channel: z.string(),
  at: printedInstant.meta({ description: 'when it was measured, by the sensor’s clock' }),
  value: z.number().nullable().meta({ description: 'null: the sensor reported a fault' }),
  unit: z.string().meta({ description: 'UN/ECE Rec 20 code' }),
})

/** Prints it in the unit of its quantity, unrounded. */
export function printMeasured({ quantity, channel, at, value }: NewestObservation): z.infer<typeof measured> {
  return {
    ...{ quantity, channel },
    at: isoInstant(at),
    value: value === null ? null : inUnit(quantity, value),
    unit: unitOf(quantity),
  }
}
