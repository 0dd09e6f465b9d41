import type { EvaluationWord, ExceptionalCase, Word } from './exceptional-release.ts'
import type { FindingCode } from './finding.ts'
import type { PersonRole } from './person.ts'
import { type Refusal, refuse } from './refusal.ts'
import type { Meaning } from './signature.ts'

/** The words of an exceptional release in the order in which they are given (domain page 4.6). */
export const EXCEPTIONAL_STEPS = ['request', 'evaluation', 'evaluation_signature', 'confirmation'] as const
export type ExceptionalStep = (typeof EXCEPTIONAL_STEPS)[number]

export const STEP_FORMS = ['signed', 'attached_form', 'verbal'] as const
export type StepForm = (typeof STEP_FORMS)[number]

/** How each word is signed: by whom, meaning what; and in which other forms it can be given. */
export const STEP_RULES: Record<
  ExceptionalStep,
  { meaning: Meaning; roles: readonly PersonRole[]; heldFor: 'own' | 'sponsor'; forms: readonly StepForm[] }
> = {
  request: { meaning: 'authored', roles: ['physician'], heldFor: 'own', forms: ['signed', 'attached_form'] },
  evaluation: { meaning: 'reviewed', roles: ['qa_sponsor'], heldFor: 'sponsor', forms: ['signed', 'verbal'] },
  evaluation_signature: { meaning: 'reviewed', roles: ['qa_sponsor'], heldFor: 'sponsor', forms: ['signed'] },
  confirmation: { meaning: 'approved', roles: ['physician'], heldFor: 'own', forms: ['signed', 'attached_form'] },
}

/** One word that was given; `by` of an evaluation only. */
export type GivenStep = {
  readonly step: ExceptionalStep
  readonly form: StepForm
  readonly name: string
  readonly by: EvaluationWord['by'] | null
  readonly at: number
  readonly authorityNotice: string | null
}

/** The case as its words tell it. */
export function exceptionalCase(steps: readonly GivenStep[], openFindings: readonly FindingCode[]): ExceptionalCase {
  const of = (step: ExceptionalStep) => steps.find((one) => one.step === step)
  const evaluated = of('evaluation')
  const signed = of('evaluation_signature')
  return {
    request: word(of('request')),
    evaluation: evaluated === undefined ? null : evaluationWord(evaluated, signed?.at ?? null),
    confirmation: word(of('confirmation')),
    openFindings,
    authorityNotice: steps.findLast(({ authorityNotice }) => authorityNotice !== null)?.authorityNotice ?? null,
  }
}

function word(step: GivenStep | undefined): Word | null {
  if (step === undefined) return null
  return { name: step.name, at: step.at, form: step.form === 'signed' ? 'signed' : 'attached_form' }
}

function evaluationWord({ name, by, at, form }: GivenStep, signedAt: number | null): EvaluationWord {
  return { name, by: by ?? 'sponsor_qa', at, form: form === 'signed' ? 'signed' : 'verbal', signedAt }
}

/** Null where the word may be given now: each once, in their order, and in a form that it can have. */
export function refuseExceptionalStep(
  steps: readonly GivenStep[],
  { step, form }: Pick<GivenStep, 'step' | 'form'>,
): Refusal | null {
  const given = (one: ExceptionalStep) => steps.find((other) => other.step === one)
  if (given(step) !== undefined) return refuse('already_decided', `The ${step} was given already.`)
  const { forms } = STEP_RULES[step]
  if (!forms.includes(form)) return refuse('invalid', `form: the ${step} is ${forms.join(' or ')}.`)
  const evaluated = given('evaluation')
  if (step === 'evaluation_signature' && evaluated?.form !== 'verbal') {
    return refuse('exceptional_incomplete', 'Only an evaluation that was given verbally is signed afterwards.')
  }
  if (step === 'evaluation' && given('request') === undefined) {
    return refuse('exceptional_incomplete', "First the physician's request, then the risk evaluation.")
  }
  if (step !== 'confirmation' || evaluated !== undefined) return null
  return refuse('exceptional_incomplete', "First the risk evaluation, then the physician's confirmation.")
}
