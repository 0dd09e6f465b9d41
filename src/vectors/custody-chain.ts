import { z } from 'zod'
import { foldCustody } from '../domain/custody.ts'
import { CUSTODY_KINDS, type CustodyEvent, type CustodyStatement } from '../domain/custody-event.ts'
import { parseInstant } from '../domain/units.ts'
import { type CaseResult, compareCase, malformedFile } from './result.ts'

/** Files this module checks. */
export const schema = 'coldchain-vectors/custody-chain@2'

/** Runs every case of a custody chain file; findings are compared as a set of code, index and kind. */
export function check(file: unknown): CaseResult[] {
  const parsed = fileSchema.safeParse(file)
  if (!parsed.success) return malformedFile(parsed.error)
  const { cases, parameters, treatmentCentreOrg } = parsed.data
  return cases.map(({ id, asOf, events, maxHandoverS, expected }) => {
    const custody = foldCustody(events.map(asRecorded), {
      asOf,
      destinationOrg: treatmentCentreOrg,
      maxHandoverMs: (maxHandoverS ?? parameters.maxHandoverS) * 1000,
      clockToleranceMs: parameters.clockToleranceS * 1000,
      lateEntryMs: parameters.lateEntryS * 1000,
      coi: null,
    })
    const { chainStatus, currentHolder, acknowledgements } = custody
    const findings = custody.findings.map(({ seq, ...finding }) => ({ ...finding, index: seq }))
    const actual = { chainStatus, currentHolder, findings: asSet(findings), acknowledgements }
    return compareCase(id, { ...expected, findings: asSet(expected.findings) }, actual)
  })
}

const instant = z.string().transform((text, context) => {
  const parsed = parseInstant(text)
  if (typeof parsed !== 'string') return parsed.at
  context.addIssue(parsed)
  return z.NEVER
})
const acknowledgement = z.object({
  name: z.string().optional(),
  company: z.string().optional(),
  code: z.string().optional(),
  waybill: z.string().optional(),
})
const statement = z.object({
  kind: z.enum(CUSTODY_KINDS),
  at: instant,
  recordedAt: instant,
  byOrg: z.string(),
  units: z.array(z.string()),
  coi: z.string().nullish(),
  seals: z.array(z.string()).optional(),
  reason: z.string().optional(),
  handoverId: z.string().optional(),
  toOrg: z.string().optional(),
  acknowledgement: acknowledgement.optional(),
  authority: z.string().optional(),
  witness: z.string().optional(),
  replaces: z.array(z.string()).optional(),
  corrects: z.int().optional(),
})
const custodyEvent = statement.extend({
  get replacement() {
    return custodyEvent.nullish()
  },
})
const expectedCustody = z.object({
  chainStatus: z.string(),
  currentHolder: z.string().nullable(),
  findings: z.array(z.object({ code: z.string(), index: z.int().nullable(), kind: z.string().optional() })),
  acknowledgements: z.array(z.int()),
})
const fileSchema = z.object({
  schema: z.literal(schema),
  parameters: z.object({ maxHandoverS: z.number(), clockToleranceS: z.number(), lateEntryS: z.number() }),
  treatmentCentreOrg: z.string(),
  cases: z.array(
    z.object({
      id: z.string(),
      asOf: instant,
      maxHandoverS: z.number().optional(),
      events: z.array(custodyEvent),
      expected: expectedCustody,
    }),
  ),
})

/** The files count events from 0: the index serves as `seq`. */
function asRecorded(stated: CustodyStatement & { recordedAt: number }, index: number): CustodyEvent {
  return { ...stated, seq: index }
}

function asSet(findings: readonly { code: string; index: number | null; kind?: string | undefined }[]): string[] {
  return findings.map(({ code, index, kind }) => [code, index ?? '-', kind ?? ''].join(' ').trim()).sort()
}
