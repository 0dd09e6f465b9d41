import { z } from '@hono/zod-openapi'
import { type Gs1Key, type Gs1Problem, gs1Problem } from '../domain/gs1.ts'
import { EARLIEST_AT, exactC, isoInstant, LATEST_AT } from '../domain/units.ts'
import { instant } from '../fields.ts'

/** A path parameter that is an id. */
export const idParam = z
  .string()
  .regex(/^[1-9][0-9]{0,14}$/, 'must be an id: a positive whole number')
  .transform(Number)
  .meta({ type: 'integer', minimum: 1 })

/** `{id}` of a path. */
export const byId = z.object({ id: idParam })

/** An id in a body. */
export const id = z.int().positive()

/** One line for people. Neither control characters nor broken Unicode: the database and the hash chain take none. */
export const line = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .refine((text) => !/\p{Cc}/u.test(text), 'must not contain control characters')
  .refine((text) => text.isWellFormed(), 'is not well-formed Unicode')

/** Text with line breaks, for reasons. */
export const prose = z
  .string()
  .trim()
  .min(1)
  .max(2000)
  .refine((text) => !/\p{Cc}/u.test(text.replace(/[\n\t]/g, '')), 'must not contain control characters')
  .refine((text) => text.isWellFormed(), 'is not well-formed Unicode')

/** A channel of a sensor, as the MQTT door takes it: under any other name no reading could ever be found. */
export const channel = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,31}$/, 'must be a-z, 0-9 and _, beginning with a letter, at most 32')

/** An instant of this field's time. */
export const moment = instant
  .refine((at) => at >= EARLIEST_AT && at < LATEST_AT, 'must lie between the years 2001 and 2200')
  .meta({ type: 'string', format: 'date-time', description: 'ISO 8601 with offset' })

/**
 * A bound in a query string, where a plus sign is written as a space by many. One beyond this field's time is as good
 * as its end.
 */
export const queryMoment = z
  .string()
  .transform((text) => text.replace(/ (?=\d\d:?\d\d$)/, '+'))
  .pipe(instant)
  .transform((at) => Math.min(Math.max(at, EARLIEST_AT), LATEST_AT))
  .optional()
  .meta({ type: 'string', format: 'date-time' })

export const gln = gs1('GLN')
export const sscc = gs1('SSCC')
/** Shorter GTINs are the same number with zeros before it. */
export const gtin = gs1('GTIN').transform((digits) => digits.padStart(14, '0'))

const WORDS: Record<Gs1Problem, string> = {
  NON_DIGIT: 'must be digits only',
  LENGTH: 'has a wrong number of digits',
  CHECK_DIGIT: 'has a wrong check digit: read it again',
  CHARACTER: 'has a character that may not stand there',
}

function gs1(key: Gs1Key) {
  return z.string().superRefine((text, context) => {
    const wrong = gs1Problem(key, text)
    if (wrong !== null) context.addIssue({ code: 'custom', message: `as ${key} ${WORDS[wrong]}` })
  })
}

/** An IANA time zone this machine knows. */
export const timeZone = z.string().refine(isTimeZone, 'is no IANA time zone, such as Europe/Berlin')

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return /^[A-Za-z]/.test(name)
  } catch {
    return false
  }
}

/** ISO 8601 with Z and milliseconds, as every answer prints instants. */
export const printedInstant = z.string().meta({ format: 'date-time', example: '2026-03-02T10:00:00.000Z' })

/** The instant, or null. */
export function isoOrNull(at: number | null): string | null {
  return at === null ? null : isoInstant(at)
}

/** Degrees Celsius, or null. */
export function celsiusOrNull(milliC: number | null): number | null {
  return milliC === null ? null : exactC(milliC)
}
