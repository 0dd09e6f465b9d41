import type { Tx } from '../../db/connect.ts'
import { at } from '../../db/tables.ts'

/** Ends every session of a person whose password changed, or who is disabled. */
export async function endSessions(tx: Tx, personId: number, endedAt: number): Promise<void> {
  await tx
    .updateTable('person_session')
    .set({ ended_at: at(endedAt) })
    .where('person_id', '=', personId)
    .where('ended_at', 'is', null)
    .execute()
}
