import { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { except } from 'hono/combine'
import { etag } from 'hono/etag'
import { createMiddleware } from 'hono/factory'
import { methodNotAllowed } from 'hono/method-not-allowed'
import { requestId } from 'hono/request-id'
import type { BlankEnv } from 'hono/types'
import type { Ctx } from '../context.ts'
import { API_PATH, IMPORT_PATH } from './answers.ts'
import { apiKeyRoutes } from './api-key-routes.ts'
import { auditRoutes } from './audit-routes.ts'
import { authenticateRequest } from './authenticate-request.ts'
import { budgetRoutes } from './budget-routes.ts'
import { calibrationRoutes } from './calibration-routes.ts'
import { certificateRoutes } from './certificate-routes.ts'
import { containerRoutes } from './container-routes.ts'
import { custodyRoutes } from './custody-routes.ts'
import { deviationRoutes } from './deviation-routes.ts'
import { dispositionRoutes } from './disposition-routes.ts'
import { epcisContextRoutes, epcisRoutes } from './epcis-routes.ts'
import { evaluationRoutes } from './evaluation-routes.ts'
import { exceptionalRoutes } from './exceptional-routes.ts'
import { labelRoutes } from './label-routes.ts'
import { ledgerRoutes } from './ledger-routes.ts'
import { legalHoldRoutes } from './legal-hold-routes.ts'
import { lotRoutes } from './lot-routes.ts'
import { messageRoutes } from './message-routes.ts'
import { observationRoutes } from './observation-routes.ts'
import { observeRequest } from './observe-request.ts'
import { orderRoutes } from './order-routes.ts'
import { organisationRoutes } from './organisation-routes.ts'
import { personRoutes } from './person-routes.ts'
import { placementRoutes } from './placement-routes.ts'
import { probeRoutes } from './probe-routes.ts'
import { answerInvalid, answerProblem, answerThrown, answerTooLarge, MAX_BODY_BYTES } from './problem.ts'
import { productRoutes } from './product-routes.ts'
import { profileRoutes } from './profile-routes.ts'
import { reReviewRoutes } from './re-review-routes.ts'
import { readingImportRoutes } from './reading-import-routes.ts'
import { readingRoutes } from './reading-routes.ts'
import { receiptRoutes } from './receipt-routes.ts'
import { repeatRequest } from './repeat-request.ts'
import { retentionRoutes } from './retention-routes.ts'
import { roleRoutes } from './role-routes.ts'
import { scanRoutes } from './scan-routes.ts'
import { sensorRoutes } from './sensor-routes.ts'
import { sequenceRoutes } from './sequence-routes.ts'
import { seriesRoutes } from './series-routes.ts'
import { publishedKeyRoutes, serviceKeyRoutes } from './service-key-routes.ts'
import { sessionRoutes } from './session-routes.ts'
import { shipmentRoutes } from './shipment-routes.ts'
import { statusRoutes } from './status-routes.ts'
import type { ApiDeps } from './variables.ts'

/**
 * The HTTP door. A request passes: its id and one log line, the size limit, and below `/api/v1` the API key or the
 * session and, for a POST that may be repeated, the idempotency key; then its route, which parses, calls one action and
 * answers. Whatever cannot be answered is a problem document (`problem.ts`).
 */
export function createApp(ctx: Ctx, deps: ApiDeps) {
  const app = new OpenAPIHono<BlankEnv>({
    defaultHook: (result, c) => (result.success ? undefined : answerInvalid(c, result.target, result.error)),
  })
  app.use(requestId({ limitLength: 100 }), async (c, next) => {
    c.set('ctx', ctx)
    c.set('deps', deps)
    await next()
  })
  app.use(observeRequest, limitBody)
  app.use(methodNotAllowed({ app, onMethodNotAllowed: (c, methods) => answerMethodNotAllowed(c, methods) }))
  app.use(
    `${API_PATH}/*`,
    except([`${API_PATH}/shipments/:id/status`, `${API_PATH}/shipments/:id/budget`], etag()),
    cacheControl,
    authenticateRequest,
    repeatRequest,
  )
  app.notFound((c) => answerProblem(c, 'not_found', { detail: `There is nothing at ${c.req.path}.` }))
  app.onError(answerThrown)
  app.openAPIRegistry.registerComponent('securitySchemes', 'apiKey', { type: 'http', scheme: 'bearer' })
  app.doc31('/openapi.json', DOCUMENT)
  return app
    .openapiRoutes(probeRoutes)
    .openapiRoutes(publishedKeyRoutes)
    .openapiRoutes(epcisContextRoutes)
    .route(API_PATH, resources())
}

const DOCUMENT = {
  openapi: '3.1.0',
  info: {
    title: 'Unbroken',
    version: '1',
    description:
      'Shows that a cell therapy stayed cold at the measured point, and in known hands. Instants are ISO 8601 with ' +
      'offset, answered in UTC; temperatures are degrees Celsius; durations are seconds. Errors are problem ' +
      'documents (RFC 9457) whose type is stable.',
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
  security: [{ apiKey: [] }],
}

const limitJson = bodyLimit({ maxSize: MAX_BODY_BYTES, onError: (c) => answerTooLarge(c) })

/** Files have a limit of their own, kept while they stream in. */
const limitBody = createMiddleware(async (c, next) => (c.req.path === IMPORT_PATH ? next() : limitJson(c, next)))

/**
 * Answers concern one organisation: a browser may keep them, nobody in between, and each use asks again (ETag). What is
 * answered as of now is never the same twice.
 */
const cacheControl = createMiddleware(async (c, next) => {
  c.header('Cache-Control', 'private, no-cache')
  await next()
})

function answerMethodNotAllowed(c: Context, methods: readonly string[]) {
  const Allow = methods.join(', ')
  return answerProblem(c, 'method_not_allowed', { detail: `This address takes ${Allow}.`, headers: { Allow } })
}

function resources() {
  return new OpenAPIHono()
    .openapiRoutes(organisationRoutes)
    .openapiRoutes(apiKeyRoutes)
    .openapiRoutes(sessionRoutes)
    .openapiRoutes(personRoutes)
    .openapiRoutes(roleRoutes)
    .openapiRoutes(serviceKeyRoutes)
    .openapiRoutes(productRoutes)
    .openapiRoutes(profileRoutes)
    .openapiRoutes(lotRoutes)
    .openapiRoutes(sensorRoutes)
    .openapiRoutes(sequenceRoutes)
    .openapiRoutes(calibrationRoutes)
    .openapiRoutes(orderRoutes)
    .openapiRoutes(containerRoutes)
    .openapiRoutes(shipmentRoutes)
    .openapiRoutes(statusRoutes)
    .openapiRoutes(reReviewRoutes)
    .openapiRoutes(budgetRoutes)
    .openapiRoutes(placementRoutes)
    .openapiRoutes(custodyRoutes)
    .openapiRoutes(ledgerRoutes)
    .openapiRoutes(certificateRoutes)
    .openapiRoutes(receiptRoutes)
    .openapiRoutes(dispositionRoutes)
    .openapiRoutes(deviationRoutes)
    .openapiRoutes(exceptionalRoutes)
    .openapiRoutes(scanRoutes)
    .openapiRoutes(labelRoutes)
    .openapiRoutes(readingRoutes)
    .openapiRoutes(readingImportRoutes)
    .openapiRoutes(observationRoutes)
    .openapiRoutes(evaluationRoutes)
    .openapiRoutes(epcisRoutes)
    .openapiRoutes(messageRoutes)
    .openapiRoutes(auditRoutes)
    .openapiRoutes(seriesRoutes)
    .openapiRoutes(retentionRoutes)
    .openapiRoutes(legalHoldRoutes)
}
