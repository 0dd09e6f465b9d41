/** What a line of a file is. Each line is exactly one of these. */
export const LINE_KINDS = ['header', 'reading', 'fault', 'event', 'note', 'blank', 'rejected'] as const
export type LineKind = (typeof LINE_KINDS)[number]

/** Why a line of the table could not be read; stable, public. */
export const LINE_REASONS = [
  'TIME_UNREADABLE',
  /** numbers, but no time beside them */
  'TIME_MISSING',
  /** an hour that comes twice, and nothing tells which it was */
  'TIME_TWICE',
  /** a local time that was left out in spring */
  'TIME_NEVER',
  'VALUE_UNREADABLE',
  'UNIT_UNREADABLE',
  /** more numbers than columns: a decimal comma that is also the delimiter, say */
  'CELLS_DO_NOT_FIT',
  /** another header stands in the file: what follows is not of the first table */
  'SECOND_TABLE',
  'LINE_TOO_LONG',
] as const
export type LineReason = (typeof LINE_REASONS)[number]

/** A rejected line: its number, why, and its beginning. */
export type RejectedLine = { line: number; reason: LineReason; text: string }

/** The account of a file: every line once, the rejected ones by reason, the first of them named. */
export type Account = {
  lines: number
  kinds: Record<LineKind, number>
  reasons: Partial<Record<LineReason, number>>
  rejected: RejectedLine[]
}

/** Rejected lines named one by one; a person repairs a file by its first faults, and the file itself is kept. */
const MAX_NAMED = 100
const MAX_TEXT = 80

/** An account of no lines. */
export function emptyAccount(): Account {
  const kinds = { header: 0, reading: 0, fault: 0, event: 0, note: 0, blank: 0, rejected: 0 }
  return { lines: 0, kinds, reasons: {}, rejected: [] }
}

/** Enters a line that is not rejected. */
export function enter(account: Account, kind: Exclude<LineKind, 'rejected'>): void {
  account.lines++
  account.kinds[kind]++
}

/** Enters a rejected line. */
export function reject(account: Account, { line, reason, text }: RejectedLine): void {
  account.lines++
  account.kinds.rejected++
  account.reasons[reason] = (account.reasons[reason] ?? 0) + 1
  if (account.rejected.length < MAX_NAMED) account.rejected.push({ line, reason, text: text.slice(0, MAX_TEXT) })
}
