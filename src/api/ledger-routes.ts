import { createRoute, z } from '@hono/zod-openapi'
import { exportLedger, proveReadings } from '../actions/ledger-exports.ts'
import { CRYPTO } from '../actions/stamps.ts'
import type { ReadingProof } from '../domain/readings-root.ts'
import { isRefusal } from '../domain/refusal.ts'
import { isoInstant } from '../domain/units.ts'
import { type LedgerVerification, verifyLedger } from '../domain/verify-ledger.ts'
import { answers } from './answers.ts'
import { entry, printEntry } from './custody-answer.ts'
import { defineRoute } from './define-route.ts'
import { byId, channel, idParam, printedInstant, queryMoment } from './inputs.ts'
import { problem } from './problem.ts'
import { printServiceKey, serviceKey } from './service-key-routes.ts'
import { printStamp, stamp } from './stamp-answer.ts'

const tags = ['Custody']

const ledger = z
  .object({
    schema: z.literal('unbroken-ledger@1'),
    shipmentId: z.int(),
    entries: z.array(entry),
    stamps: z.array(stamp),
    keys: z.array(serviceKey),
  })
  .openapi('Ledger')

const exported = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/shipments/{id}/ledger',
    tags,
    summary: 'The whole ledger of a shipment with stamps and keys: all it takes to verify it offline',
    request: { params: byId },
    responses: answers('the ledger', ledger),
  }),
  handler: async (c) => {
    const found = await exportLedger(c.var.ctx, c.var.actor, c.req.valid('param').id)
    if (isRefusal(found)) return problem(c, found)
    const { shipmentId, entries, stamps, keys } = found
    const printed = {
      entries: entries.map(printEntry),
      stamps: stamps.map(printStamp),
      keys: keys.map(printServiceKey),
    }
    return c.json({ schema: 'unbroken-ledger@1' as const, shipmentId, ...printed }, 200)
  },
})

const verification = z
  .object({
    valid: z.boolean(),
    firstBadSeq: z.int().nullable().meta({ description: 'the first entry that is not as it was written' }),
    reason: z.string().nullable(),
    signatureFaults: z.array(z.object({ seq: z.int(), index: z.int(), fault: z.string() })),
    stampFaults: z.array(z.object({ seq: z.int(), kid: z.string(), fault: z.string() })),
    stampedUpTo: z.int().meta({ description: 'up to this entry a stamp holds; 0: none' }),
  })
  .openapi('LedgerVerification')

const verified = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/shipments/{id}/ledger/verification',
    tags,
    summary: 'Whether the ledger is as it was written: hash chain, e-signatures and stamps',
    request: { params: byId },
    responses: answers('what holds and what does not', verification),
  }),
  handler: async (c) => {
    const found = await exportLedger(c.var.ctx, c.var.actor, c.req.valid('param').id)
    return isRefusal(found) ? problem(c, found) : c.json(printVerification(await verifyLedger(found, CRYPTO)), 200)
  },
})

function printVerification({ chain, ...found }: LedgerVerification): z.infer<typeof verification> {
  return {
    valid: found.valid,
    firstBadSeq: chain.valid ? null : chain.firstBadSeq,
    reason: chain.valid ? null : chain.reason,
    signatureFaults: [...found.signatureFaults],
    stampFaults: [...found.stampFaults],
    stampedUpTo: found.stampedUpTo,
  }
}

const path = z.object({ index: z.int(), size: z.int(), path: z.array(z.string()) })

const proof = z
  .object({
    reading: z.object({
      sensorId: z.int(),
      channel: z.string(),
      at: printedInstant,
      source: z.enum(['live', 'readout']),
      milliC: z.int().nullable(),
    }),
    inHour: path.meta({ description: 'RFC 6962 audit path from the reading to the root of its channel and hour' }),
    inRoot: path.meta({ description: 'from the canonical JSON of that root to the root in the ledger entry' }),
  })
  .openapi('ReadingProof')

const proven = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/shipments/{id}/reading-proofs',
    tags,
    summary: 'Proof that a reading is among those somebody relied on, without showing the others',
    request: {
      params: byId,
      query: z.object({
        sensorId: idParam,
        channel: channel.default('probe'),
        at: queryMoment.unwrap().meta({ description: 'when it was measured' }),
        seq: idParam.optional().meta({ description: 'of a readings_root entry; absent: the newest' }),
      }),
    },
    responses: answers('a proof for each value stored for the instant', z.object({ entry, proofs: z.array(proof) })),
  }),
  handler: async (c) => {
    const { seq = null, ...reading } = c.req.valid('query')
    const asked = { ...reading, seq, shipmentId: c.req.valid('param').id }
    const found = await proveReadings(c.var.ctx, c.var.actor, asked)
    if (isRefusal(found)) return problem(c, found)
    return c.json({ entry: printEntry(found.entry), proofs: found.proofs.map(printProof) }, 200)
  },
})

function printProof({ reading, inHour, inRoot }: ReadingProof): z.infer<typeof proof> {
  return {
    reading: { ...reading, at: isoInstant(reading.at) },
    inHour: { ...inHour, path: [...inHour.path] },
    inRoot: { ...inRoot, path: [...inRoot.path] },
  }
}

export const ledgerRoutes = [exported, verified, proven] as const
