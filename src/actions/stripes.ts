import { int4s } from '../../db/binary.ts'
import type { Recording } from '../../db/recording.ts'

/**
 * Sensors, and shipments, in stripes of ids: a batch holds the stripes of what it concerns instead of thousands of
 * rows, and compares their revisions with those it remembers. What changes a row raises the revision of its stripe, and
 * every entry of the stripe is compared with its row again before it is used. 64: a change waits for few others, a
 * batch of few readings seldom for it, and the locks of a batch are far from what the server has room for.
 */
const STRIPES = 64

/** The stripe of an id. */
export function stripeOf(id: number): number {
  return id % STRIPES
}

/** The stripes of some ids, ascending, as whoever locks several takes them. */
export function stripesOf(ids: Iterable<number>): number[] {
  const found = new Set<number>()
  for (const id of ids) {
    found.add(stripeOf(id))
    if (found.size === STRIPES) break
  }
  return [...found].sort((a, b) => a - b)
}

/** Revisions of stripes as they were seen last under their locks. */
export type StripeRevisions = {
  /** Of the stripe of an id; -1 where it was not seen. */
  of: (id: number) => number
  see: (stripe: number, revision: number) => void
  forget: () => void
}

const UNSEEN = -1

/** Nothing seen yet. */
export function unseenStripes(): StripeRevisions {
  const revisions = new Array<number>(STRIPES).fill(UNSEEN)
  return {
    of: (id) => revisions[stripeOf(id)] ?? UNSEEN,
    see: (stripe, revision) => {
      revisions[stripe] = revision
    },
    forget: () => void revisions.fill(UNSEEN),
  }
}

/** The class of the advisory locks on the stripes of sensors. */
export const SENSOR_STRIPES = 0x5e50

/**
 * Holds the stripes of sensors together with other recorders until the transaction ends. By advisory locks, which are
 * given in the order they are asked for: batches that overlap without end would keep a change waiting as long.
 */
export async function holdSensorStripes(run: Recording, stripes: readonly number[]): Promise<void> {
  await run.send({
    name: 'hold_sensor_stripes',
    text: 'select count(pg_advisory_xact_lock_shared($1, stripe)) from unnest($2::int[]) as s(stripe)',
    values: [SENSOR_STRIPES, int4s(stripes)],
  })
}
