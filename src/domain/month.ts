/** A calendar month in UTC, as text: `2026-03`. Readings are stored, archived and restored month by month. */
export type Month = string

/** The month of an instant. */
export function monthOf(at: number): Month {
  return new Date(at).toISOString().slice(0, 7)
}

/** Whether a text names a month. */
export function isMonth(text: string): boolean {
  return /^\d{4}-(0[1-9]|1[0-2])$/.test(text)
}

/** The instants of a month, epoch milliseconds, `[fromAt, toAt)`. */
export function monthSpan(month: Month): { fromAt: number; toAt: number } {
  const [year = 0, number = 1] = month.split('-').map(Number)
  return { fromAt: Date.UTC(year, number - 1), toAt: Date.UTC(year, number) }
}

/**
 * The same day and time so many calendar months later. A day that the month does not have becomes one of the next: a
 * period that must be kept is never made shorter.
 */
export function addMonths(at: number, months: number): number {
  const date = new Date(at)
  date.setUTCMonth(date.getUTCMonth() + months)
  return date.getTime()
}
