import { createRoute, z } from '@hono/zod-openapi'
import { getRetention, lengthenRetention, type RulingRetention } from '../actions/product-retention.ts'
import { type ShipmentRetention, shipmentRetention } from '../actions/shipment-retention.ts'
import { isRefusal } from '../domain/refusal.ts'
import { type Kept, LEAST_YEARS, RECORD_CLASSES, type RecordClass } from '../domain/retention.ts'
import { API_PATH, answers, body, created, repeatable } from './answers.ts'
import { defineRoute } from './define-route.ts'
import { byId, isoOrNull, printedInstant, prose } from './inputs.ts'
import { legalHold, printHold } from './legal-hold-routes.ts'
import { problem } from './problem.ts'

const kept = z.object({
  until: printedInstant.nullable().meta({ description: 'null: there is no end yet' }),
  why: z.enum(['NOT_ENDED', 'EXPIRY_UNKNOWN']).nullable().meta({ description: 'why there is no end yet' }),
  rule: z.string(),
  source: z.string(),
})

const ofShipment = kept
  .extend({
    shipmentId: z.int(),
    onHold: z.boolean().meta({ description: 'nothing is dropped while true, whatever "until" says' }),
    holds: z.array(legalHold).meta({ description: 'those of your organisation in force' }),
    otherHolds: z.int().meta({ description: 'how many others have placed' }),
    classes: z.array(
      kept.extend({
        recordClass: z.enum(RECORD_CLASSES),
        rules: z.array(kept).meta({ description: 'what every rule says; the longest wins' }),
      }),
    ),
  })
  .openapi('ShipmentRetention')

const years = z.int().min(LEAST_YEARS).max(100)
const byClass = z.object({
  readings: years,
  observations: years,
  messages: years,
  custody: years,
  evaluations: years,
  audit: years,
} satisfies Record<RecordClass, typeof years>)

const ofProduct = z
  .object({
    years: byClass.meta({ description: 'after the expiry of the unit that expires last, by class of record' }),
    shelfLifeYears: z
      .int()
      .nullable()
      .meta({ description: 'no unit expires later after its journey; counts where a unit states no expiry' }),
    reason: z.string().nullable(),
    knownAt: printedInstant.nullable().meta({ description: 'null: the default rules' }),
  })
  .openapi('ProductRetention')

const tags = ['Retention']

const shipment = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/shipments/{id}/retention',
    tags,
    summary: 'Until when the records of a shipment are kept and why, and which legal holds stand on it',
    request: { params: byId },
    responses: answers('the retention', ofShipment),
  }),
  handler: async (c) => {
    const found = await shipmentRetention(c.var.ctx, c.var.actor, c.req.valid('param').id)
    return isRefusal(found) ? problem(c, found) : c.json(printShipment(found), 200)
  },
})

const product = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/products/{id}/retention',
    tags,
    summary: 'How many years after expiry the records of a product are kept',
    request: { params: byId },
    responses: answers('what rules', ofProduct),
  }),
  handler: async (c) => {
    const found = await getRetention(c.var.ctx, c.var.actor, c.req.valid('param').id)
    return isRefusal(found) ? problem(c, found) : c.json(printProduct(found), 200)
  },
})

const input = z.object({
  years: byClass.partial().default({}).meta({ description: 'a class that is left out stays as it is' }),
  shelfLifeYears: z.int().min(1).max(100).nullish(),
  reason: prose,
})

const lengthen = defineRoute({
  route: createRoute({
    method: 'post',
    path: '/products/{id}/retention',
    tags,
    summary: 'Lengthen how long the records of your product are kept (sponsor); never shorter than it was',
    request: { params: byId, headers: repeatable, body: body(input) },
    responses: created('what rules now', ofProduct),
  }),
  handler: async (c) => {
    const { id: productId } = c.req.valid('param')
    const { shelfLifeYears = null, ...given } = c.req.valid('json')
    const lengthened = await lengthenRetention(c.var.ctx, c.var.actor, { ...given, shelfLifeYears, productId })
    if (isRefusal(lengthened)) return problem(c, lengthened)
    return c.json(printProduct(lengthened), 201, { Location: `${API_PATH}/products/${productId}/retention` })
  },
})

export const retentionRoutes = [shipment, product, lengthen] as const

function printShipment(found: ShipmentRetention): z.infer<typeof ofShipment> {
  const { shipmentId, longest, holds, otherHolds } = found
  return {
    shipmentId,
    ...printKept(longest),
    onHold: holds.length + otherHolds > 0,
    holds: holds.map(printHold),
    otherHolds,
    classes: found.classes.map(({ recordClass, kept: [first, ...others] }) => ({
      recordClass,
      ...printKept(first),
      rules: [first, ...others].map(printKept),
    })),
  }
}

function printKept(found: Kept): z.infer<typeof kept> {
  const { rule, source, until } = found
  return { until: isoOrNull(until), why: found.until === null ? found.why : null, rule, source }
}

function printProduct({ knownAt, ...rest }: RulingRetention): z.infer<typeof ofProduct> {
  return { ...rest, knownAt: isoOrNull(knownAt) }
}
