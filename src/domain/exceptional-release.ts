import type { FindingCode } from './finding.ts'
import { type Refusal, refuse } from './refusal.ts'

/**
 * Urgent use with open findings (domain page 4.6): an irreplaceable dose out of specification may still be given. Three
 * words in this order, each by a named person about the same open findings: the physician asks, the sponsor's QA or the
 * manufacturer evaluates the risk, the physician confirms. QA's signature on `released_exceptionally` closes it.
 */
export type ExceptionalCase = {
  readonly request: Word | null
  readonly evaluation: EvaluationWord | null
  readonly confirmation: Word | null
  /** What all three spoke about. */
  readonly openFindings: readonly FindingCode[]
  /** Reference of the notice to the authority. */
  readonly authorityNotice: string | null
}

/** A physician's word: signed here, or on a form that is attached and named so. */
export type Word = { readonly name: string; readonly at: number; readonly form: 'signed' | 'attached_form' }

/** Given by phone it is verbal, not a signature, until the e-signature follows. */
export type EvaluationWord = {
  readonly name: string
  readonly by: 'sponsor_qa' | 'manufacturer'
  readonly at: number
  readonly form: 'signed' | 'verbal'
  /** When the e-signature of a verbal evaluation followed. */
  readonly signedAt: number | null
}

/** Null where the exceptional release may be signed; else what is missing, all at once. */
export function refuseExceptional(asked: ExceptionalCase, current: readonly FindingCode[]): Refusal | null {
  const missing = missingParts(asked)
  if (missing.length > 0) {
    return refuse('exceptional_incomplete', `The exceptional release still needs: ${missing.join('; ')}.`)
  }
  const spokenOf = new Set(asked.openFindings)
  const isSame = spokenOf.size === new Set(current).size && current.every((code) => spokenOf.has(code))
  if (isSame) return null
  return refuse('changed_meanwhile', `The open findings are now ${current.join(', ')}: have them evaluated again.`)
}

function missingParts({ request, evaluation, confirmation, ...rest }: ExceptionalCase): string[] {
  const evaluatedAt = evaluation?.at ?? Number.NaN
  const parts: [boolean, string][] = [
    [isNamed(request), "the physician's request"],
    [isNamed(evaluation), "the risk evaluation of the sponsor's QA or the manufacturer"],
    [isNamed(confirmation), "the physician's confirmation"],
    [!((request?.at ?? evaluatedAt) > evaluatedAt), 'an evaluation made after the request'],
    [!((confirmation?.at ?? evaluatedAt) < evaluatedAt), 'a confirmation made after the evaluation'],
    [(rest.authorityNotice ?? '').trim() !== '', 'the reference of the notice to the authority'],
    [rest.openFindings.length > 0, 'the open findings it is about'],
  ]
  return parts.flatMap(([isThere, what]) => (isThere ? [] : [what]))
}

function isNamed(word: { readonly name: string } | null): boolean {
  return word !== null && word.name.trim() !== ''
}

/** When the e-signature of a verbal evaluation is due. */
export const VERBAL_DUE_MS = 24 * 3_600_000

/**
 * The e-signature that is still owed for an evaluation given by phone: shown everywhere until it is there. Null where
 * nothing is owed.
 */
export function outstandingSignature(
  { evaluation }: Pick<ExceptionalCase, 'evaluation'>,
  now: number,
): { readonly name: string; readonly dueAt: number; readonly isOverdue: boolean } | null {
  if (evaluation === null || evaluation.form === 'signed' || evaluation.signedAt !== null) return null
  const dueAt = evaluation.at + VERBAL_DUE_MS
  return { name: evaluation.name, dueAt, isOverdue: now > dueAt }
}
