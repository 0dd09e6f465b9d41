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

/** The class of the advisory locks on the stripes of sensors; `hold_sensor_stripes` of the database names it too. */
export const SENSOR_STRIPES = 24_144
