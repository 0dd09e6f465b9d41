import { type Tx, transaction } from '../../db/connect.ts'
import { at } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import { type Actor, denied } from '../domain/actor.ts'
import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import { audit } from './audit.ts'
import { judgePending } from './judge.ts'
import { lockSensors } from './locks.ts'
import { getImport, type LoggerImport } from './logger-imports.ts'
import { markStretches, type Stretch } from './record-readout.ts'

/**
 * Takes an import back: what it read out is not judged any more, but for what another import that stands says too.
 * Nothing is removed, and every shipment concerned is judged again. Refused: `not_found`, `not_allowed`,
 * `changed_meanwhile`.
 */
export async function supersedeImport(
  ctx: Ctx,
  actor: Actor,
  { importId, reason }: { importId: number; reason: string },
): Promise<LoggerImport | Refusal> {
  const no = denied(actor, 'import_readings')
  if (no !== null) return no
  const found = await getImport(ctx, actor, importId)
  if (isRefusal(found)) return found
  const { sensorId } = found
  const shipmentIds = await transaction(ctx.db, async (tx) => {
    await lockSensors(tx, [sensorId])
    const now = ctx.now()
    const stretches = await supersede(tx, importId, { now, reason })
    if (stretches.length === 0) {
      return refuse('changed_meanwhile', `No read-out of import ${importId} stands: there is nothing to take back.`)
    }
    const after = { importId, readouts: stretches.length, supersededAt: now }
    const deed = { at: now, action: 'supersede_import', subjectKind: 'sensor', subjectId: sensorId }
    await audit(tx, actor, [{ ...deed, before: { supersededAt: null }, after, reason }])
    return markStretches(tx, sensorId, stretches)
  })
  if (isRefusal(shipmentIds)) return shipmentIds
  for (const shipmentId of shipmentIds) await judgePending(ctx, shipmentId)
  return getImport(ctx, actor, importId)
}

async function supersede(tx: Tx, importId: number, by: { now: number; reason: string }): Promise<Stretch[]> {
  const rows = await tx
    .updateTable('readout')
    .set({ superseded_at: at(by.now), superseded_reason: by.reason })
    .where('import_id', '=', importId)
    .where('superseded_at', 'is', null)
    .returning(['channel', 'from_at', 'to_at'])
    .execute()
  return rows.map(({ channel, from_at: fromAt, to_at: toAt }) => ({ channel, fromAt, toAt }))
}
