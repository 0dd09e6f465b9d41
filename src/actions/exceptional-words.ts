import type { Tx } from '../../db/connect.ts'
import { at, json } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import { type Actor, denied, organisationOf } from '../domain/actor.ts'
import { type Canonical, canonicalJson } from '../domain/canonical.ts'
import { CUSTODY_DEFAULTS } from '../domain/custody.ts'
import type { NamedEvaluation } from '../domain/evaluation-hash.ts'
import type { EvaluationWord } from '../domain/exceptional-release.ts'
import { type ExceptionalStep, refuseExceptionalStep, STEP_RULES, type StepForm } from '../domain/exceptional-steps.ts'
import { decide, type FindingCode } from '../domain/finding.ts'
import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import { isoInstant } from '../domain/units.ts'
import { audit } from './audit.ts'
import { refuseStrangers } from './custody-signers.ts'
import { decideOn } from './decide-on.ts'
import { type ExceptionalRelease, loadExceptionalReleases } from './exceptional-releases.ts'
import { loadReceiptView, type ReceiptView } from './receipt-view.ts'
import { refuseUnlessSeen } from './shipments.ts'
import { authenticateSigner, type Signer, type Signing, sign } from './signatures.ts'
import { sha256 } from './store-evaluations.ts'

/** One word of an exceptional release, as it is given. */
export type NewWord = {
  form: StepForm
  /** Who gave it; of a signed one the signer's printed name. */
  name: string | null
  by: EvaluationWord['by'] | null
  /** When it was given; of a signed one now. */
  at: number | null
  /** Why it is urgent, what the risk is. */
  statement: string
  authorityNotice: string | null
  /** Where the form that a physician without account signed is kept, and its SHA-256 where it is a file. */
  attachment: { reference: string; sha256: string | null } | null
  signing: Signing | null
}

type Given = { shipmentId: number; step: ExceptionalStep; word: NewWord }

/**
 * Begins an exceptional release with the physician's request for units that have the same open findings: an
 * irreplaceable dose out of specification may still be given (domain page 4.6). Refused: `not_found`, `not_received`,
 * `invalid`, and what signing refuses.
 */
export async function requestExceptionalRelease(
  ctx: Ctx,
  actor: Actor,
  input: { shipmentId: number; units: readonly string[]; word: NewWord },
): Promise<ExceptionalRelease | Refusal> {
  const { shipmentId, units, word } = input
  const given: Given = { shipmentId, step: 'request', word }
  const caseOf = async (tx: Tx, view: ReceiptView): Promise<Case | Refusal> => {
    const findings = openFindings(view, units)
    if (isRefusal(findings)) return findings
    const number = view.exceptionalReleases.length + 1
    const row = { shipment_id: shipmentId, number, organisation_id: organisationOf(actor), known_at: at(ctx.now()) }
    const { id } = await tx
      .insertInto('exceptional_release')
      .values({ ...row, units: json(units), findings: json(findings) })
      .returning('id')
      .executeTakeFirstOrThrow()
    return { id, number, units: [...units], findings, steps: [] }
  }
  return giveWord(ctx, actor, { given, caseOf })
}

/**
 * Adds the next word: the risk evaluation of the sponsor's QA or the manufacturer, its e-signature where it was given
 * by phone, the physician's confirmation. Refused: `not_found`, `exceptional_incomplete` out of their order,
 * `already_decided` the second time, `invalid`, and what signing refuses.
 */
export async function addExceptionalWord(
  ctx: Ctx,
  actor: Actor,
  input: { shipmentId: number; number: number; step: Exclude<ExceptionalStep, 'request'>; word: NewWord },
): Promise<ExceptionalRelease | Refusal> {
  const { shipmentId, number, step, word } = input
  const caseOf = async (_tx: Tx, view: ReceiptView): Promise<Case | Refusal> => {
    const found = view.exceptionalReleases.find((one) => one.number === number)
    return found ?? refuse('not_found', `There is no exceptional release ${number} of this shipment.`)
  }
  return giveWord(ctx, actor, { given: { shipmentId, step, word }, caseOf })
}

type Case = Pick<ExceptionalRelease, 'id' | 'number' | 'units' | 'findings' | 'steps'>

type Giving = { given: Given; caseOf: (tx: Tx, view: ReceiptView) => Promise<Case | Refusal> }

async function giveWord(ctx: Ctx, actor: Actor, { given, caseOf }: Giving): Promise<ExceptionalRelease | Refusal> {
  const { shipmentId, word } = given
  const no =
    denied(actor, 'record_custody') ??
    (await refuseUnlessSeen(ctx.db.kysely, actor, shipmentId)) ??
    refuseForm(given, ctx)
  if (no !== null) return no
  const signer = word.signing === null ? null : await wordSigner(ctx, actor, { given, signing: word.signing })
  if (isRefusal(signer)) return signer
  return decideOn(ctx, shipmentId, async (tx, budgets): Promise<ExceptionalRelease | Refusal> => {
    const others = signer === null ? [] : [signer]
    const strange = await refuseStrangers(tx, shipmentId, { others, taker: null })
    if (strange !== null) return strange
    const view = await loadReceiptView(tx, { shipmentId, asOf: ctx.now(), budgets })
    const found = await caseOf(tx, view)
    if (isRefusal(found)) return found
    const refusal = refuseExceptionalStep(found.steps, { step: given.step, form: word.form })
    if (refusal !== null) return refusal
    await insertWord(tx, ctx, { ...given, actor, signer, found, evaluation: view.evaluation })
    const all = await loadExceptionalReleases(tx, shipmentId)
    return all.find(({ id }) => id === found.id) ?? refuse('not_found', 'There is no such exceptional release.')
  })
}

/** A signed word needs nothing else; any other names who gave it, when, and where its form is. */
function refuseForm({ step, word }: Given, ctx: Ctx): Refusal | null {
  const { form, signing, name, at: saidAt, attachment, by } = word
  if (!STEP_RULES[step].forms.includes(form)) {
    return refuse('invalid', `form: the ${step} is ${STEP_RULES[step].forms.join(' or ')}.`)
  }
  if (step === 'evaluation' && by === null) {
    return refuse('invalid', 'by: say whether the sponsor’s QA or the manufacturer evaluates.')
  }
  if (form === 'signed') return signing === null ? refuse('invalid', 'signing: a signed word needs it.') : null
  if (signing !== null) return refuse('invalid', `signing: what is ${form} is no signature.`)
  if (name === null || saidAt === null) return refuse('invalid', 'name and at: say who gave the word, and when.')
  if (saidAt > ctx.now() + CUSTODY_DEFAULTS.clockToleranceMs) {
    return refuse('in_the_future', `It lies after the server's time ${isoInstant(ctx.now())}. Check the clock.`)
  }
  if (form !== 'attached_form' || attachment !== null) return null
  return refuse('invalid', 'attachment: say where the form that was signed on paper is kept.')
}

async function wordSigner(
  ctx: Ctx,
  actor: Actor,
  { given, signing }: { given: Given; signing: Signing },
): Promise<Signer | Refusal> {
  const { shipmentId, step } = given
  const { meaning, roles, heldFor } = STEP_RULES[step]
  if (signing.meaning !== meaning) return refuse('invalid', `The ${step} is signed as "${meaning}".`)
  const sponsor = await ctx.db.kysely
    .selectFrom('shipment')
    .innerJoin('product', 'product.id', 'shipment.product_id')
    .select('product.organisation_id')
    .where('shipment.id', '=', shipmentId)
    .executeTakeFirstOrThrow()
  const about = { type: EXCEPTIONAL_STEP, id: String(shipmentId), shipmentId }
  const roleForId = heldFor === 'sponsor' ? sponsor.organisation_id : (actor.organisationId ?? ('own' as const))
  return authenticateSigner(ctx, actor, { signing, about, roles, roleForId })
}

/** Record type of a word that is signed; its id is `<shipment>/<number>/<step>`. */
const EXCEPTIONAL_STEP = 'exceptional_release_step'

/** What is open for all of the units: a case is about one set of findings. */
function openFindings(view: ReceiptView, units: readonly string[]): FindingCode[] | Refusal {
  const sets: FindingCode[][] = []
  for (const code of units) {
    const unit = view.units.find((one) => one.code === code)
    if (unit === undefined) return refuse('not_found', `There is no unit ${code} in this shipment.`)
    if (unit.current === null) {
      return refuse('not_received', `${code}: the unit has not been received: record the receipt first.`)
    }
    sets.push([...decide(unit.current.findings).findings])
  }
  const [first = []] = sets
  if (first.length === 0) return refuse('invalid', 'units: nothing is open about them: sign them available.')
  const isSame = sets.every((one) => one.join() === first.join())
  return isSame ? first : refuse('invalid', 'units: their open findings differ: begin one case for each.')
}

type Inserting = Given & { actor: Actor; signer: Signer | null; found: Case; evaluation: NamedEvaluation | null }

async function insertWord(tx: Tx, ctx: Ctx, inserting: Inserting): Promise<void> {
  const { shipmentId, step, word, actor, signer, found, evaluation } = inserting
  const now = ctx.now()
  const name = signer?.account.printedName ?? word.name ?? ''
  const saidAt = signer === null ? (word.at ?? now) : now
  const { form, by, statement, authorityNotice, attachment } = word
  const said: { readonly [name: string]: Canonical } = {
    ...{ shipmentId, number: found.number, step, form, name, by, statement, authorityNotice },
    ...{ units: found.units, findings: found.findings, attachment: attachment && { ...attachment } },
    ...{ at: isoInstant(saidAt), recordedAt: isoInstant(now), evaluation: evaluation && { ...evaluation } },
  }
  const recordSha256 = sha256(canonicalJson(said))
  const record = { type: EXCEPTIONAL_STEP, id: `${shipmentId}/${found.number}/${step}`, sha256: recordSha256 }
  const signature = signer && (await sign(tx, ctx, { signer, record: { ...record, shipmentId, evaluation } }))
  await tx
    .insertInto('exceptional_release_step')
    .values({
      ...{ exceptional_release_id: found.id, step, form, name, said_by: by, said_at: at(saidAt) },
      ...{ authority_notice: authorityNotice, record: json(said), record_sha256: recordSha256 },
      ...{ signature_id: signature?.id ?? null, organisation_id: organisationOf(actor), known_at: at(now) },
    })
    .execute()
  const deed = { at: now, action: `exceptional_${step}`, subjectKind: 'shipment', subjectId: shipmentId }
  await audit(tx, actor, [{ ...deed, after: { number: found.number, form, name, recordSha256 }, reason: statement }])
}
