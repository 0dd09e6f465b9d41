import { createRoute, z } from '@hono/zod-openapi'
import type { Reading } from '../actions/describe-readings.ts'
import { type AskedReadings, listSensorReadings, listShipmentReadings } from '../actions/readings.ts'
import { SOURCE } from '../actions/store-readings.ts'
import { isRefusal } from '../domain/refusal.ts'
import { isoInstant } from '../domain/units.ts'
import { answers, listOf } from './answers.ts'
import { defineRoute } from './define-route.ts'
import { byId, celsiusOrNull, channel, idParam, isoOrNull, printedInstant, queryMoment } from './inputs.ts'
import { pageOf, printReadings, readingPageQuery } from './paging.ts'
import { problem } from './problem.ts'

const reading = z
  .object({
    sensorId: z.int(),
    channel: z.string(),
    source: z.enum(['live', 'readout']).meta({ description: 'sent on the way, or read out of the memory' }),
    at: printedInstant.meta({ description: 'when it was measured, by the sensor’s clock' }),
    valueC: z.number().nullable().meta({ description: 'as the sensor said; null: it reported a fault' }),
    correctedC: z.number().nullable().meta({ description: 'after calibration; what is judged' }),
    fault: z.boolean(),
    withinUncertainty: z.boolean().nullable().meta({ description: 'so near a limit that the sensor cannot tell' }),
    conflicts: z
      .array(z.number().nullable())
      .meta({ description: 'other values for this instant; the worse is judged' }),
    takenBack: z
      .boolean()
      .meta({ description: 'no import that says valueC stands (taken back, or broken off): kept, and not judged' }),
    takenBackConflicts: z.array(z.number().nullable()).meta({ description: 'other values of which the same holds' }),
    raw: z.string().nullable().meta({ description: 'the sensor’s text, where it says more than the value' }),
    seq: z.int().nullable(),
    receivedAt: printedInstant,
    knownAt: printedInstant.nullable(),
  })
  .openapi('Reading')

const query = readingPageQuery.extend({
  channel: channel.optional(),
  from: queryMoment,
  to: queryMoment,
})

const ofShipmentQuery = query.extend({ sensorId: idParam.optional() })

const tags = ['Readings']

const ofShipment = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/shipments/{id}/readings',
    tags,
    summary: 'The readings of the sensors placed with a shipment, while they were placed there, in order of measuring',
    request: { params: byId, query: ofShipmentQuery },
    responses: answers('a page of them', listOf(reading)),
  }),
  handler: async (c) => {
    const { sensorId = null, ...rest } = c.req.valid('query')
    const asked = { ...askedReadings(rest), shipmentId: c.req.valid('param').id, sensorId }
    const found = await listShipmentReadings(c.var.ctx, c.var.actor, asked)
    return isRefusal(found) ? problem(c, found) : c.json(printReadings(found, printReading), 200)
  },
})

const ofSensor = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/sensors/{id}/readings',
    tags,
    summary: 'Every reading of your own sensor, placed or not, in order of measuring',
    request: { params: byId, query },
    responses: answers('a page of them', listOf(reading)),
  }),
  handler: async (c) => {
    const asked = { ...askedReadings(c.req.valid('query')), sensorId: c.req.valid('param').id }
    const found = await listSensorReadings(c.var.ctx, c.var.actor, asked)
    return isRefusal(found) ? problem(c, found) : c.json(printReadings(found, printReading), 200)
  },
})

export const readingRoutes = [ofShipment, ofSensor] as const

function askedReadings(given: z.output<typeof query>): Omit<AskedReadings, 'sensorId'> {
  const { channel = null, from = null, to = null } = given
  return { channel, fromAt: from, toAt: to, page: pageOf(given) }
}

function printReading(found: Reading): z.infer<typeof reading> {
  const { milliC, correctedMilliC, conflicts, takenBackConflicts, source, ...rest } = found
  return {
    ...rest,
    at: isoInstant(found.at),
    valueC: celsiusOrNull(milliC),
    correctedC: celsiusOrNull(correctedMilliC),
    conflicts: conflicts.map(celsiusOrNull),
    takenBackConflicts: takenBackConflicts.map(celsiusOrNull),
    source: source === SOURCE.live ? ('live' as const) : ('readout' as const),
    receivedAt: isoInstant(found.receivedAt),
    knownAt: isoOrNull(found.knownAt),
  }
}
