import { createRoute, z } from '@hono/zod-openapi'
import { issueCertificate } from '../actions/issue-certificate.ts'
import { CRYPTO } from '../actions/stamps.ts'
import { certificatePdf } from '../documents/certificate-pdf.ts'
import { isRefusal } from '../domain/refusal.ts'
import { PROBLEM_RESPONSES } from './answers.ts'
import { defineRoute } from './define-route.ts'
import { byId } from './inputs.ts'
import { problem } from './problem.ts'

const tags = ['Certificate']

const certificate = z
  .looseObject({ schema: z.literal('unbroken-certificate@1'), seal: z.looseObject({ kid: z.string() }) })
  .openapi('Certificate')

/** Not a literal: what is answered are bytes that were serialised already, not a value to serialise. */
const JSON_BYTES: string = 'application/json'

const json = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/shipments/{id}/certificate',
    tags,
    summary: 'The certificate of a shipment whose window has closed: keep the very bytes, `unbroken verify` takes them',
    request: { params: byId },
    responses: {
      200: { description: 'canonical JSON (RFC 8785), sealed', content: { [JSON_BYTES]: { schema: certificate } } },
      ...PROBLEM_RESPONSES,
    },
  }),
  handler: async (c) => {
    const { id } = c.req.valid('param')
    const issued = await issueCertificate(c.var.ctx, c.var.actor, id)
    if (isRefusal(issued)) return problem(c, issued)
    const headers = { 'Content-Type': JSON_BYTES, 'Content-Disposition': attached(id, 'json') }
    return c.body(Uint8Array.from(issued.file), 200, headers)
  },
})

const PDF = 'application/pdf'

const pdf = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/shipments/{id}/certificate.pdf',
    tags,
    summary: 'The same for people, with the certificate attached; its last line signs every byte before it',
    request: { params: byId },
    responses: {
      200: { description: 'the PDF', content: { [PDF]: { schema: z.string().meta({ format: 'binary' }) } } },
      ...PROBLEM_RESPONSES,
    },
  }),
  handler: async (c) => {
    const { id } = c.req.valid('param')
    const issued = await issueCertificate(c.var.ctx, c.var.actor, id)
    if (isRefusal(issued)) return problem(c, issued)
    const bytes = await certificatePdf({ ...issued, publicUrl: c.var.deps.publicUrl }, CRYPTO.sha256)
    const headers = { 'Content-Type': PDF, 'Content-Disposition': attached(id, 'pdf') }
    return c.body(Uint8Array.from(bytes), 200, headers)
  },
})

function attached(shipmentId: number, extension: string): string {
  return `attachment; filename="certificate-${shipmentId}.${extension}"`
}

export const certificateRoutes = [json, pdf] as const
