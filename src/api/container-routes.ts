import { createRoute, z } from '@hono/zod-openapi'
import {
  CONTAINER_KINDS,
  type Container,
  getContainer,
  listContainers,
  registerContainer,
} from '../actions/containers.ts'
import { coolantOf } from '../domain/coolant.ts'
import { isRefusal } from '../domain/refusal.ts'
import { isoInstant } from '../domain/units.ts'
import { milliseconds, thousandths } from '../fields.ts'
import { API_PATH, answers, body, created, listOf, repeatable } from './answers.ts'
import { defineRoute } from './define-route.ts'
import { byId, isoOrNull, line, moment, printedInstant } from './inputs.ts'
import { pageOf, pageQuery, printPage } from './paging.ts'
import { problem } from './problem.ts'

const container = z
  .object({
    id: z.int(),
    organisationId: z.int(),
    serial: z.string(),
    kind: z.enum(CONTAINER_KINDS),
    grai: z.string().nullable(),
    qualifiedUntil: printedInstant.nullable(),
    holdTimeS: z.number().nullable().meta({ description: 'how long its qualification holds its temperature, at rest' }),
    dynamicHoldTimeS: z.number().nullable().meta({ description: 'the same in transport' }),
    coolantUnit: z.enum(['L', 'kg']).nullable().meta({ description: 'litres of nitrogen or kilograms of dry ice' }),
    coolantCapacity: z.number().nullable().meta({ description: 'in coolantUnit' }),
    coolantLossPerDay: z.number().nullable().meta({ description: 'in coolantUnit, upright at 22 °C' }),
    emptyKg: z.number().nullable().meta({ description: 'as it travels, without coolant and payload' }),
    knownAt: printedInstant,
  })
  .openapi('Container')

const YEAR_MS = 366 * 86_400_000

const holdTime = milliseconds.refine((ms) => ms > 0 && ms <= YEAR_MS, 'must be more than 0 s and at most a year')
/** More than any box of this trade takes, in litres or kilograms. */
const MAX_COOLANT = 1000
const coolant = thousandths(MAX_COOLANT)

const containerBody = z
  .object({
    serial: line,
    kind: z.enum(CONTAINER_KINDS),
    grai: line.nullish(),
    qualifiedUntil: moment.nullish(),
    holdTimeS: holdTime.nullish(),
    dynamicHoldTimeS: holdTime.nullish(),
    coolantCapacity: coolant.nullish(),
    coolantLossPerDay: coolant.nullish(),
    emptyKg: thousandths(MAX_COOLANT).nullish(),
  })
  .refine(({ kind, coolantCapacity, coolantLossPerDay }) => isCooled(kind, coolantCapacity ?? coolantLossPerDay), {
    path: ['coolantCapacity'],
    message: 'is of a dry_vapour_shipper (litres of nitrogen) or a dry_ice_box (kilograms of dry ice)',
  })
  .refine(({ holdTimeS: rest, dynamicHoldTimeS: moving }) => rest == null || moving == null || moving <= rest, {
    path: ['dynamicHoldTimeS'],
    message: 'must not exceed holdTimeS: in transport nothing lasts longer than at rest',
  })

function isCooled(kind: Container['kind'], coolantMilli: number | null | undefined): boolean {
  return coolantMilli == null || coolantOf(kind) !== null
}

const tags = ['Containers']

const register = defineRoute({
  route: createRoute({
    method: 'post',
    path: '/containers',
    tags,
    summary: 'Register a box or dewar of your organisation',
    request: { headers: repeatable, body: body(containerBody) },
    responses: created('registered', container),
  }),
  handler: async (c) => {
    const registered = await registerContainer(c.var.ctx, c.var.actor, newContainer(c.req.valid('json')))
    if (isRefusal(registered)) return problem(c, registered)
    return c.json(printContainer(registered), 201, { Location: `${API_PATH}/containers/${registered.id}` })
  },
})

const list = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/containers',
    tags,
    summary: 'The containers you may see: your own, and those of your shipments',
    request: { query: pageQuery },
    responses: answers('a page of them', listOf(container)),
  }),
  handler: async (c) => {
    const found = await listContainers(c.var.ctx, c.var.actor, pageOf(c.req.valid('query')))
    return c.json(printPage(found, printContainer), 200)
  },
})

const get = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/containers/{id}',
    tags,
    summary: 'One container',
    request: { params: byId },
    responses: answers('the container', container),
  }),
  handler: async (c) => {
    const found = await getContainer(c.var.ctx, c.var.actor, c.req.valid('param').id)
    return isRefusal(found) ? problem(c, found) : c.json(printContainer(found), 200)
  },
})

export const containerRoutes = [register, list, get] as const

function newContainer(given: z.output<typeof containerBody>): Parameters<typeof registerContainer>[2] {
  const { serial, kind, grai = null, qualifiedUntil = null } = given
  return {
    ...{ serial, kind, grai, qualifiedUntil },
    holdTimeMs: given.holdTimeS ?? null,
    dynamicHoldTimeMs: given.dynamicHoldTimeS ?? null,
    coolantCapacityMilli: given.coolantCapacity ?? null,
    coolantLossMilliPerDay: given.coolantLossPerDay ?? null,
    emptyMassG: given.emptyKg ?? null,
  }
}

const UNIT_BY_COOLANT = { nitrogen: 'L', dry_ice: 'kg' } as const

function printContainer(found: Container): z.infer<typeof container> {
  const { id, organisationId, serial, kind, grai } = found
  const coolant = coolantOf(kind)
  return {
    ...{ id, organisationId, serial, kind, grai },
    qualifiedUntil: isoOrNull(found.qualifiedUntil),
    holdTimeS: thousandthOrNull(found.holdTimeMs),
    dynamicHoldTimeS: thousandthOrNull(found.dynamicHoldTimeMs),
    coolantUnit: coolant && UNIT_BY_COOLANT[coolant],
    coolantCapacity: thousandthOrNull(found.coolantCapacityMilli),
    coolantLossPerDay: thousandthOrNull(found.coolantLossMilliPerDay),
    emptyKg: thousandthOrNull(found.emptyMassG),
    knownAt: isoInstant(found.knownAt),
  }
}

function thousandthOrNull(milli: number | null): number | null {
  return milli === null ? null : milli / 1000
}
