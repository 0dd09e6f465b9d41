import type { Canonical } from './canonical.ts'
import type { BoxAnswers, UnitAnswers } from './checklist.ts'
import type { NamedEvaluation } from './evaluation-hash.ts'
import type { DataState } from './receipt-facts.ts'
import type { JudgedUnit } from './receipt-steps.ts'
import { isoInstant } from './units.ts'

/** What a receiver said at one receipt: epoch milliseconds, milli-degrees, grams. */
export type ReceiptSaid = {
  readonly receivedAt: number
  readonly box: BoxAnswers
  /** Numbers of the seals that were read; null: nobody looked. */
  readonly seals: readonly string[] | null
  /** What the logger showed. */
  readonly displayMilliC: number | null
  /** What the logger's clock showed, and the time then. */
  readonly loggerClock: { readonly showsAt: number; readonly at: number } | null
  readonly weightG: number | null
  /** Who brings readings that are missing; and who said that none will come, and why. */
  readonly dataOwner: string
  readonly dataAbsent: { readonly by: string; readonly at: number; readonly reason: string } | null
  readonly units: readonly SaidUnit[]
}

export type SaidUnit = {
  readonly code: string
  readonly inBox: boolean
  readonly answers: UnitAnswers
  /** From the box into storage; null: not timed. */
  readonly transfer: { readonly outAt: number; readonly storedAt: number } | 'stays_in_container' | null
  readonly place: string | null
}

/** A receipt as it is signed by its hash: what was said, by whom, what was found, and what that rests on. */
export type ReceiptRecord = ReceiptSaid & {
  readonly shipmentId: number
  readonly revision: number
  readonly organisation: string
  readonly receiver: string
  readonly receiverName: string
  readonly recordedAt: number
  readonly evaluation: NamedEvaluation | null
  readonly data: DataState
  readonly judged: readonly JudgedUnit[]
}

/** The record as it is hashed and stored: integers, strings, booleans and lists; instants ISO 8601 in UTC. */
export function receiptRecord(receipt: ReceiptRecord): { readonly [name: string]: Canonical } {
  // `satisfies` makes a field that is stated but not hashed a compile error
  return {
    shipmentId: receipt.shipmentId,
    revision: receipt.revision,
    organisation: receipt.organisation,
    receiver: receipt.receiver,
    receiverName: receipt.receiverName,
    receivedAt: isoInstant(receipt.receivedAt),
    recordedAt: isoInstant(receipt.recordedAt),
    evaluation: receipt.evaluation && { ...receipt.evaluation },
    box: answersRecord(receipt.box),
    seals: receipt.seals,
    displayMilliC: receipt.displayMilliC,
    loggerClock: receipt.loggerClock && {
      showsAt: isoInstant(receipt.loggerClock.showsAt),
      at: isoInstant(receipt.loggerClock.at),
    },
    weightG: receipt.weightG,
    dataOwner: receipt.dataOwner,
    dataAbsent: receipt.dataAbsent && { ...receipt.dataAbsent, at: isoInstant(receipt.dataAbsent.at) },
    data: dataRecord(receipt.data),
    units: receipt.units.map(unitRecord),
    judged: receipt.judged.map(judgedRecord),
  } satisfies Record<keyof ReceiptRecord, Canonical>
}

/** A unit with its verdict, as it stands in the records of receipts and decisions. */
export function judgedRecord({ code, verdict, findings }: JudgedUnit): Canonical {
  return { code, verdict, findings }
}

function answersRecord(answers: BoxAnswers | UnitAnswers): Canonical {
  return Object.fromEntries(Object.entries(answers).map(([id, { said, remark }]) => [id, { said, remark }]))
}

function unitRecord({ code, inBox, answers, transfer, place }: SaidUnit): Canonical {
  const timed =
    transfer === null || transfer === 'stays_in_container'
      ? transfer
      : { outAt: isoInstant(transfer.outAt), storedAt: isoInstant(transfer.storedAt) }
  return { code, inBox, answers: answersRecord(answers), transfer: timed, place }
}

function dataRecord(data: DataState): Canonical {
  switch (data.state) {
    case 'complete':
      return { state: data.state }
    case 'pending':
      return { state: data.state, owner: data.owner, dueAt: isoInstant(data.dueAt), clearedBy: data.clearedBy }
    case 'absent':
      return { state: data.state, because: data.because, sinceAt: isoInstant(data.sinceAt) }
  }
}
