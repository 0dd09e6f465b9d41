import type { Database } from '../../db/connect.ts'
import type { ParsedMessage, ReceivedMessage } from '../domain/message.ts'
import { type Month, monthOf } from '../domain/month.ts'
import { ensurePartitions, forgetPartitions, isMissingPartition } from './partitions.ts'

/**
 * Runs work that stores messages, in months that are there for it. What was measured in a month that is archived is
 * taken out of its message, and the message then says so: it is kept for a person, who restores the archive and
 * releases it. Should a month be dropped between the look and the work, it is looked and worked once more.
 */
export async function inOpenMonths<T>(
  db: Database,
  messages: readonly ReceivedMessage[],
  work: (storable: readonly ReceivedMessage[]) => Promise<T>,
): Promise<T> {
  return againIfDropped(db, async () => work(await openMonths(db, messages)))
}

/** Runs a look for months and the work that stores in them; once more where a month is dropped between the two. */
export async function againIfDropped<T>(db: Database, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!isMissingPartition(error)) throw error
    forgetPartitions(db)
    return await work()
  }
}

/**
 * Creates the months that messages need, before the transaction that stores them; a batch without observations costs
 * nothing for them. The messages as they are, or without what belongs to archived months.
 */
export async function openMonths(
  db: Database,
  messages: readonly ReceivedMessage[],
): Promise<readonly ReceivedMessage[]> {
  const readings = await ensurePartitions(db, daysOf(messages))
  const hasObservations = messages.some(({ parsed }) => parsed.observations.length > 0)
  const observations = hasObservations ? await ensurePartitions(db, observationsAt(messages), 'observation') : NONE
  if (readings.size === 0 && observations.size === 0) return messages
  return messages.map((message) => ({
    ...message,
    parsed: withoutArchived(message.parsed, { readings, observations }),
  }))
}

const NONE: ReadonlySet<Month> = new Set()

/** An instant for each run of readings of the same day: to hand on that of every reading costs 0.1 us each. */
function daysOf(messages: readonly ReceivedMessage[]): number[] {
  const instants: number[] = []
  let lastDay = Number.NaN
  for (const { parsed } of messages) {
    for (const { at } of parsed.readings) {
      const day = Math.floor(at / DAY_MS)
      if (day !== lastDay) instants.push(at)
      lastDay = day
    }
  }
  return instants
}

const DAY_MS = 86_400_000

function* observationsAt(messages: readonly ReceivedMessage[]): Generator<number> {
  for (const { parsed } of messages) for (const observation of parsed.observations) yield observation.at
}

type Archived = { readings: ReadonlySet<Month>; observations: ReadonlySet<Month> }

function withoutArchived(parsed: ParsedMessage, archived: Archived): ParsedMessage {
  const isIn = (months: ReadonlySet<Month>) => (measured: { at: number }) => months.has(monthOf(measured.at))
  const late = [
    ...parsed.readings.filter(isIn(archived.readings)),
    ...parsed.observations.filter(isIn(archived.observations)),
  ]
  if (late.length === 0) return parsed
  const months = [...new Set(late.map(({ at }) => monthOf(at)))].sort()
  return {
    ...parsed,
    readings: parsed.readings.filter((reading) => !isIn(archived.readings)(reading)),
    observations: parsed.observations.filter((observation) => !isIn(archived.observations)(observation)),
    archived: { count: late.length, months },
  }
}
