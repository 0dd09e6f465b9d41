import { z } from 'zod'
import { divideRounded, fixedPoint, parseInstant, toMilliC } from './domain/units.ts'

/** ISO 8601 text with offset to epoch milliseconds. */
export const instant = z
  .string()
  .transform((text, context) => {
    const parsed = parseInstant(text)
    if (typeof parsed === 'object') return parsed.at
    const problem = parsed === 'NO_OFFSET' ? 'has no offset: end it with Z or +hh:mm' : 'is not an ISO 8601 time'
    context.addIssue({ code: 'custom', message: `"${text}" ${problem}` })
    return z.NEVER
  })
  .meta({ type: 'string', format: 'date-time', description: 'ISO 8601 with offset' })

/** Degrees Celsius as number or decimal text to milli-degrees; limits must be exact. */
export const exactMilliC = z
  .union([z.number(), z.string()])
  .transform((value, context) => {
    const parsed = toMilliC(String(value), 'CEL')
    if (parsed?.exact) return parsed.milliC
    context.addIssue({ code: 'custom', message: `${value} is not a temperature exact to 0.001 degrees Celsius` })
    return z.NEVER
  })
  .meta({ type: ['number', 'string'], description: 'degrees Celsius, exact to 0.001; number or decimal text' })

/** Longer than any shelf life; whatever is longer is a mistake, and beyond whole milliseconds no longer exact. */
const MAX_SECONDS = 50 * 366 * 86_400

/** Seconds with at most three decimals to integer milliseconds. */
export const milliseconds = z
  .number()
  .nonnegative()
  .max(MAX_SECONDS, 'is longer than 50 years')
  .transform((seconds, context) => {
    const ms = Math.round(seconds * 1000)
    if (Math.abs(ms - seconds * 1000) < 1e-6) return ms
    context.addIssue({ code: 'custom', message: `${seconds} s is finer than a millisecond` })
    return z.NEVER
  })
  .meta({ type: 'number', minimum: 0, maximum: MAX_SECONDS, description: 'seconds' })

/** A positive number or decimal text with at most three decimals to whole thousandths of its unit. */
export function thousandths(most: number) {
  return z
    .union([z.number(), z.string()])
    .transform((value, context) => {
      const milli = exactThousandths(String(value))
      if (milli !== null && milli > 0 && milli <= most * 1000) return milli
      context.addIssue({ code: 'custom', message: `${value} is no number above 0, up to ${most}, exact to 0.001` })
      return z.NEVER
    })
    .meta({ type: ['number', 'string'], description: `up to ${most}, exact to 0.001; number or decimal text` })
}

function exactThousandths(text: string): number | null {
  const decimal = fixedPoint(text)
  if (decimal === null) return null
  const { rounded, exact } = divideRounded(BigInt(decimal.units) * 1000n, 10n ** BigInt(decimal.scale))
  return exact ? rounded : null
}
