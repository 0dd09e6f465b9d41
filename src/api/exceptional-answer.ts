import { z } from '@hono/zod-openapi'
import type { ExceptionalRelease, OutstandingSignature } from '../actions/exceptional-releases.ts'
import { EXCEPTIONAL_STEPS, STEP_FORMS } from '../domain/exceptional-steps.ts'
import { isoInstant } from '../domain/units.ts'
import { printedInstant } from './inputs.ts'

const step = z.object({
  step: z.enum(EXCEPTIONAL_STEPS),
  form: z.enum(STEP_FORMS),
  formText: z.string().meta({ description: 'as it is to be shown' }),
  name: z.string(),
  by: z.string().nullable(),
  at: printedInstant,
  authorityNotice: z.string().nullable(),
  signatureId: z.int().nullable(),
  recordSha256: z.string(),
})

/** Urgent use with open findings, as far as its words were given. */
export const exceptionalRelease = z
  .object({
    number: z.int(),
    units: z.array(z.string()),
    findings: z.array(z.string()),
    knownAt: printedInstant,
    steps: z.array(step),
  })
  .openapi('ExceptionalRelease')

/** An e-signature that is owed. */
export const outstanding = z.object({
  exceptionalRelease: z.int(),
  units: z.array(z.string()),
  name: z.string(),
  dueAt: printedInstant,
  isOverdue: z.boolean(),
  text: z.string(),
})

const FORM_TEXT: Record<(typeof STEP_FORMS)[number], string> = {
  signed: 'e-signature',
  attached_form: 'signed on an attached form, not an e-signature',
  verbal: 'verbal, not a signature',
}

/** Prints an exceptional release. */
export function printExceptional(found: ExceptionalRelease): z.infer<typeof exceptionalRelease> {
  return {
    number: found.number,
    units: found.units,
    findings: found.findings,
    knownAt: isoInstant(found.knownAt),
    steps: found.steps.map(({ organisationId: _org, knownAt: _known, at, form, ...rest }) => ({
      ...rest,
      form,
      formText: FORM_TEXT[form],
      at: isoInstant(at),
    })),
  }
}

/** Prints an e-signature that is owed. */
export function printOutstanding({ number, dueAt, ...owed }: OutstandingSignature): z.infer<typeof outstanding> {
  const text = `The risk evaluation of ${owed.name} is verbal, not a signature: its e-signature is still due.`
  return { ...owed, exceptionalRelease: number, dueAt: isoInstant(dueAt), text }
}
