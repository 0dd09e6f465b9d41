import { type Tx, transaction } from '../../db/connect.ts'
import { at } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import { type Actor, denied } from '../domain/actor.ts'
import { isRefusal, type Refusal } from '../domain/refusal.ts'
import { audit } from './audit.ts'
import { lockSensors } from './locks.ts'
import { DEV_EUI_TAKEN, insertRegistration, type LorawanRegistration } from './lorawan-registration.ts'
import { refuseUnowned } from './place-sensor.ts'
import { findSensor, type Sensor } from './sensors.ts'
import { unlessExists } from './unless-exists.ts'

/**
 * Says under which DevEUI a network server publishes a sensor, and how its uplinks are read. It takes the place of what
 * was said before; what was recorded so far stays. Refused: `not_found`, `not_allowed`, and `already_exists` where
 * another sensor has the DevEUI.
 */
export async function registerLorawan(
  ctx: Ctx,
  actor: Actor,
  input: LorawanRegistration & { sensorId: number; reason: string | null },
): Promise<Sensor | Refusal> {
  const no = denied(actor, 'manage_sensors')
  if (no !== null) return no
  const { sensorId, reason, ...registration } = input
  const register = async (tx: Tx) => {
    const refusal = await refuseUnowned(tx, actor, sensorId)
    if (refusal !== null) return refusal
    await lockSensors(tx, [sensorId])
    const before = await findSensor(tx, actor, sensorId)
    if (isRefusal(before)) return before
    await tx
      .updateTable('lorawan_registration')
      .set({ superseded_at: at(ctx.now()) })
      .where('sensor_id', '=', sensorId)
      .where('superseded_at', 'is', null)
      .execute()
    await insertRegistration(tx, { sensorId, registration, reason, now: ctx.now() })
    const deed = { action: 'register_lorawan', subjectKind: 'sensor', subjectId: sensorId, reason }
    await audit(tx, actor, [{ ...deed, at: ctx.now(), before: before.lorawan, after: registration }])
    return findSensor(tx, actor, sensorId)
  }
  return unlessExists(DEV_EUI_TAKEN, transaction(ctx.db, register))
}
