import { z } from 'zod'
import type { Answer } from '../domain/checklist.ts'
import { FINDINGS, type FindingRule, VERDICTS } from '../domain/finding.ts'
import { isLapsed, judgeReceipt, type ReceivedBox, type ReceivedUnit } from '../domain/receipt.ts'
import { instant, milliseconds } from '../fields.ts'
import { type CaseResult, compareCase, malformedFile } from './result.ts'

/** Files this module checks. */
export const schema = 'coldchain-vectors/receipt-decision@2'

/** Runs every case of `receipt-decision.json`, and compares the table of findings and the order of verdicts. */
export function check(file: unknown): CaseResult[] {
  const parsed = fileSchema.safeParse(file)
  if (!parsed.success) return malformedFile(parsed.error)
  const { precedenceLowToHigh, findingVerdict, openTaskFindings, cases } = parsed.data
  const rules = Object.entries<FindingRule>(FINDINGS)
  const tasks = rules.filter(([, { isTask }]) => isTask).map(([code]) => code)
  return [
    compareCase('precedence', precedenceLowToHigh, [...VERDICTS]),
    compareCase('findings', findingVerdict, Object.fromEntries(rules.map(([code, { verdict }]) => [code, verdict]))),
    compareCase('open tasks', new Set(openTaskFindings), new Set(tasks)),
    ...cases.map(({ id, input, expected }) => compareCase(id, expected, answer(input))),
  ]
}

const checked = <Good extends string, Bad extends string>(good: Good, bad: Bad) =>
  z.enum([good, bad, 'not_checked']).transform((said) => (said === good ? YES : said === bad ? NO : NOT_DONE))
const matched = z
  .boolean()
  .nullable()
  .transform((is) => (is === null ? NOT_DONE : is ? YES : NO))
const tripped = z.boolean().transform((is) => (is ? NO : YES))

const YES: Answer = { said: 'yes', remark: null }
const NO: Answer = { said: 'no', remark: null }
const NOT_DONE: Answer = { said: 'not_done', remark: null }

const hours = z.number().transform((value) => value * 3_600_000)

const inputSchema = z.strictObject({
  receivedAt: instant,
  consignee: z.enum(['ok', 'wrong']),
  identity: z.enum(['match', 'mismatch', 'unverified']),
  expiry: z.object({ earliestAt: instant, latestAt: instant }),
  lotStatus: z.enum(['ok', 'on_hold', 'recalled']),
  batchStatus: z.enum(['released', 'pending', 'unknown']),
  sealsExpected: z.array(z.string()),
  sealsFound: z.array(z.string()),
  sealCondition: checked('intact', 'broken'),
  packaging: checked('intact', 'damaged'),
  indicatorTripped: tripped,
  containerMatch: matched,
  containerQualifiedUntil: instant.nullable(),
  loggerMatch: matched,
  deviceAlarm: tripped,
  displayDisagrees: z.boolean(),
  qualifiedHoldH: hours,
  elapsedH: hours,
  coolant: checked('sufficient', 'depleted'),
  unitCondition: checked('intact', 'damaged'),
  unitsMissing: z.array(z.string()),
  unitsUnexpected: z.array(z.string()),
  transferS: milliseconds.nullable(),
  maxTransferS: milliseconds,
  documents: checked('complete', 'missing'),
  custody: z.enum(['intact', 'incomplete', 'broken']),
  integrity: z.enum(['ok', 'failed']),
  temperature: z.object({
    status: z.enum(['in_range', 'excursion_below_alarm', 'indeterminate', 'alarm']),
    severity: z.enum(['warning', 'major', 'critical']).nullable(),
    presumed: z.boolean(),
    gaps: z.boolean(),
    belowAlarm: z.boolean(),
  }),
  budget: z.enum(['within', 'exceeded', 'presumed_exceeded', 'none']),
  data: z.enum(['complete', 'pending', 'absent']),
  readoutDiffers: z.boolean(),
  windowChanged: z.boolean(),
  calibrationValidUntil: instant.nullable(),
  sensorSuspect: z.boolean(),
  clock: z.enum(['trusted', 'untrusted']),
})

const fileSchema = z.object({
  schema: z.literal(schema),
  precedenceLowToHigh: z.array(z.string()),
  findingVerdict: z.record(z.string(), z.string()),
  openTaskFindings: z.array(z.string()),
  cases: z.array(
    z.object({
      id: z.string(),
      input: inputSchema,
      expected: z.object({
        findings: z.array(z.string()),
        verdict: z.string(),
        physicalHold: z.boolean(),
        deviationRequired: z.boolean(),
      }),
    }),
  ),
})

type Input = z.infer<typeof inputSchema>

/** Each case is one box with one unit: what a person looked at becomes an answer, what a machine knows a fact. */
function answer(input: Input) {
  const { units } = judgeReceipt({ box: boxOf(input), units: [{ code: 'unit', received: unitOf(input) }] })
  return units.map(({ findings, verdict, physicalHold, deviationRequired }) => ({
    findings,
    verdict,
    physicalHold,
    deviationRequired,
  }))[0]
}

function boxOf(input: Input): ReceivedBox {
  return {
    answers: {
      right_consignee: input.consignee === 'ok' ? YES : NO,
      outer_label_matches: YES,
      box_intact: input.packaging,
      box_upright: YES,
      indicators_quiet: input.indicatorTripped,
      seals_present: input.sealCondition === NOT_DONE ? NOT_DONE : YES,
      seals_intact: input.sealCondition,
      seal_numbers_match: input.sealCondition === NOT_DONE ? NOT_DONE : YES,
      container_matches: input.containerMatch,
      logger_matches: input.loggerMatch,
      display_agrees: YES,
      no_alarm_mark: input.deviceAlarm,
      coolant_left: input.coolant,
      all_units_there: YES,
      no_unit_too_many: YES,
      papers_complete: input.documents,
      logger_read_out: input.data === 'complete' ? YES : NO,
    },
    facts: {
      receivedAt: input.receivedAt,
      isConsignee: true,
      seals: { expected: input.sealsExpected, found: input.sealCondition === NOT_DONE ? null : input.sealsFound },
      unitsMissing: input.unitsMissing,
      unitsUnexpected: input.unitsUnexpected,
      isContainer: null,
      isLogger: null,
      containerQualifiedUntilAt: input.containerQualifiedUntil,
      holdTime: { qualifiedMs: input.qualifiedHoldH, elapsedMs: input.elapsedH },
      custody: input.custody,
      integrity: input.integrity,
      temperature: input.temperature,
      data: input.data,
      displayDisagrees: input.displayDisagrees,
      readoutDiffers: input.readoutDiffers,
      windowChanged: input.windowChanged,
      calibrationInvalid: isLapsed(input.calibrationValidUntil, input.receivedAt),
      sensorSuspect: input.sensorSuspect,
      clockUntrusted: input.clock === 'untrusted',
    },
  }
}

function unitOf(input: Input): ReceivedUnit {
  return {
    answers: {
      unit_scanned: YES,
      stored_at_once: YES,
      product_matches: YES,
      lot_matches: YES,
      expiry_matches: YES,
      not_expired: YES,
      coi_matches: YES,
      second_identifier_matches: YES,
      second_person_agrees: YES,
      bag_intact: input.unitCondition,
      batch_released: YES,
    },
    facts: {
      identity: input.identity,
      expiry: input.expiry,
      lotStatus: input.lotStatus,
      batchStatus: input.batchStatus,
      transfer: { tookMs: input.transferS, maxMs: input.maxTransferS },
      budget: input.budget,
    },
  }
}
