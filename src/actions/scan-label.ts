import { type Tx, transaction } from '../../db/connect.ts'
import { at } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import { type Actor, denied, organisationOf } from '../domain/actor.ts'
import { CUSTODY_DEFAULTS } from '../domain/custody.ts'
import { type Reader, readerOf } from '../domain/reader.ts'
import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import type { ScanPart } from '../domain/scan-part.ts'
import { identityOf, type ShipmentIdentity } from '../domain/shipment-identity.ts'
import { isoInstant } from '../domain/units.ts'
import { audit } from './audit.ts'
import { loadIdentity } from './load-identity.ts'
import { lockShipments } from './locks.ts'
import { partsColumn, type StoredScan, storedScan } from './scans.ts'
import { refuseUnlessSeen } from './shipments.ts'

/** What one person read of one label; `unitCode` null: of the box. Without parts nothing on it could be read. */
export type NewScan = {
  shipmentId: number
  unitCode: string | null
  /** Who read it, where a machine says so. */
  person: string | null
  readAt: number
  place: string | null
  remark: string | null
  parts: readonly ScanPart[]
}

/**
 * Records what was read off a label, whatever it was, and answers how the label stands against shipment and order: to
 * the first person by their own reading, to the next by both, since having read they may see. Refused is only what is
 * no statement about the world: `not_found`, `not_allowed`, `in_the_future`, and `invalid` without a person.
 */
export async function scanLabel(
  ctx: Ctx,
  actor: Actor,
  input: NewScan,
): Promise<{ scan: StoredScan; identity: ShipmentIdentity } | Refusal> {
  const no = denied(actor, 'scan_labels')
  if (no !== null) return no
  const reader = readerOf(actor, input.person)
  if (isRefusal(reader)) return reader
  const { shipmentId, readAt } = input
  return transaction(ctx.db, async (tx) => {
    const now = ctx.now()
    const refusal = (await refuseUnlessSeen(tx, actor, shipmentId)) ?? refuseFuture(readAt, now)
    if (refusal !== null) return refusal
    await lockShipments(tx, [shipmentId])
    const name = actor.kind === 'person' ? await printedName(tx, Number(actor.id)) : reader.name
    const scan = await insertScan(tx, actor, { ...input, reader: { ...reader, name }, now })
    const facts = await loadIdentity(tx, { shipmentId, organisationId: scan.organisationId, asOf: readAt })
    return { scan, identity: identityOf(facts, readAt) }
  })
}

async function printedName(tx: Tx, personId: number): Promise<string> {
  const row = await tx.selectFrom('person').select('printed_name').where('id', '=', personId).executeTakeFirstOrThrow()
  return row.printed_name
}

function refuseFuture(readAt: number, now: number): Refusal | null {
  if (readAt <= now + CUSTODY_DEFAULTS.clockToleranceMs) return null
  return refuse('in_the_future', `The scan lies after the server's time ${isoInstant(now)}. Check the clock.`)
}

async function insertScan(
  tx: Tx,
  actor: Actor,
  { reader, now, ...input }: NewScan & { reader: Reader; now: number },
): Promise<StoredScan> {
  const { shipmentId, unitCode, parts } = input
  const row = await tx
    .insertInto('label_scan')
    .values({
      shipment_id: shipmentId,
      unit_code: unitCode,
      organisation_id: organisationOf(actor),
      person_key: reader.key,
      person_name: reader.name,
      read_at: at(input.readAt),
      place: input.place,
      remark: input.remark,
      parts: partsColumn(parts),
      known_at: at(now),
    })
    .returningAll()
    .executeTakeFirstOrThrow()
  // who reads next must not learn from the audit trail what was read
  const after = { scanId: row.id, unit: unitCode, person: reader.name }
  await audit(tx, actor, [{ action: 'scan_label', subjectKind: 'shipment', subjectId: shipmentId, at: now, after }])
  return storedScan(row)
}
