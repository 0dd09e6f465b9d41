import type { Ctx } from '../context.ts'
import { type Actor, organisationOf } from '../domain/actor.ts'
import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import { type Listing, listing, type Page } from './page.ts'
import { getSensor } from './sensors.ts'

/** What was noticed of a sensor's sequence numbers, both ends included; `epoch` counts its restarts. */
export type SequenceEvent = { id: number; kind: string; epoch: number; from: number; to: number; knownAt: number }

/** The restarts and lost messages of an own sensor, in order of noticing. Refused: `not_found`, `not_allowed`. */
export async function listSequenceEvents(
  ctx: Ctx,
  actor: Actor,
  asked: { sensorId: number; page: Page },
): Promise<Listing<SequenceEvent> | Refusal> {
  const sensor = await getSensor(ctx, actor, asked.sensorId)
  if (isRefusal(sensor)) return sensor
  if (sensor.organisationId !== organisationOf(actor)) {
    return refuse('not_allowed', 'Only the owner reads a whole sensor: read the shipment it rides with.')
  }
  const rows = await ctx.db.kysely
    .selectFrom('sequence_event')
    .select(['id', 'kind', 'epoch', 'from_seq as from', 'to_seq as to', 'known_at as knownAt'])
    .where('sensor_id', '=', asked.sensorId)
    .where('id', '>', asked.page.after ?? 0)
    .orderBy('id')
    .limit(asked.page.limit + 1)
    .execute()
  return listing(rows, asked.page.limit, ({ id }) => id)
}
