import type { Database } from '../../db/connect.ts'
import type { Calm } from '../domain/calm.ts'
import type { Quiet } from '../domain/quiet.ts'
import type { Folded } from './fold-placements.ts'
import type { SequenceMemory } from './follow-sequences.ts'
import type { ShipmentFacts } from './judging-facts.ts'
import type { Turn } from './recording-turns.ts'
import type { EvaluationHead } from './store-evaluations.ts'
import { type StripeRevisions, unseenStripes } from './stripes.ts'

/**
 * What a recording process remembers between batches, so that a batch asks the database only what has changed. Nothing
 * here decides anything: every entry names the revision of its row, and that of its stripe (`stripes.ts`) when the row
 * was compared. The stripe is locked and compared before the entry is used, and the row too where it differs; whatever
 * fails in between forgets everything. Without any memory the result is the same, later.
 *
 * A row's `revision` is raised by whatever changes what is remembered of it, except readings that are later than all
 * before; those are told by `keeper`, the process that recorded for the shipment last.
 */
export type Memory = {
  /** This process among those that record, from a sequence; 0 before the first batch. */
  keeper: number
  /** The server and database as they were; after a restore or a failover nothing that is remembered holds. */
  incarnation: string
  readonly sensors: Remembered<SensorMemory>
  readonly sensorStripes: StripeRevisions
  readonly shipments: Remembered<ShipmentMemory>
  readonly shipmentStripes: StripeRevisions
  /** The batches that are being recorded with it, in order. */
  turns: readonly Turn[]
}

export type SensorMemory = {
  revision: number
  /** The revision of its stripe at which its row was compared last. */
  stripe: number
  /** No stored reading of the sensor is later. */
  newestAt: number
  /** Placements that end before this instant are not remembered. */
  sinceAt: number
  /** Judged roles only. */
  placements: PlacementLink[]
  /** Null: no message of it was seen yet. */
  sequence: SequenceMemory | null
}

/** The interval that links a sensor channel's readings to a shipment; an open end is Infinity. */
export type PlacementLink = { id: number; channel: string; shipmentId: number; fromAt: number; toAt: number }

export type ShipmentMemory = {
  revision: number
  /** The revision of its stripe at which its row was compared last; none's while that has to be compared always. */
  stripe: number
  facts: ShipmentFacts
  /** In the order of the facts' placements. */
  folded: Folded[]
  head: EvaluationHead | null
  /** Null: whatever comes is judged. */
  quiet: Quiet | null
  /** Within which bounds readings are only noted, and those; null: before the first from memory, or with many folds. */
  calm: Calm | null
}

/** A kilobyte or two, six of a shipment: 100,000 of each are some 700 MB, and a fleet beyond that is only slower. */
const MOST_REMEMBERED = 100_000

const memories = new WeakMap<Database, Memory>()

/** The memory of the process for a database. */
export function memoryOf(db: Database): Memory {
  const known = memories.get(db)
  if (known !== undefined) return known
  const made = emptyMemory()
  memories.set(db, made)
  return made
}

/** A memory for one transaction that nobody remembers afterwards. */
export function emptyMemory(): Memory {
  const sensors = remembered<SensorMemory>(MOST_REMEMBERED)
  const shipments = remembered<ShipmentMemory>(MOST_REMEMBERED)
  const stripes = { sensorStripes: unseenStripes(), shipmentStripes: unseenStripes() }
  return { keeper: 0, incarnation: '', sensors, shipments, ...stripes, turns: [] }
}

/** Forgets everything: after a failure nobody knows how much of it holds. */
export function forget(memory: Memory): void {
  memory.sensors.clear()
  memory.sensorStripes.forget()
  memory.shipments.clear()
  memory.shipmentStripes.forget()
}

export type Remembered<T> = {
  get: (id: number) => T | undefined
  set: (id: number, entry: T) => void
  delete: (id: number) => void
  clear: () => void
}

/**
 * Entries by id, at most `most`: two generations, of which the older one is dropped when the younger is half full. An
 * entry that is asked for is young again. A list in order of use would cost a hundred times more per question.
 */
export function remembered<T>(most: number): Remembered<T> {
  let young = new Map<number, T>()
  let old = new Map<number, T>()
  const set = (id: number, entry: T) => {
    if (young.size >= most / 2) {
      old = young
      young = new Map()
    }
    young.set(id, entry)
  }
  return {
    get: (id) => {
      const entry = young.get(id)
      if (entry !== undefined) return entry
      const older = old.get(id)
      if (older === undefined) return undefined
      old.delete(id)
      set(id, older)
      return older
    },
    set,
    delete: (id) => {
      young.delete(id)
      old.delete(id)
    },
    clear: () => {
      young = new Map()
      old = new Map()
    },
  }
}
