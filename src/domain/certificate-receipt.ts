import { canonicalJson } from './canonical.ts'
import { type Coded, canonical, fields, flag, instant, int, isObject, listOf, oneOf, orNull, text } from './codec.ts'
import { decide, FINDING_CODES, VERDICTS } from './finding.ts'
import type { HashText, LedgerEntry } from './ledger.ts'

/** Something that a person signed about the units: its record, and the ledger entry that names the record's hash. */
const act = fields({ eventSeq: int, sha256: text, record: canonical })

/** A unit by all that was known: verdict and findings (domain page 4.5), and where it stands by what people signed. */
const unit = fields({
  code: text,
  /** Null: nobody received it. */
  verdict: orNull(oneOf(...VERDICTS)),
  findings: listOf(oneOf(...FINDING_CODES)),
  state: text,
  usable: flag,
  reReview: flag,
})

const deviation = fields({
  number: text,
  system: text,
  classification: text,
  units: listOf(text),
  findings: listOf(text),
  openedAt: instant,
  closedAt: orNull(instant),
})

/** A step towards an exceptional release; `form` tells a signature from a word by phone or on paper. */
const step = fields({ step: text, form: text, name: text, saidAt: instant })

/** The receipt and the decisions, as a certificate tells them. */
export const certifiedReceipt = fields({
  units: listOf(unit),
  receipts: listOf(act),
  verifications: listOf(act),
  dispositions: listOf(act),
  deviations: listOf(deviation),
  exceptionalReleases: listOf(fields({ number: int, units: listOf(text), steps: listOf(step) })),
  /** Later truth changed the ground of what people decided: with any open, nothing is to be used. */
  openReReviews: int,
})
export type CertifiedReceipt = Coded<typeof certifiedReceipt>
export type CertifiedAct = Coded<typeof act>

/**
 * What does not hold of a receipt, in a sentence; null where it holds: every record is the one whose hash stands in the
 * signed ledger entry, none that the ledger names is left out, and every verdict is what its findings come to.
 */
export function receiptFault(
  receipt: CertifiedReceipt | null,
  ledger: readonly LedgerEntry[],
  sha256: HashText,
): string | null {
  const acts = receipt === null ? [] : [...receipt.receipts, ...receipt.verifications, ...receipt.dispositions]
  const changed = acts.find(({ record, sha256: stated }) => sha256(canonicalJson(record)) !== stated)
  if (changed !== undefined) return `The record signed in ledger entry ${changed.eventSeq} was changed.`
  const named = ledger.flatMap((entry) => (namedRecord(entry) === null ? [] : [entry.seq]))
  const hashAt = new Map(ledger.map((entry) => [entry.seq, namedRecord(entry)]))
  const foreign = acts.find(({ eventSeq, sha256: stated }) => hashAt.get(eventSeq) !== stated)
  if (foreign !== undefined) return `Ledger entry ${foreign.eventSeq} names another record.`
  const untold = named.find((seq) => !acts.some(({ eventSeq }) => eventSeq === seq))
  if (untold !== undefined) return `What was signed in ledger entry ${untold} is not told.`
  const wrong = (receipt?.units ?? []).find(
    ({ verdict, findings }) => verdict !== null && decide(findings).verdict !== verdict,
  )
  return wrong === undefined ? null : `The findings of unit ${wrong.code} do not come to ${wrong.verdict}.`
}

/** The hash of a receipt's, a verification's or a decision's record, as its custody event names it. */
function namedRecord({ details }: LedgerEntry): string | null {
  if (!isObject(details)) return null
  const { receiptSha256, verificationSha256, recordSha256 } = details
  const found = receiptSha256 ?? verificationSha256 ?? recordSha256
  return typeof found === 'string' ? found : null
}
