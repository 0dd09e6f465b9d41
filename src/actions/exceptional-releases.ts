import { z } from 'zod'
import type { Tx } from '../../db/connect.ts'
import type { Ctx } from '../context.ts'
import type { Actor } from '../domain/actor.ts'
import { outstandingSignature } from '../domain/exceptional-release.ts'
import { EXCEPTIONAL_STEPS, exceptionalCase, type GivenStep, STEP_FORMS } from '../domain/exceptional-steps.ts'
import { FINDING_CODES, type FindingCode } from '../domain/finding.ts'
import type { Refusal } from '../domain/refusal.ts'
import { refuseUnlessSeen } from './shipments.ts'

/** Urgent use with open findings: whose units, about which findings, and the words that were given. */
export type ExceptionalRelease = {
  id: number
  number: number
  units: string[]
  findings: FindingCode[]
  organisationId: number
  knownAt: number
  steps: StoredStep[]
}

export type StoredStep = GivenStep & {
  signatureId: number | null
  recordSha256: string
  organisationId: number
  knownAt: number
}

/** An e-signature that is still owed for an evaluation given by phone. */
export type OutstandingSignature = { number: number; units: string[]; name: string; dueAt: number; isOverdue: boolean }

/** The exceptional releases of a shipment the actor sees, in order. Refused: `not_found`. */
export async function listExceptionalReleases(
  ctx: Ctx,
  actor: Actor,
  shipmentId: number,
): Promise<ExceptionalRelease[] | Refusal> {
  const no = await refuseUnlessSeen(ctx.db.kysely, actor, shipmentId)
  return no ?? loadExceptionalReleases(ctx.db.kysely, shipmentId)
}

/** The same for whoever was let in already. */
export async function loadExceptionalReleases(
  tx: Pick<Tx, 'selectFrom'>,
  shipmentId: number,
): Promise<ExceptionalRelease[]> {
  const cases = await tx
    .selectFrom('exceptional_release')
    .selectAll()
    .where('shipment_id', '=', shipmentId)
    .orderBy('number')
    .execute()
  if (cases.length === 0) return []
  const ids = cases.map(({ id }) => id)
  const steps = await tx
    .selectFrom('exceptional_release_step')
    .selectAll()
    .where('exceptional_release_id', 'in', ids)
    .orderBy('id')
    .execute()
  const stepsOf = Map.groupBy(steps, (row) => row.exceptional_release_id)
  return cases.map((row) => ({
    id: row.id,
    number: row.number,
    units: texts.parse(row.units),
    findings: codes.parse(row.findings),
    organisationId: row.organisation_id,
    knownAt: row.known_at,
    steps: (stepsOf.get(row.id) ?? []).map((step) => ({
      step: stepName.parse(step.step),
      form: stepForm.parse(step.form),
      name: step.name,
      by: saidBy.parse(step.said_by),
      at: step.said_at,
      authorityNotice: step.authority_notice,
      signatureId: step.signature_id,
      recordSha256: step.record_sha256,
      organisationId: step.organisation_id,
      knownAt: step.known_at,
    })),
  }))
}

const texts = z.array(z.string())
const codes = z.array(z.enum(FINDING_CODES))
const stepName = z.enum(EXCEPTIONAL_STEPS)
const stepForm = z.enum(STEP_FORMS)
const saidBy = z.enum(['sponsor_qa', 'manufacturer']).nullable()

/** The e-signatures that are owed as of an instant, for evaluations given by phone. */
export function outstandingSignatures(cases: readonly ExceptionalRelease[], now: number): OutstandingSignature[] {
  return cases.flatMap(({ number, units, steps, findings }) => {
    const owed = outstandingSignature(exceptionalCase(steps, findings), now)
    return owed === null ? [] : [{ number, units, ...owed }]
  })
}
