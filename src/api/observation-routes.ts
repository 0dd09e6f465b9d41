import { createRoute, z } from '@hono/zod-openapi'
import {
  type AskedObservations,
  listSensorObservations,
  listShipmentObservations,
  type Observation,
} from '../actions/observations.ts'
import { QUANTITIES } from '../domain/quantity.ts'
import { isRefusal } from '../domain/refusal.ts'
import { isoInstant } from '../domain/units.ts'
import { answers, listOf } from './answers.ts'
import { defineRoute } from './define-route.ts'
import { byId, channel, idParam, isoOrNull, printedInstant, queryMoment } from './inputs.ts'
import { measured, printMeasured } from './measured-answer.ts'
import { observationPageQuery, pageOf, printObservations } from './paging.ts'
import { problem } from './problem.ts'

const observation = measured
  .extend({
    sensorId: z.int(),
    raw: z.string().nullable().meta({ description: 'the sensor’s text, where it says more than the value' }),
    seq: z.int().nullable(),
    receivedAt: printedInstant,
    knownAt: printedInstant.nullable(),
  })
  .openapi('Observation')

const query = observationPageQuery.extend({
  channel: channel.optional(),
  quantity: z.enum(QUANTITIES).optional(),
  from: queryMoment,
  to: queryMoment,
})

const ofShipmentQuery = query.extend({ sensorId: idParam.optional() })

const tags = ['Observations']

const ofShipment = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/shipments/{id}/observations',
    tags,
    summary: 'What sensors measured beside temperature while they rode with a shipment, in order of measuring',
    request: { params: byId, query: ofShipmentQuery },
    responses: answers('a page of them', listOf(observation)),
  }),
  handler: async (c) => {
    const { sensorId = null, ...rest } = c.req.valid('query')
    const asked = { ...askedObservations(rest), shipmentId: c.req.valid('param').id, sensorId }
    const found = await listShipmentObservations(c.var.ctx, c.var.actor, asked)
    return isRefusal(found) ? problem(c, found) : c.json(printObservations(found, printObservation), 200)
  },
})

const ofSensor = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/sensors/{id}/observations',
    tags,
    summary: 'What your own sensor measured beside temperature, placed or not, in order of measuring',
    request: { params: byId, query },
    responses: answers('a page of them', listOf(observation)),
  }),
  handler: async (c) => {
    const asked = { ...askedObservations(c.req.valid('query')), sensorId: c.req.valid('param').id }
    const found = await listSensorObservations(c.var.ctx, c.var.actor, asked)
    return isRefusal(found) ? problem(c, found) : c.json(printObservations(found, printObservation), 200)
  },
})

export const observationRoutes = [ofShipment, ofSensor] as const

function askedObservations(given: z.output<typeof query>): Omit<AskedObservations, 'sensorId'> {
  const { channel = null, quantity = null, from = null, to = null } = given
  return { channel, quantity, fromAt: from, toAt: to, page: pageOf(given) }
}

function printObservation(found: Observation): z.infer<typeof observation> {
  const { sensorId, raw, seq } = found
  return {
    ...printMeasured(found),
    ...{ sensorId, raw, seq },
    receivedAt: isoInstant(found.receivedAt),
    knownAt: isoOrNull(found.knownAt),
  }
}
