import { z } from '@hono/zod-openapi'
import type { ReceiptView } from '../actions/receipt-view.ts'
import type { ShipmentStatus, UnitStatus } from '../actions/shipment-status.ts'
import { VERDICTS } from '../domain/finding.ts'
import { isoInstant } from '../domain/units.ts'
import { outstanding, printOutstanding } from './exceptional-answer.ts'
import { printedInstant } from './inputs.ts'
import { printStanding, standing } from './receipt-answer.ts'

/** A unit as the status shows it: verdict, findings and where it stands. */
export const unit = z.object({
  id: z.int(),
  code: z.string(),
  verdict: z.enum(VERDICTS).nullable().meta({ description: 'by the receipt and all that is known now' }),
  findings: z.array(z.string()).nullable().meta({ description: 'all of them, in words at /shipments/{id}/receipt' }),
  disposition: standing.nullable().meta({ description: 'where it stands by what people signed' }),
  reason: z.string().nullable().meta({ description: 'why there is no verdict' }),
  terminal: z.object({ kind: z.string(), at: printedInstant }).nullable(),
})

/** The receipt's line of the status. */
export const receiptLine = z
  .object({
    revision: z.int(),
    verdict: z.enum(VERDICTS).nullable(),
    data: z.enum(['complete', 'pending', 'absent']).nullable(),
    outstanding: z.array(outstanding),
  })
  .nullable()
  .meta({ description: 'null: none was made, or another instant than now was asked for' })

const NO_RECEIPT = 'The verdict on a unit is part of the receipt: none was made.'
const NOW_ONLY = 'The verdict on a unit is told as of now only: leave out asOf.'

/** Prints a unit as the status shows it. */
export function printUnit(
  { id, code, terminal, received }: UnitStatus,
  { receiptSha256 }: Pick<ShipmentStatus, 'receiptSha256'>,
): z.infer<typeof unit> {
  return {
    id,
    code,
    verdict: received?.current?.verdict ?? null,
    findings: received?.current ? [...received.current.findings] : null,
    disposition: received && printStanding(received.standing),
    reason: received?.current ? null : receiptSha256 === null ? NO_RECEIPT : NOW_ONLY,
    terminal: terminal && { kind: terminal.kind, at: isoInstant(terminal.at) },
  }
}

/** Prints the receipt's line of the status. */
export function printReceiptLine({ receipts, shipment, data, outstanding: owed }: ReceiptView) {
  return {
    revision: receipts.length,
    verdict: shipment?.verdict ?? null,
    data: data?.state ?? null,
    outstanding: owed.map(printOutstanding),
  }
}
