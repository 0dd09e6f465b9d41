import { createRoute, z } from '@hono/zod-openapi'
import { addCalibration, type Calibration, listCalibrations, supersedeCalibration } from '../actions/calibrations.ts'
import { AS_FOUND } from '../domain/calibration.ts'
import { isRefusal } from '../domain/refusal.ts'
import { exactC, isoInstant } from '../domain/units.ts'
import { exactMilliC } from '../fields.ts'
import { API_PATH, answers, body, created, listOf, repeatable } from './answers.ts'
import { defineRoute } from './define-route.ts'
import { byId, channel, isoOrNull, line, moment, printedInstant, prose } from './inputs.ts'
import { pageOf, pageQuery, printPage } from './paging.ts'
import { problem } from './problem.ts'

/** Certificates of this field have three to ten. */
const MAX_POINTS = 100
const MAX_CORRECTION_MILLI_C = 50_000

const calibration = z
  .object({
    id: z.int(),
    sensorId: z.int(),
    channel: z.string(),
    certificate: z.string(),
    laboratory: z.string(),
    calibratedAt: printedInstant,
    dueAt: printedInstant,
    uncertaintyC: z.number(),
    asFound: z.enum(AS_FOUND).nullable().meta({ description: 'null: not stated' }),
    points: z.array(z.object({ atC: z.number(), correctionC: z.number() })),
    knownAt: printedInstant,
    supersededAt: printedInstant.nullable(),
    supersededReason: z.string().nullable(),
  })
  .openapi('Calibration')

const point = z.object({
  atC: exactMilliC.meta({ description: 'what the sensor indicated, degrees Celsius' }),
  correctionC: exactMilliC
    .refine((milliC) => Math.abs(milliC) <= MAX_CORRECTION_MILLI_C, 'is no correction: more than 50 degrees')
    .meta({ description: 'reference minus indicated' }),
})

const calibrationBody = z
  .object({
    channel: channel.default('probe'),
    certificate: line,
    laboratory: line,
    calibratedAt: moment,
    dueAt: moment,
    uncertaintyC: exactMilliC
      .refine((milliC) => milliC >= 0 && milliC <= MAX_CORRECTION_MILLI_C, 'must lie between 0 and 50 degrees')
      .meta({ description: 'expanded uncertainty (k = 2)' }),
    asFound: z
      .enum(AS_FOUND)
      .nullish()
      .meta({
        description:
          'how the laboratory found the sensor; out_of_tolerance: no verdict rests on it since the certificate ' +
          'before, and the shipments since then are judged again',
      }),
    points: z
      .array(point)
      .min(1)
      .max(MAX_POINTS)
      .refine((points) => new Set(points.map(({ atC }) => atC)).size === points.length, 'two points have the same atC'),
  })
  .refine(({ calibratedAt, dueAt }) => calibratedAt < dueAt, {
    path: ['dueAt'],
    message: 'must lie after calibratedAt',
  })

const tags = ['Calibrations']

const add = defineRoute({
  route: createRoute({
    method: 'post',
    path: '/sensors/{id}/calibrations',
    tags,
    summary: 'Add a calibration certificate to your sensor; the shipments it rides with are judged again',
    request: { params: byId, headers: repeatable, body: body(calibrationBody) },
    responses: created('added', calibration),
  }),
  handler: async (c) => {
    const sensorId = c.req.valid('param').id
    const { uncertaintyC, points, ...given } = c.req.valid('json')
    const added = await addCalibration(c.var.ctx, c.var.actor, {
      ...given,
      sensorId,
      uncertaintyMilliC: uncertaintyC,
      points: points.map(({ atC, correctionC }) => ({ atMilliC: atC, correctionMilliC: correctionC })),
    })
    if (isRefusal(added)) return problem(c, added)
    return c.json(printCalibration(added), 201, { Location: `${API_PATH}/sensors/${sensorId}/calibrations` })
  },
})

const list = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/sensors/{id}/calibrations',
    tags,
    summary: 'The certificates of a sensor, superseded ones included',
    request: { params: byId, query: pageQuery },
    responses: answers('a page of them', listOf(calibration)),
  }),
  handler: async (c) => {
    const asked = { sensorId: c.req.valid('param').id, page: pageOf(c.req.valid('query')) }
    const found = await listCalibrations(c.var.ctx, c.var.actor, asked)
    return isRefusal(found) ? problem(c, found) : c.json(printPage(found, printCalibration), 200)
  },
})

const supersede = defineRoute({
  route: createRoute({
    method: 'post',
    path: '/calibrations/{id}/supersession',
    tags,
    summary: 'Take a certificate out of use; what it corrected is judged again without it',
    request: { params: byId, headers: repeatable, body: body(z.object({ reason: prose })) },
    responses: answers('the certificate, superseded', calibration),
  }),
  handler: async (c) => {
    const input = { calibrationId: c.req.valid('param').id, reason: c.req.valid('json').reason }
    const superseded = await supersedeCalibration(c.var.ctx, c.var.actor, input)
    return isRefusal(superseded) ? problem(c, superseded) : c.json(printCalibration(superseded), 200)
  },
})

export const calibrationRoutes = [add, list, supersede] as const

function printCalibration(found: Calibration): z.infer<typeof calibration> {
  const { uncertaintyMilliC, points, ...rest } = found
  return {
    ...rest,
    calibratedAt: isoInstant(found.calibratedAt),
    dueAt: isoInstant(found.dueAt),
    uncertaintyC: exactC(uncertaintyMilliC),
    points: points.map(({ atMilliC, correctionMilliC }) => ({
      atC: exactC(atMilliC),
      correctionC: exactC(correctionMilliC),
    })),
    knownAt: isoInstant(found.knownAt),
    supersededAt: isoOrNull(found.supersededAt),
  }
}
