import { z } from 'zod'
import {
  clockOutcome,
  correctedAt,
  coveragePercent,
  displayC,
  isoInstant,
  parseInstant,
  toMilliC,
} from '../domain/units.ts'
import { instant } from '../fields.ts'
import { difference } from './compare.ts'
import { type CaseResult, malformedFile } from './result.ts'

/** The version of the file this checker reads. */
export const schema = 'coldchain-vectors/units-time@2'

/**
 * Runs every case of `units-time.json`: milli-degrees, units, display, clock correction, timestamps, clock rules,
 * coverage.
 */
export function check(file: unknown): CaseResult[] {
  const parsed = fileSchema.safeParse(file)
  if (!parsed.success) return malformedFile(parsed.error)
  const vectors = parsed.data
  return [
    ...vectors.milliDegrees.map((given) => result(`milliDegrees ${given.text}`, given, toMilliC(given.text, 'CEL'))),
    ...vectors.convert.map(({ id, fromUom, ...given }) => result(id, given, toMilliC(given.text, fromUom))),
    ...vectors.display.map(displayResult),
    ...vectors.clock.map(clockResult),
    ...vectors.timestamps.map(timestampResult),
    ...vectors.clockRules.map(ruleResult),
    ...vectors.completeness.map(({ windowS, coveredS, percent }) =>
      result(`completeness ${coveredS} of ${windowS}`, { percent }, { percent: coveragePercent(coveredS, windowS) }),
    ),
  ]
}

const milli = z.object({ text: z.string(), milliC: z.number(), exact: z.boolean() })

const fileSchema = z.object({
  milliDegrees: z.array(milli),
  convert: z.array(milli.extend({ id: z.string(), fromUom: z.enum(['CEL', 'FAH', 'KEL']) })),
  display: z.array(z.object({ valueMilliC: z.number(), limitMilliC: z.number(), out: z.boolean(), shown: z.string() })),
  clock: z.array(
    z.object({
      id: z.string(),
      device: instant,
      startDevice: instant,
      startServer: instant,
      endDevice: instant,
      endServer: instant,
      corrected: z.string(),
    }),
  ),
  timestamps: z.array(
    z.object({ text: z.string(), utc: z.string().nullable(), outcome: z.string(), reason: z.string().optional() }),
  ),
  clockRules: z.array(
    z.object({
      id: z.string(),
      text: z.string(),
      receivedAt: instant,
      utc: z.string(),
      outcome: z.string(),
      reason: z.string().optional(),
    }),
  ),
  completeness: z.array(z.object({ windowS: z.number(), coveredS: z.number(), percent: z.number().nullable() })),
})

type File = z.infer<typeof fileSchema>

function result(id: string, expected: object, actual: object | null): CaseResult {
  const { text: _text, ...fields } = { text: null, ...expected }
  const message = difference(fields, actual)
  return message === null ? { id, ok: true } : { id, ok: false, message }
}

function displayResult({ valueMilliC, limitMilliC, out, shown }: File['display'][number]): CaseResult {
  const actual = { shown: displayC(valueMilliC, { milliC: limitMilliC, side: 'high' }), out: valueMilliC > limitMilliC }
  return result(`display ${valueMilliC} beside ${limitMilliC}`, { shown, out }, actual)
}

function clockResult(given: File['clock'][number]): CaseResult {
  const start = { deviceAt: given.startDevice, serverAt: given.startServer }
  const end = { deviceAt: given.endDevice, serverAt: given.endServer }
  const actual = { corrected: isoInstant(correctedAt(given.device, start, end)) }
  return result(given.id, { corrected: given.corrected }, actual)
}

function timestampResult({ text, ...expected }: File['timestamps'][number]): CaseResult {
  const parsed = parseInstant(text)
  const actual =
    typeof parsed === 'object'
      ? { utc: isoInstant(parsed.at), outcome: 'stored' }
      : { utc: null, outcome: 'rejected', reason: parsed }
  return result(`timestamp ${text}`, expected, actual)
}

function ruleResult({ id, text, receivedAt, ...expected }: File['clockRules'][number]): CaseResult {
  const parsed = parseInstant(text)
  if (typeof parsed !== 'object') return { id, ok: false, message: `${text}: ${parsed}` }
  const outcome = clockOutcome(parsed.at, receivedAt)
  const reason = outcome === 'held' ? { reason: 'implausible_clock' } : {}
  return result(id, expected, { utc: isoInstant(parsed.at), outcome, ...reason })
}
