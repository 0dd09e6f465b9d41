import type { Selectable } from 'kysely'
import { z } from 'zod'
import { type Tx, transaction } from '../../db/connect.ts'
import { at, json, type Tables } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import { type Actor, denied, organisationOf } from '../domain/actor.ts'
import { FINDING_CODES, FINDINGS, type FindingCode } from '../domain/finding.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'
import { isoInstant } from '../domain/units.ts'
import { audit } from './audit.ts'
import { lockShipments } from './locks.ts'
import { noShipment, refuseUnlessSeen } from './shipments.ts'
import { unlessExists } from './unless-exists.ts'

export const CLASSIFICATIONS = ['minor', 'major', 'critical'] as const
export type Classification = (typeof CLASSIFICATIONS)[number]

/** A deviation in the customer's quality system, by its number there. */
export type Deviation = {
  id: number
  number: string
  system: string
  classification: Classification
  units: string[]
  findings: FindingCode[]
  note: string | null
  organisationId: number
  openedBy: string
  openedAt: number
  knownAt: number
  closing: { closedAt: number; conclusion: string; closedBy: string; knownAt: number } | null
}

export type NewDeviation = {
  shipmentId: number
  number: string
  system: string
  /** Null: as grave as the gravest of its findings. */
  classification: Classification | null
  units: readonly string[]
  findings: readonly FindingCode[]
  note: string | null
  openedAt: number
}

/**
 * Records the number of a deviation with the findings and units it covers. Root cause and corrective action stay in the
 * quality system. Refused: `not_found`, `already_exists` for the same number of the same system, `in_the_future`.
 */
export async function recordDeviation(ctx: Ctx, actor: Actor, input: NewDeviation): Promise<Deviation | Refusal> {
  const no = denied(actor, 'record_custody')
  if (no !== null) return no
  const { shipmentId, number, system } = input
  const record = async (tx: Tx): Promise<Deviation | Refusal> => {
    await lockShipments(tx, [shipmentId])
    const now = ctx.now()
    const refusal = (await refuseUnlessSeen(tx, actor, shipmentId)) ?? refuseFuture(input.openedAt, now)
    if (refusal !== null) return refusal
    const classification = input.classification ?? gravest(input.findings)
    const row = await tx
      .insertInto('deviation')
      .values({
        ...{ shipment_id: shipmentId, number, system, classification, note: input.note },
        ...{ units: json(input.units), findings: json(input.findings), opened_at: at(input.openedAt) },
        ...{ organisation_id: organisationOf(actor), opened_by: nameOf(actor), known_at: at(now) },
      })
      .returningAll()
      .executeTakeFirstOrThrow()
    const { units, findings, note } = input
    const after = { deviationId: row.id, number, system, classification, units, findings }
    const deed = { at: now, action: 'record_deviation', subjectKind: 'shipment', subjectId: shipmentId }
    await audit(tx, actor, [{ ...deed, after, reason: note }])
    return deviation(row, null)
  }
  const taken = `Deviation ${number} of ${system} is recorded for this shipment already.`
  return unlessExists({ deviation_shipment_id_system_number_key: taken }, transaction(ctx.db, record))
}

function refuseFuture(saidAt: number, now: number): Refusal | null {
  return saidAt <= now ? null : refuse('in_the_future', `It lies after the server's time ${isoInstant(now)}.`)
}

function gravest(findings: readonly FindingCode[]): Classification {
  const severities = findings.map((code) => FINDINGS[code].severity)
  return CLASSIFICATIONS.findLast((one) => severities.some((severity) => severity === one)) ?? 'minor'
}

function nameOf({ kind, id }: Actor): string {
  return `${kind}:${id}`
}

/** Says that a deviation was closed, and how. Refused: `not_found`, `already_decided`, `in_the_future`. */
export async function closeDeviation(
  ctx: Ctx,
  actor: Actor,
  input: { shipmentId: number; deviationId: number; closedAt: number; conclusion: string },
): Promise<Deviation | Refusal> {
  const no = denied(actor, 'record_custody')
  if (no !== null) return no
  const { shipmentId, deviationId, closedAt, conclusion } = input
  return transaction(ctx.db, async (tx): Promise<Deviation | Refusal> => {
    await lockShipments(tx, [shipmentId])
    const now = ctx.now()
    const refusal = (await refuseUnlessSeen(tx, actor, shipmentId)) ?? refuseFuture(closedAt, now)
    if (refusal !== null) return refusal
    const found = (await loadDeviations(tx, shipmentId)).find(({ id }) => id === deviationId)
    if (found === undefined) return refuse('not_found', `There is no deviation ${deviationId} of this shipment.`)
    if (found.closing !== null) return refuse('already_decided', `Deviation ${found.number} is closed already.`)
    const by = { organisation_id: organisationOf(actor), closed_by: nameOf(actor), known_at: at(now) }
    await tx
      .insertInto('deviation_closing')
      .values({ deviation_id: deviationId, closed_at: at(closedAt), conclusion, ...by })
      .execute()
    const deed = { at: now, action: 'close_deviation', subjectKind: 'shipment', subjectId: shipmentId }
    await audit(tx, actor, [{ ...deed, after: { deviationId, closedAt: isoInstant(closedAt) }, reason: conclusion }])
    return { ...found, closing: { closedAt, conclusion, closedBy: nameOf(actor), knownAt: now } }
  })
}

/** The deviations of a shipment the actor sees, in order of recording. Refused: `not_found`. */
export async function listDeviations(ctx: Ctx, actor: Actor, shipmentId: number): Promise<Deviation[] | Refusal> {
  const no = await refuseUnlessSeen(ctx.db.kysely, actor, shipmentId)
  return no === null ? loadDeviations(ctx.db.kysely, shipmentId) : noShipment(shipmentId)
}

/** The same for whoever was let in already. */
export async function loadDeviations(tx: Pick<Tx, 'selectFrom'>, shipmentId: number): Promise<Deviation[]> {
  const rows = await tx
    .selectFrom('deviation')
    .leftJoin('deviation_closing', 'deviation_closing.deviation_id', 'deviation.id')
    .selectAll('deviation')
    .select(['deviation_closing.closed_at', 'deviation_closing.conclusion', 'deviation_closing.closed_by'])
    .select('deviation_closing.known_at as closing_known_at')
    .where('deviation.shipment_id', '=', shipmentId)
    .orderBy('deviation.id')
    .execute()
  return rows.map(({ closed_at: closedAt, conclusion, closed_by: closedBy, closing_known_at: knownAt, ...row }) => {
    const isClosed = closedAt !== null && conclusion !== null && closedBy !== null && knownAt !== null
    return deviation(row, isClosed ? { closedAt, conclusion, closedBy, knownAt } : null)
  })
}

const texts = z.array(z.string())
const codes = z.array(z.enum(FINDING_CODES))
const classificationOf = z.enum(CLASSIFICATIONS)

function deviation(row: Selectable<Tables['deviation']>, closing: Deviation['closing']): Deviation {
  return {
    id: row.id,
    number: row.number,
    system: row.system,
    classification: classificationOf.parse(row.classification),
    units: texts.parse(row.units),
    findings: codes.parse(row.findings),
    note: row.note,
    organisationId: row.organisation_id,
    openedBy: row.opened_by,
    openedAt: row.opened_at,
    knownAt: row.known_at,
    closing,
  }
}
