import type { UnitCode } from '../domain/units.ts'
import type { DateOrder } from './written-time.ts'

/** What a person says about a file beyond what it says itself; null and an empty record say nothing. */
export type Answers = {
  /** `Europe/Berlin`, `+02:00` */
  zone: string | null
  dateOrder: DateOrder | null
  /** Of temperatures whose unit the file does not state. */
  unit: UnitCode | null
  /**
   * By the name of a column: the sensor's channel its values belong to, or `-` to leave the column out. A channel named
   * after a quantity (`tilt`, `mass_2`) takes that; the unit may follow, where the title does not say it: `mass:KGM`.
   */
  channels: Readonly<Record<string, string>>
}

export const NO_ANSWERS: Answers = { zone: null, dateOrder: null, unit: null, channels: {} }

/** Leaves a column out. */
export const LEFT_OUT = '-'

/** What a file leaves open; stable, public. Nothing of it is ever guessed. */
export const QUESTION_CODES = [
  /** local times, and no zone */
  'ZONE_MISSING',
  /** an abbreviation that names several zones, or one that may or may not have had daylight saving */
  'ZONE_AMBIGUOUS',
  /** the answer is no zone, or not the one the file states */
  'ZONE_CONTRADICTED',
  /** an hour that comes twice in the zone given, and nothing in the file tells which of the two it is */
  'TIME_TWICE',
  /** times that never were in the zone given: the clock ran on another one */
  'TIME_NEVER',
  /** 11/10 is the 11th of October or the 10th of November */
  'DATE_ORDER_AMBIGUOUS',
  'DATE_ORDER_CONTRADICTED',
  'UNIT_MISSING',
  'UNIT_CONTRADICTED',
  /** a column of numbers that says nothing about itself, or an answer about a column that is not there */
  'CHANNEL_UNKNOWN',
] as const
export type QuestionCode = (typeof QUESTION_CODES)[number]

/** The name of the answer, the same in `Answers`, in the API's query and (in kebab case) on the command line. */
export type AnswerName = 'zone' | 'dateOrder' | 'unit' | 'channel'

/** One open question: what is missing, in a sentence, which answer fills it, and what it might be. */
export type Question = { code: QuestionCode; answer: AnswerName; text: string; offers: readonly string[] }

/** A foreign text inside a sentence: short and on one line. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text)
}
