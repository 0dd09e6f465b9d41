import { createRoute, z } from '@hono/zod-openapi'
import { type ShipmentSeries, shipmentSeries } from '../actions/series.ts'
import { PLACEMENT_ROLES } from '../domain/judge.ts'
import { isRefusal } from '../domain/refusal.ts'
import type { Bucket } from '../domain/series.ts'
import { isoInstant } from '../domain/units.ts'
import { answers } from './answers.ts'
import { defineRoute } from './define-route.ts'
import { byId, celsiusOrNull, channel, idParam, isoOrNull, printedInstant, queryMoment } from './inputs.ts'
import { problem } from './problem.ts'

const bucket = z.object({
  from: printedInstant,
  to: printedInstant,
  values: z.int().meta({ description: 'valid ones, conflicting ones included' }),
  faults: z.int().meta({ description: 'values by which the sensor said that it could not measure' }),
  lowestC: z.number().nullable().meta({ description: 'of all valid values in it, after calibration' }),
  highestC: z.number().nullable(),
  gapS: z.number().meta({ description: 'how much of it no value covers' }),
})

const series = z
  .object({
    shipmentId: z.int(),
    from: printedInstant,
    to: printedInstant,
    bucketS: z.number(),
    archives: z
      .array(z.string())
      .meta({ description: 'archived months that are answered from the extremes kept of them, hour by hour' }),
    series: z.array(
      z.object({
        placementId: z.int(),
        sensorId: z.int(),
        channel: z.string(),
        role: z.enum(PLACEMENT_ROLES),
        from: printedInstant,
        to: printedInstant.nullable(),
        buckets: z.array(bucket).meta({
          description: 'ascending; where none is, no value came and the one before holds on',
        }),
      }),
    ),
  })
  .openapi('ShipmentSeries')

const MOST_POINTS = 2000

const query = z.object({
  from: queryMoment,
  to: queryMoment,
  sensorId: idParam.optional(),
  channel: channel.optional(),
  points: z
    .string()
    .regex(/^[1-9][0-9]{0,3}$/, `must be a whole number from 1 to ${MOST_POINTS}`)
    .transform(Number)
    .refine((points) => points <= MOST_POINTS, `must be at most ${MOST_POINTS}`)
    .default(500)
    .meta({ type: 'integer', minimum: 1, maximum: MOST_POINTS, description: 'at most so many buckets per series' }),
})

const ofShipment = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/shipments/{id}/series',
    tags: ['Readings'],
    summary: 'The temperatures of a shipment for a chart: lowest and highest, faults and gaps of each stretch of time',
    request: { params: byId, query },
    responses: answers('one series for each placement', series),
  }),
  handler: async (c) => {
    const { from = null, to = null, sensorId = null, channel: only = null, points } = c.req.valid('query')
    const asked = { shipmentId: c.req.valid('param').id, sensorId, channel: only, fromAt: from, toAt: to, points }
    const found = await shipmentSeries(c.var.ctx, c.var.actor, asked)
    return isRefusal(found) ? problem(c, found) : c.json(print(found), 200)
  },
})

export const seriesRoutes = [ofShipment] as const

function print({ shipmentId, grid, archives, series: all }: ShipmentSeries): z.infer<typeof series> {
  return {
    shipmentId,
    from: isoInstant(grid.fromAt),
    to: isoInstant(grid.toAt),
    bucketS: grid.widthMs / 1000,
    archives,
    series: all.map(({ placement, buckets }) => ({
      placementId: placement.id,
      sensorId: placement.sensorId,
      channel: placement.channel,
      role: series.shape.series.element.shape.role.parse(placement.role),
      from: isoInstant(placement.fromAt),
      to: isoOrNull(placement.toAt === Number.POSITIVE_INFINITY ? null : placement.toAt),
      buckets: buckets.map(printBucket),
    })),
  }
}

function printBucket({ fromAt, toAt, values, faults, ...rest }: Bucket): z.infer<typeof bucket> {
  return {
    from: isoInstant(fromAt),
    to: isoInstant(toAt),
    values,
    faults,
    lowestC: celsiusOrNull(rest.lowestMilliC),
    highestC: celsiusOrNull(rest.highestMilliC),
    gapS: rest.gapMs / 1000,
  }
}
