import { createRoute, z } from '@hono/zod-openapi'
import { registerLorawan } from '../actions/register-lorawan.ts'
import { getSensor, listSensors, registerSensor, type Sensor } from '../actions/sensors.ts'
import { isRefusal } from '../domain/refusal.ts'
import { isoInstant } from '../domain/units.ts'
import { exactMilliC } from '../fields.ts'
import { API_PATH, answers, body, created, listOf, repeatable } from './answers.ts'
import { defineRoute } from './define-route.ts'
import { byId, celsiusOrNull, line, printedInstant, prose } from './inputs.ts'
import { lorawanAnswer, lorawanFields, printLorawan, refineDecoder } from './lorawan-body.ts'
import { pageOf, pageQuery, printPage } from './paging.ts'
import { problem } from './problem.ts'

const sensor = z
  .object({
    id: z.int().meta({ description: 'also its MQTT user name' }),
    organisationId: z.int(),
    serial: z.string(),
    model: z.string(),
    rangeLowC: z.number().nullable(),
    rangeHighC: z.number().nullable(),
    noisy: z.boolean(),
    topic: z.string().meta({ description: 'where it publishes its readings' }),
    ...lorawanAnswer,
    knownAt: printedInstant,
  })
  .openapi('Sensor')

const newSensor = sensor
  .extend({ secret: z.string().meta({ description: 'its MQTT password; shown in this answer only' }) })
  .openapi('NewSensor')

const sensorBody = z
  .object({
    serial: line,
    model: line,
    rangeLowC: exactMilliC.nullish().meta({ description: 'a value at or below is a fault' }),
    rangeHighC: exactMilliC.nullish().meta({ description: 'a value at or above is a fault' }),
    noisy: z.boolean().default(false).meta({ description: 'never shows the same value for hours' }),
    ...lorawanFields,
    devEui: lorawanFields.devEui.nullish(),
  })
  .refine(({ devEui, decoder }) => devEui != null || decoder == null, {
    path: ['devEui'],
    message: 'a decoder reads the uplinks of a device: name its DevEUI',
  })
  .superRefine(refineDecoder)
  .refine(({ rangeLowC: low, rangeHighC: high }) => (low == null) === (high == null), {
    path: ['rangeHighC'],
    message: 'a range has both ends',
  })
  .refine(({ rangeLowC: low, rangeHighC: high }) => low == null || high == null || low < high, {
    path: ['rangeLowC'],
    message: 'must lie below rangeHighC',
  })

const lorawanBody = z.object({ ...lorawanFields, reason: prose.optional() }).superRefine(refineDecoder)

const tags = ['Sensors']

const register = defineRoute({
  route: createRoute({
    method: 'post',
    path: '/sensors',
    tags,
    summary: 'Register a sensor of your organisation; answers its MQTT password once',
    request: { headers: repeatable, body: body(sensorBody) },
    responses: created('registered; the password is shown here and never again', newSensor),
  }),
  handler: async (c) => {
    const given = c.req.valid('json')
    const { serial, model, rangeLowC = null, rangeHighC = null, noisy, devEui = null, decoder = null } = given
    const lorawan = devEui === null ? null : { devEui, decoder, fields: given.decoderFields }
    const input = { serial, model, rangeLowMilliC: rangeLowC, rangeHighMilliC: rangeHighC, noisy, lorawan }
    const registered = await registerSensor(c.var.ctx, c.var.actor, input)
    if (isRefusal(registered)) return problem(c, registered)
    const { secret, ...rest } = registered
    const printed = { ...printSensor(rest, c.var.deps.topicPrefix), secret }
    return c.json(printed, 201, { Location: `${API_PATH}/sensors/${rest.id}` })
  },
})

const list = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/sensors',
    tags,
    summary: 'The sensors you may see: your own, and those placed on your shipments',
    request: { query: pageQuery },
    responses: answers('a page of them', listOf(sensor)),
  }),
  handler: async (c) => {
    const found = await listSensors(c.var.ctx, c.var.actor, pageOf(c.req.valid('query')))
    const print = (one: Sensor) => printSensor(one, c.var.deps.topicPrefix)
    return c.json(printPage(found, print), 200)
  },
})

const get = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/sensors/{id}',
    tags,
    summary: 'One sensor',
    request: { params: byId },
    responses: answers('the sensor', sensor),
  }),
  handler: async (c) => {
    const found = await getSensor(c.var.ctx, c.var.actor, c.req.valid('param').id)
    return isRefusal(found) ? problem(c, found) : c.json(printSensor(found, c.var.deps.topicPrefix), 200)
  },
})

const lorawan = defineRoute({
  route: createRoute({
    method: 'post',
    path: '/sensors/{id}/lorawan',
    tags,
    summary: 'Say under which DevEUI your sensor is published, and how its uplinks are read; replaces what was said',
    request: { params: byId, headers: repeatable, body: body(lorawanBody) },
    responses: answers('the sensor', sensor),
  }),
  handler: async (c) => {
    const { devEui, decoder = null, decoderFields, reason = null } = c.req.valid('json')
    const input = { sensorId: c.req.valid('param').id, devEui, decoder, fields: decoderFields, reason }
    const found = await registerLorawan(c.var.ctx, c.var.actor, input)
    return isRefusal(found) ? problem(c, found) : c.json(printSensor(found, c.var.deps.topicPrefix), 200)
  },
})

export const sensorRoutes = [register, list, get, lorawan] as const

function printSensor(found: Sensor, topicPrefix: string): z.infer<typeof sensor> {
  const { rangeLowMilliC, rangeHighMilliC, lorawan, knownAt, ...rest } = found
  return {
    ...rest,
    rangeLowC: celsiusOrNull(rangeLowMilliC),
    rangeHighC: celsiusOrNull(rangeHighMilliC),
    topic: `${topicPrefix}/${rest.id}/readings`,
    ...printLorawan(lorawan),
    knownAt: isoInstant(knownAt),
  }
}
