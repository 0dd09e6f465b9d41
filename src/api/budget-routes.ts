import { createRoute, z } from '@hono/zod-openapi'
import { type Declaration, declareUse } from '../actions/declare-use.ts'
import { shipmentBudget as loadBudget } from '../actions/shipment-budget.ts'
import { splitUnit, type UnitSplit } from '../actions/split-unit.ts'
import { type LedgerLine, type UnitLedger, unitLedger } from '../actions/unit-ledger.ts'
import type { Usage } from '../domain/exposure.ts'
import { isRefusal } from '../domain/refusal.ts'
import { isoInstant } from '../domain/units.ts'
import { milliseconds } from '../fields.ts'
import { API_PATH, answers, body, created, listOf, repeatable } from './answers.ts'
import { printBudget, shipmentBudget } from './budget-answer.ts'
import { defineRoute } from './define-route.ts'
import { byId, id, line, moment, printedInstant, prose } from './inputs.ts'
import { pageOf, pageQuery, printPage } from './paging.ts'
import { problem } from './problem.ts'

/** As many as a profile can have. */
const MAX_BANDS = 16

const printedUsage = z.object({ band: z.string(), consumedS: z.number(), presumedS: z.number() })

const declaration = z
  .object({
    id: z.int(),
    unitId: z.int(),
    shipmentId: z.int(),
    organisationId: z.int(),
    used: z.array(printedUsage),
    signature: z.string(),
    reason: z.string(),
    knownAt: printedInstant,
  })
  .openapi('BudgetDeclaration')

const usedBody = z
  .object({ band: line, consumedS: milliseconds, presumedS: milliseconds.default(0) })
  .transform(({ band, consumedS, presumedS }): Usage => ({ band, consumedMs: consumedS, presumedMs: presumedS }))

const declarationBody = z.object({
  used: z
    .array(usedBody)
    .max(MAX_BANDS)
    .refine((used) => new Set(used.map(({ band }) => band)).size === used.length, 'a band is named twice')
    .meta({ description: 'per band of the profile; empty: nothing was used, and that is declared' }),
  signature: line.meta({ description: 'the signed figure it stands on: who signed which document' }),
  reason: prose.meta({ description: 'where the time was spent: tank, depot, handling' }),
})

const split = z
  .object({
    id: z.int(),
    unitId: z.int(),
    shipmentId: z.int(),
    parentUnitId: z.int(),
    splitAt: printedInstant,
    organisationId: z.int(),
    reason: z.string(),
    knownAt: printedInstant,
  })
  .openapi('UnitSplit')

const splitBody = z.object({
  parentUnitId: id.meta({ description: 'the unit or lot it was split off, in a shipment you are a party to' }),
  splitAt: moment,
  reason: prose,
})

const entry = z.object({
  id: z.int(),
  shipmentId: z.int(),
  unitId: z.int(),
  band: z.string(),
  consumedS: z.number().meta({ description: 'below 0: takes back the entry it reverses' }),
  presumedS: z.number(),
  source: z.enum(['evaluation', 'declared', 'inherited']),
  evaluationVersion: z.int().nullable(),
  declaration: z.object({ id: z.int(), organisationId: z.int(), signature: z.string(), reason: z.string() }).nullable(),
  parentUnitId: z.int().nullable(),
  reverses: z.int().nullable(),
  knownAt: printedInstant,
})

const ledger = listOf(entry)
  .extend({
    unitId: z.int(),
    code: z.string(),
    earlierUse: z.enum(['declared', 'not_declared']),
    used: z.array(printedUsage).meta({ description: 'all that is posted of its life' }),
    elsewhere: z
      .array(printedUsage)
      .meta({ description: 'the part of it from shipments you are no party to; their entries are not listed' }),
  })
  .openapi('UnitBudgetLedger')

const tags = ['Stability budget']

const ofShipment = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/shipments/{id}/budget',
    tags,
    summary: 'What each unit has used and has left of its stability budget as of now, and mean kinetic temperature',
    request: { params: byId },
    responses: answers('the budget', shipmentBudget),
  }),
  handler: async (c) => {
    const found = await loadBudget(c.var.ctx, c.var.actor, c.req.valid('param').id)
    return isRefusal(found) ? problem(c, found) : c.json(printBudget(found), 200)
  },
})

const ofUnit = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/units/{id}/budget',
    tags,
    summary: 'The budget ledger of a unit over its shipments and owners, in order of posting',
    request: { params: byId, query: pageQuery },
    responses: answers('sums, and a page of entries', ledger),
  }),
  handler: async (c) => {
    const asked = { unitId: c.req.valid('param').id, page: pageOf(c.req.valid('query')) }
    const found = await unitLedger(c.var.ctx, c.var.actor, asked)
    return isRefusal(found) ? problem(c, found) : c.json(printLedger(found), 200)
  },
})

const declare = defineRoute({
  route: createRoute({
    method: 'post',
    path: '/units/{id}/declared-use',
    tags,
    summary: 'Declare what a unit used before its shipment, since the one before that (its sender, or the sponsor)',
    description: 'Another declaration for the same shipment takes its place; those of other shipments add up.',
    request: { params: byId, headers: repeatable, body: body(declarationBody) },
    responses: created('declared and posted', declaration),
  }),
  handler: async (c) => {
    const unitId = c.req.valid('param').id
    const declared = await declareUse(c.var.ctx, c.var.actor, { unitId, ...c.req.valid('json') })
    if (isRefusal(declared)) return problem(c, declared)
    return c.json(printDeclaration(declared), 201, { Location: `${API_PATH}/units/${unitId}/budget` })
  },
})

const splitOff = defineRoute({
  route: createRoute({
    method: 'post',
    path: '/units/{id}/split',
    tags,
    summary:
      'State that a unit was split off another: it inherits what that used until then (its sender, or the sponsor)',
    description: 'The newest statement about a unit rules.',
    request: { params: byId, headers: repeatable, body: body(splitBody) },
    responses: created('recorded', split),
  }),
  handler: async (c) => {
    const unitId = c.req.valid('param').id
    const recorded = await splitUnit(c.var.ctx, c.var.actor, { unitId, ...c.req.valid('json') })
    if (isRefusal(recorded)) return problem(c, recorded)
    return c.json(printSplit(recorded), 201, { Location: `${API_PATH}/units/${unitId}/budget` })
  },
})

export const budgetRoutes = [ofShipment, ofUnit, declare, splitOff] as const

function printUsage({ band, consumedMs, presumedMs }: Usage): z.infer<typeof printedUsage> {
  return { band, consumedS: consumedMs / 1000, presumedS: presumedMs / 1000 }
}

function printDeclaration({ used, knownAt, ...rest }: Declaration): z.infer<typeof declaration> {
  return { ...rest, used: used.map(printUsage), knownAt: isoInstant(knownAt) }
}

function printSplit({ splitAt, knownAt, ...rest }: UnitSplit): z.infer<typeof split> {
  return { ...rest, splitAt: isoInstant(splitAt), knownAt: isoInstant(knownAt) }
}

function printLedger({ entries, used, elsewhere, ...rest }: UnitLedger): z.infer<typeof ledger> {
  return {
    ...printPage(entries, printEntry),
    ...rest,
    used: used.map(printUsage),
    elsewhere: elsewhere.map(printUsage),
  }
}

function printEntry({ consumedMs, presumedMs, knownAt, ...rest }: LedgerLine): z.infer<typeof entry> {
  return { ...rest, consumedS: consumedMs / 1000, presumedS: presumedMs / 1000, knownAt: isoInstant(knownAt) }
}
