import { z } from '@hono/zod-openapi'
import type { ReceiptUnit, ReceiptView } from '../actions/receipt-view.ts'
import type { StoredReceipt } from '../actions/stored-receipt.ts'
import { type Answer, BOX_ITEMS, CHECKLIST, type ChecklistItem, UNIT_ITEMS } from '../domain/checklist.ts'
import type { UnitStanding } from '../domain/disposition.ts'
import { FINDINGS, type FindingCode, VERDICTS } from '../domain/finding.ts'
import { FINDING_TEXT } from '../domain/finding-text.ts'
import type { DataState } from '../domain/receipt-facts.ts'
import { isoInstant } from '../domain/units.ts'
import { deviation, printDeviation } from './deviation-answer.ts'
import { disposition, evaluation, judged, printDisposition, printJudged } from './disposition-answer.ts'
import { exceptionalRelease, outstanding, printExceptional, printOutstanding } from './exceptional-answer.ts'
import { celsiusOrNull, printedInstant } from './inputs.ts'

const answered = z.object({
  id: z.string(),
  question: z.string(),
  no: z.string().meta({ description: 'the finding of a "no"' }),
  said: z.enum(['yes', 'no', 'not_done']).nullable().meta({ description: 'null: nobody was asked yet' }),
  remark: z.string().nullable(),
})

const found = z.object({
  code: z.string(),
  what: z.string().meta({ description: 'for people' }),
  now: z.string().meta({ description: 'what to do' }),
  verdict: z.enum(VERDICTS),
  severity: z.string(),
  isTask: z.boolean().meta({ description: 'something still to be done: no deviation is required for it' }),
  clearedBy: z.string().meta({ description: 'who can clear it' }),
  deviations: z.array(z.string()).meta({ description: 'numbers of the deviations that cover it' }),
})

/** Where a unit stands by what people signed. */
export const standing = z
  .object({
    state: z.string(),
    usable: z.boolean(),
    reReview: z.boolean().meta({ description: 'the ground of what stands has changed: decide anew' }),
    urgentSafetyNotice: z.boolean(),
    quarantined: z.boolean(),
    heldBy: z.array(z.string()),
  })
  .openapi('UnitStanding')

const unit = z.object({
  code: z.string(),
  onPackingList: z.boolean(),
  verdict: z.enum(VERDICTS).nullable().meta({ description: 'by all that is known now; null before the receipt' }),
  findings: z.array(found).nullable().meta({ description: 'all of them: the worst decides, none is hidden' }),
  physicalHold: z.boolean().nullable(),
  deviationRequired: z.boolean().nullable(),
  next: z.enum(['sign', 'finish_tasks', 'ask_qa']).nullable(),
  signed: judged.nullable().meta({ description: 'as the newest receipt was signed' }),
  standing,
  inBox: z.boolean().nullable(),
  storage: z.enum(['container', 'stored']).nullable(),
  transfer: z.object({ outAt: printedInstant, storedAt: printedInstant, s: z.number() }).nullable(),
  place: z.string().nullable(),
  checklist: z.array(answered),
})

const data = z.object({
  state: z.enum(['complete', 'pending', 'absent']),
  owner: z.string().nullable().meta({ description: 'who brings what is missing' }),
  dueAt: printedInstant.nullable(),
  clearedBy: z.string().nullable(),
  because: z.enum(['declared', 'overdue']).nullable(),
  sinceAt: printedInstant.nullable(),
})

const receipt = z.object({
  revision: z.int(),
  organisationId: z.int(),
  receiver: z.object({ personId: z.int(), name: z.string() }),
  receivedAt: printedInstant,
  recordedAt: printedInstant,
  seals: z.array(z.string()).nullable(),
  displayC: z.number().nullable(),
  weightG: z.int().nullable(),
  evaluation: evaluation.nullable(),
  recordSha256: z.string(),
  eventSeq: z.int().meta({ description: 'the signed custody event that names the record by its hash' }),
  judged: z.array(judged),
})

const verification = z.object({
  revision: z.int(),
  verifier: z.object({ personId: z.int(), name: z.string() }),
  recordedAt: printedInstant,
  accepted: z.array(z.string()).meta({ description: 'units that became available by it' }),
  remark: z.string().nullable(),
  recordSha256: z.string(),
  eventSeq: z.int(),
})

/** The receipt of a shipment, with what it comes to now. */
export const shipmentReceipt = z
  .object({
    shipmentId: z.int(),
    asOf: printedInstant,
    receipt: receipt.nullable().meta({ description: 'the newest revision' }),
    formerReceipts: z.array(receipt),
    verifications: z.array(verification),
    expected: z.object({
      seals: z.array(z.string()).nullable(),
      container: z.string().nullable(),
      loggers: z.array(z.string()),
    }),
    checklist: z.array(answered).meta({ description: 'about the box, in order' }),
    data: data.nullable(),
    evaluation: evaluation.nullable().meta({ description: 'cite it in a decision' }),
    verdict: z.enum(VERDICTS).nullable(),
    counts: z.record(z.enum(VERDICTS), z.int()).nullable(),
    needsQa: z.boolean(),
    units: z.array(unit),
    dispositions: z.array(disposition),
    deviations: z.array(deviation),
    exceptionalReleases: z.array(exceptionalRelease),
    outstanding: z.array(outstanding).meta({ description: 'e-signatures owed for evaluations given by phone' }),
    notice: z.string(),
  })
  .openapi('ShipmentReceipt')

const NOTICE =
  'A release here lifts a hold of the receipt. It is never the certification of a batch by a Qualified Person. ' +
  'The service recommends; people decide.'

/** Prints it: instants ISO 8601, temperatures degrees Celsius. */
export function printReceiptView(view: ReceiptView): z.infer<typeof shipmentReceipt> {
  const newest = view.receipts.at(-1)
  return {
    shipmentId: view.shipmentId,
    asOf: isoInstant(view.asOf),
    receipt: newest === undefined ? null : printReceipt(newest),
    formerReceipts: view.receipts.slice(0, -1).map(printReceipt),
    verifications: view.verifications.map((one) => ({
      revision: one.revision,
      verifier: { personId: one.verifierId, name: one.verifierName },
      recordedAt: isoInstant(one.knownAt),
      accepted: one.accepted,
      remark: one.remark,
      recordSha256: one.recordSha256,
      eventSeq: one.eventSeq,
    })),
    expected: {
      seals: view.expected.seals && [...view.expected.seals],
      container: view.expected.container,
      loggers: [...view.expected.loggers],
    },
    checklist: BOX_ITEMS.map((id) => printAnswer(id, CHECKLIST[id], newest?.record.box[id])),
    data: view.data && printData(view.data),
    evaluation: view.evaluation,
    verdict: view.shipment?.verdict ?? null,
    counts: view.shipment?.counts ?? null,
    needsQa: view.needsQa,
    units: view.units.map((one) => printUnit(one, view)),
    dispositions: view.dispositions.map(printDisposition),
    deviations: view.deviations.map(printDeviation),
    exceptionalReleases: view.exceptionalReleases.map(printExceptional),
    outstanding: view.outstanding.map(printOutstanding),
    notice: NOTICE,
  }
}

function printReceipt({ record, ...stored }: StoredReceipt): z.infer<typeof receipt> {
  return {
    revision: stored.revision,
    organisationId: stored.organisationId,
    receiver: { personId: stored.receiverId, name: record.receiverName },
    receivedAt: isoInstant(record.receivedAt),
    recordedAt: isoInstant(record.recordedAt),
    seals: record.seals && [...record.seals],
    displayC: celsiusOrNull(record.displayMilliC),
    weightG: record.weightG,
    evaluation: record.evaluation,
    recordSha256: stored.recordSha256,
    eventSeq: stored.eventSeq,
    judged: record.judged.map(printJudged),
  }
}

function printAnswer(
  id: string,
  { question, no }: ChecklistItem,
  answer: Answer | undefined,
): z.infer<typeof answered> {
  return { id, question, no, said: answer?.said ?? null, remark: answer?.remark ?? null }
}

function printUnit(one: ReceiptUnit, view: ReceiptView): z.infer<typeof unit> {
  const { code, current, said, signed } = one
  const transfer = said?.transfer ?? null
  const timed = transfer === null || transfer === 'stays_in_container' ? null : transfer
  return {
    code,
    onPackingList: one.onPackingList,
    verdict: current?.verdict ?? null,
    findings: current?.findings.map((finding) => printFinding(finding, code, view)) ?? null,
    physicalHold: current?.physicalHold ?? null,
    deviationRequired: current?.deviationRequired ?? null,
    next: current?.next ?? null,
    signed: signed && printJudged(signed),
    standing: printStanding(one.standing),
    inBox: said?.inBox ?? null,
    storage: transfer === null ? null : timed === null ? 'container' : 'stored',
    transfer: timed && {
      outAt: isoInstant(timed.outAt),
      storedAt: isoInstant(timed.storedAt),
      s: (timed.storedAt - timed.outAt) / 1000,
    },
    place: said?.place ?? null,
    checklist: UNIT_ITEMS.map((id) => printAnswer(id, CHECKLIST[id], said?.answers[id])),
  }
}

function printFinding(code: FindingCode, unitCode: string, { deviations, data: state }: ReceiptView) {
  const { verdict, severity, isTask } = FINDINGS[code]
  const covering = deviations.filter(({ units, findings }) => units.includes(unitCode) && findings.includes(code))
  const owner = code === 'DATA_PENDING' && state?.state === 'pending' ? state.owner : null
  const clearedBy = owner ?? (isTask ? 'receiver and second person' : verdict === 'ACCEPT' ? 'nobody need' : 'QA')
  return {
    code,
    ...FINDING_TEXT[code],
    verdict,
    severity,
    isTask,
    clearedBy,
    deviations: covering.map((by) => by.number),
  }
}

/** Prints where a unit stands. */
export function printStanding({ receiver: _receiver, heldBy, ...rest }: UnitStanding): z.infer<typeof standing> {
  return { ...rest, heldBy: [...heldBy] }
}

function printData(state: DataState): z.infer<typeof data> {
  const none = { owner: null, dueAt: null, clearedBy: null, because: null, sinceAt: null }
  switch (state.state) {
    case 'complete':
      return { ...none, state: 'complete' }
    case 'pending':
      return { ...none, ...state, dueAt: isoInstant(state.dueAt) }
    case 'absent':
      return { ...none, ...state, sinceAt: isoInstant(state.sinceAt) }
  }
}
