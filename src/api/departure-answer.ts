import { z } from '@hono/zod-openapi'
import type { DepartureCheck } from '../actions/departure-check.ts'
import { FINDING_TEXT } from '../domain/finding-text.ts'
import { isoOrNull, printedInstant } from './inputs.ts'

/** What is known to be wrong at sealing already, in the codes of the receipt. */
export const departure = z
  .object({
    plannedArrivalAt: printedInstant.nullable().meta({ description: 'null: nobody said; asked for now only' }),
    findings: z.array(z.object({ code: z.string(), what: z.string() })),
  })
  .openapi('DepartureCheck')

/** Prints a departure check. */
export function printDeparture({ plannedArrivalAt, findings }: DepartureCheck): z.infer<typeof departure> {
  return {
    plannedArrivalAt: isoOrNull(plannedArrivalAt),
    findings: findings.map((code) => ({ code, what: FINDING_TEXT[code].what })),
  }
}
