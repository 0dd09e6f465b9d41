import { z } from '@hono/zod-openapi'
import { CLASSIFICATIONS, type Deviation } from '../actions/deviations.ts'
import { isoInstant } from '../domain/units.ts'
import { printedInstant } from './inputs.ts'

/** A deviation, by its number in the customer's quality system. */
export const deviation = z
  .object({
    id: z.int(),
    number: z.string(),
    system: z.string(),
    classification: z.enum(CLASSIFICATIONS),
    units: z.array(z.string()),
    findings: z.array(z.string()),
    note: z.string().nullable(),
    organisationId: z.int(),
    openedBy: z.string(),
    openedAt: printedInstant,
    knownAt: printedInstant,
    closing: z
      .object({ closedAt: printedInstant, conclusion: z.string(), closedBy: z.string(), knownAt: printedInstant })
      .nullable(),
  })
  .openapi('Deviation')

/** Prints a deviation. */
export function printDeviation({ closing, ...found }: Deviation): z.infer<typeof deviation> {
  return {
    ...found,
    openedAt: isoInstant(found.openedAt),
    knownAt: isoInstant(found.knownAt),
    closing: closing && {
      ...closing,
      closedAt: isoInstant(closing.closedAt),
      knownAt: isoInstant(closing.knownAt),
    },
  }
}
