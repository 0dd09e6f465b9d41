import type { Custody } from './custody.ts'
import type { EvaluationContent } from './evaluation-content.ts'
import type { StorageClass } from './mkt.ts'
import type { BoxFacts, TemperatureFacts } from './receipt.ts'

/**
 * What the receipt needs of a stored evaluation. A level is presumed where its alarm is; presumed time alone is an
 * event without alarm. Of what was never packed nothing is known: that is a gap.
 */
export function temperatureFacts(content: EvaluationContent): TemperatureFacts {
  const { status, severity, levels, gaps, window } = content
  return {
    status,
    severity,
    presumed: levels.some(({ alarm }) => alarm.state === 'presumed'),
    gaps: gaps.length > 0 || window === null,
    belowAlarm: levels.some(({ alarm, events }) => alarm.state !== 'confirmed' && events.length > 0),
  }
}

/** What the receipt needs of the custody fold. */
export function custodyFacts(
  custody: Pick<Custody, 'chainStatus' | 'findings'>,
): Pick<BoxFacts, 'custody' | 'integrity'> {
  const isFailed = custody.findings.some(({ code }) => code === 'INTEGRITY_FAILED')
  return { custody: custody.chainStatus, integrity: isFailed ? 'failed' : 'ok' }
}

/** How long missing data are waited for before they count as absent (domain page 4.5). */
export const DATA_DUE_MS = 48 * 3_600_000

/** What is known about missing readings. */
export type DataFacts = {
  readonly gaps: boolean
  /** End of the judging window; null while it is open. */
  readonly windowToAt: number | null
  /** Up to when the memory of the judged loggers was read out; null: not at all. */
  readonly readOutUntilAt: number | null
  /** Somebody said that nothing will come: logger lost, memory empty. */
  readonly declaredAbsent: { readonly by: string; readonly at: number } | null
  /** Since when somebody waits for the data: the receipt. */
  readonly receivedAt: number
  /** Who has to bring them. */
  readonly owner: string
}

export type DataState =
  | { readonly state: 'complete' }
  | { readonly state: 'pending'; readonly owner: string; readonly dueAt: number; readonly clearedBy: string }
  | { readonly state: 'absent'; readonly because: 'declared' | 'overdue'; readonly sinceAt: number }

/**
 * Whether readings are complete, still expected or given up (domain page 4.5): complete without a gap or with the
 * memory read out to the window's end; else absent where a person said so or the due time is past; else pending, with
 * an owner and a due time. What arrives after all makes absent data complete again.
 */
export function dataState(facts: DataFacts, now: number, dueMs: number = DATA_DUE_MS): DataState {
  const { readOutUntilAt, windowToAt, declaredAbsent, owner } = facts
  const isReadOut = readOutUntilAt !== null && windowToAt !== null && readOutUntilAt >= windowToAt
  if (!facts.gaps || isReadOut) return { state: 'complete' }
  if (declaredAbsent !== null) return { state: 'absent', because: 'declared', sinceAt: declaredAbsent.at }
  const dueAt = facts.receivedAt + dueMs
  if (now > dueAt) return { state: 'absent', because: 'overdue', sinceAt: dueAt }
  const clearedBy = 'Read out the logger now, or move it to where it has signal.'
  return { state: 'pending', owner, dueAt, clearedBy }
}

/** How far a display may differ from the last reading, by what the logger measures (domain page 4.5). */
const DISPLAY_TOLERANCE_MILLI_C: Record<StorageClass, number> = {
  cryogenic: 3000,
  frozen: 1000,
  controlled_cold: 1000,
  controlled_room: 1000,
}

/**
 * Whether the typed display says something else than the last reading: catches a wrong unit and a wrong logger. Exactly
 * the tolerance still agrees; where the last reading contradicts itself any of its values may be the one shown.
 */
export function displayDisagrees(
  displayMilliC: number,
  last: { readonly lowestMilliC: number; readonly highestMilliC: number },
  storageClass: StorageClass,
): boolean {
  const beyond = Math.max(last.lowestMilliC - displayMilliC, displayMilliC - last.highestMilliC)
  return beyond > DISPLAY_TOLERANCE_MILLI_C[storageClass]
}

/** Device clocks off by more than this cannot be trusted; from a minute on it is a remark (domain page section 6). */
const [CLOCK_REMARK_MS, CLOCK_UNTRUSTED_MS] = [60_000, 300_000]

/** What a device clock's offset from the server's means. */
export function clockTrust(offsetMs: number): 'trusted' | 'offset' | 'untrusted' {
  const off = Math.abs(offsetMs)
  if (off > CLOCK_UNTRUSTED_MS) return 'untrusted'
  return off > CLOCK_REMARK_MS ? 'offset' : 'trusted'
}

/**
 * How long a passive container has been holding its temperature by itself: from its last charge or top-up, not from
 * sealing, to the moment the unit left it (domain page 3.1); null where no charge was recorded.
 */
export function heldMs(chargedAt: readonly number[], unitOutAt: number): number | null {
  const before = chargedAt.filter((at) => at <= unitOutAt)
  return before.length === 0 ? null : unitOutAt - Math.max(...before)
}
