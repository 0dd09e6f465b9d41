import type { Random } from '../random.ts'

/** What a network does to PUBLISH (QoS 1) and PUBACK in both directions; shares are probabilities per packet. */
export type NetworkFaults = {
  losePublish: number
  losePuback: number
  /** A connection that lost a packet breaks so long afterwards, as TCP's do; the sender sends again on the next. */
  cutAfterLossMs: number
  /** Share of PUBLISH that arrive twice, as behind a bridge; the second PUBACK never reaches the sender. */
  duplicate: number
  /** Share of PUBLISH that the next one overtakes. */
  reorder: number
  delayMs: { min: number; max: number }
  /** Of each direction of each connection; null: as fast as it can. */
  bytesPerS: number | null
}

export const NO_FAULTS: NetworkFaults = {
  losePublish: 0,
  losePuback: 0,
  cutAfterLossMs: 500,
  duplicate: 0,
  reorder: 0,
  delayMs: { min: 0, max: 0 },
  bytesPerS: null,
}

/** What becomes of one packet. */
export type Decision = { lost: boolean; copies: 1 | 2; overtaken: boolean; delayMs: number }

/**
 * Decides about one direction of one connection: the same seed and order of packets give the same decisions. Every
 * packet draws the same numbers, so that another share changes only the packets that it concerns.
 */
export function decide(kind: 'publish' | 'puback', faults: NetworkFaults, random: Random): Decision {
  const [loss, copy, order, delay] = [random(), random(), random(), random()]
  const isPublish = kind === 'publish'
  return {
    lost: loss < (isPublish ? faults.losePublish : faults.losePuback),
    copies: isPublish && copy < faults.duplicate ? 2 : 1,
    overtaken: isPublish && order < faults.reorder,
    delayMs: faults.delayMs.min + delay * (faults.delayMs.max - faults.delayMs.min),
  }
}
