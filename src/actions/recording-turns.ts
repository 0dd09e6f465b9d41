import type { Memory } from './recorder-memory.ts'

/**
 * Two batches of a process at once: while the server is busy with the readings of one, the other is judged and
 * committed. In order, so that readings come to the folds as they arrived:
 *
 *   batch 1   store ──► judge ──► commit
 *   batch 2        store ······ (waits) ──► judge ──► commit
 *
 * A batch stores beside an earlier one unless they have a sensor in common: it would wait in the database for a key
 * that the earlier one has inserted, while that one waits for its turn. It holds its sensors after every earlier one
 * does, and one that has to begin anew takes a new turn: whoever wants to change a sensor may stand between two
 * batches, and the first must not wait for it while the second waits for the first. It judges when every earlier one
 * has ended, since what is remembered may only be used when what changed it is committed.
 */
export type Turn = {
  /** By id, whatever is kept of them. */
  readonly sensors: ReadonlyMap<number, unknown>
  /** Resolves when its readings are stored, or it has ended without. */
  readonly stored: Promise<void>
  readonly ended: Promise<void>
  /** Resolves when it holds its sensors, or has ended without. */
  readonly opened: Promise<void>
  /** Waits until it may hold its sensors and store. */
  toStore: () => Promise<void>
  /** Says that it holds them. */
  haveOpened: () => void
  /** Whether every batch before it has ended. */
  isFirst: () => boolean
  /** Says that its readings are stored. */
  haveStored: () => void
  /** Waits until it may judge: every batch before it has ended. */
  toJudge: () => Promise<void>
  end: () => void
}

/** Takes the next turn at a memory, for a batch of these sensors. */
export function takeTurn(memory: Memory, sensors: ReadonlyMap<number, unknown>): Turn {
  const before = memory.turns
  const stored = Promise.withResolvers<void>()
  const ended = Promise.withResolvers<void>()
  const opened = Promise.withResolvers<void>()
  // promises, not turns: one that waits for the one before it would hold all that ever were
  const ends = before.map((other) => other.ended)
  const first = before.map((other) => (haveInCommon(other.sensors, sensors) ? other.stored : other.opened))
  const turn: Turn = {
    sensors,
    stored: stored.promise,
    ended: ended.promise,
    opened: opened.promise,
    toStore: async () => void (await Promise.all(first)),
    haveOpened: opened.resolve,
    isFirst: () => memory.turns[0] === turn,
    haveStored: stored.resolve,
    toJudge: async () => void (await Promise.all(ends)),
    end: () => {
      memory.turns = memory.turns.filter((other) => other !== turn)
      opened.resolve()
      stored.resolve()
      ended.resolve()
    },
  }
  memory.turns = [...before, turn]
  return turn
}

function haveInCommon(a: ReadonlyMap<number, unknown>, b: ReadonlyMap<number, unknown>): boolean {
  for (const id of a.keys()) if (b.has(id)) return true
  return false
}
