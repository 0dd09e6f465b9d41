import type { ExcursionEvent, LevelResult, Status } from './combine.ts'
import type { Severity } from './profile.ts'

/**
 * A stored evaluation as the receipt and later comparisons read it. Instants are epoch milliseconds, temperatures
 * milli-degrees; what is open has no end.
 */
export type EvaluationContent = {
  readonly status: Status
  readonly severity: Severity | null
  readonly complete: boolean
  /** Some level has presumed-out time, whether or not its alarm is presumed. */
  readonly presumed: boolean
  readonly reasons: readonly string[]
  /** Null: not packed. */
  readonly window: { readonly fromAt: number; readonly toAt: number | null } | null
  readonly levels: readonly LevelContent[]
  readonly gaps: readonly { readonly fromAt: number; readonly toAt: number | null }[]
  /** What live streams saw out of limits and the memory lacks, raw; the first of them. Absent: nothing. */
  readonly readoutDiffers?: { readonly count: number; readonly first: readonly DifferingContent[] }
}

export type DifferingContent = {
  readonly sensorId: number
  readonly channel: string
  readonly at: number
  readonly milliC: number
}

export type LevelContent = {
  readonly id: string
  readonly alarm: LevelResult['alarm']
  readonly events: readonly EventContent[]
}

/** An event as it is stored; of an open one only its beginning is content. */
export type EventContent =
  | (Pick<ExcursionEvent, 'startAt' | 'firstOutAt'> & { readonly open: boolean })
  | (ExcursionEvent & { readonly open: boolean })
