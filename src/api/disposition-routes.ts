import { createRoute, z } from '@hono/zod-openapi'
import { dispose } from '../actions/dispose.ts'
import { DECISIONS } from '../domain/disposition.ts'
import { isRefusal } from '../domain/refusal.ts'
import { API_PATH, body, created, repeatable } from './answers.ts'
import { entry, printEntry } from './custody-answer.ts'
import { defineRoute } from './define-route.ts'
import { evaluation, judged, printJudged } from './disposition-answer.ts'
import { byId, line, prose } from './inputs.ts'
import { problem } from './problem.ts'
import { secondSigning, signing } from './signing-body.ts'
import { printStamp, stamp } from './stamp-answer.ts'

const MAX_UNITS = 500

const dispositionBody = z
  .object({
    disposition: z.enum(DECISIONS),
    units: z.array(line).min(1).max(MAX_UNITS).meta({ description: 'codes: one signature covers them all, or none' }),
    reason: prose,
    evaluation: evaluation
      .nullish()
      .meta({ description: 'the one that was read (`evaluation` of the receipt); a quarantine does not wait for it' }),
    exceptionalRelease: z
      .int()
      .positive()
      .optional()
      .meta({ description: 'number of the case; released_exceptionally' }),
    method: prose.optional().meta({ description: 'how it is destroyed, or to whom returned' }),
    signing: signing.meta({ description: 'by QA for the sponsor of the unit; a return is signed as "approved"' }),
    secondSigning: secondSigning.optional().meta({ description: 'the witness of a destruction, as "witnessed"' }),
  })
  .openapi('NewDisposition')

const disposed = z.object({
  number: z.int(),
  recordSha256: z.string(),
  units: z.array(judged),
  evaluation: evaluation.nullable(),
  event: entry,
  stamp: stamp.nullable(),
})

const decide = defineRoute({
  route: createRoute({
    method: 'post',
    path: '/shipments/{id}/dispositions',
    tags: ['Receipt'],
    summary: 'Sign a decision about named units; nothing is decided by itself',
    description:
      'Signed by somebody who did not receive the shipment, on the newest evaluation. A release needs a deviation ' +
      'for each finding, and what is out of specification an exceptional release.',
    request: { params: byId, headers: repeatable, body: body(dispositionBody) },
    responses: created('signed', disposed),
  }),
  handler: async (c) => {
    const shipmentId = c.req.valid('param').id
    const said = c.req.valid('json')
    const done = await dispose(c.var.ctx, c.var.actor, {
      shipmentId,
      decision: said.disposition,
      units: [...new Set(said.units)],
      reason: said.reason,
      cited: said.evaluation ?? null,
      exceptionalRelease: said.exceptionalRelease ?? null,
      method: said.method ?? null,
      signing: said.signing,
      second: said.secondSigning ?? null,
    })
    if (isRefusal(done)) return problem(c, done)
    const { number, recordSha256, units, entry: event } = done
    const printed = {
      ...{ number, recordSha256, units: units.map(printJudged), evaluation: done.evaluation },
      ...{ event: printEntry(event), stamp: done.stamp && printStamp(done.stamp) },
    }
    return c.json(printed, 201, { Location: `${API_PATH}/shipments/${shipmentId}/receipt` })
  },
})

export const dispositionRoutes = [decide] as const
