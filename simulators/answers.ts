import { z } from 'zod'

const instant = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text))
const seconds = z.number().transform((s) => Math.round(s * 1000))

/** What every POST that creates answers. */
export const created = z.object({ id: z.int() })

/** A new API key; shown once. */
export const createdKey = z.object({ key: z.string() })

/** A new sensor with its MQTT password; shown once. */
export const createdSensor = z.object({ id: z.int(), secret: z.string() })

export const temperatureStatus = z.enum(['in_range', 'excursion_below_alarm', 'indeterminate', 'alarm'])

/** What the demo reads of `GET /shipments/{id}/status`. */
export const shipmentStatus = z.object({
  asOf: instant,
  evaluationVersion: z.int().nullable(),
  temperature: z.object({
    status: temperatureStatus,
    severity: z.enum(['warning', 'major', 'critical']).nullable(),
    complete: z.boolean(),
    reasons: z.array(z.string()),
    levels: z.array(
      z.object({
        id: z.string(),
        alarm: z.object({ state: z.enum(['none', 'confirmed', 'presumed']), at: instant.nullable() }),
        totalConfirmedS: seconds,
        events: z.array(z.object({ start: instant, end: instant })),
      }),
    ),
    gaps: z.array(z.object({ from: instant, to: instant })),
    worst: z.object({ lowestC: z.number().nullable(), highestC: z.number().nullable() }),
    window: z.object({ state: z.enum(['not_packed', 'open', 'closed']) }),
    counts: z.object({ valid: z.int() }),
  }),
  custody: z.object({
    chainStatus: z.enum(['intact', 'incomplete', 'broken']),
    holder: z.object({ organisationId: z.int() }).nullable(),
  }),
  review: z.object({
    state: z.enum(['none', 're_review']),
    open: z.array(
      z.object({
        evaluationVersion: z.int(),
        grounds: z.array(z.object({ text: z.string() })),
        reliedOnBy: z.array(
          z.object({ what: z.string(), organisation: z.string(), evaluationVersion: z.int(), at: instant }),
        ),
      }),
    ),
  }),
})

export type ShipmentStatus = z.infer<typeof shipmentStatus>

/** What the demo reads of `GET /shipments/{id}/evaluations`, newest first. */
export const evaluationList = z.object({
  items: z.array(z.object({ version: z.int(), status: temperatureStatus })),
})
