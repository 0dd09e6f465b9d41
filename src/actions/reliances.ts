import type { Tx } from '../../db/connect.ts'
import { type Party, RE_REVIEW_DECISION } from '../domain/re-review.ts'
import { type Reliance, reliancesOf } from '../domain/reliance.ts'
import { loadLedger } from './custody-ledger.ts'
import { organisationKey } from './organisations.ts'
import { loadSignatures } from './signatures.ts'

/** A reliance in the order of knowledge: whoever relied could know the readings of lower ordinals. */
export type KnownReliance = { reliance: Reliance; ordinal: number }

/**
 * Who relied on which evaluation of a shipment, in order of doing so: by its ledger, and by looking again. `standing`
 * are those that nobody has looked at since, and whoever looked last. A further record that names an evaluation adds
 * its source here.
 */
export async function loadReliances(
  tx: Tx,
  shipmentId: number,
): Promise<{ all: KnownReliance[]; standing: KnownReliance[] }> {
  const decisions = await decisionReliances(tx, shipmentId)
  const all = [...(await ledgerReliances(tx, shipmentId)), ...decisions].sort((a, b) => a.ordinal - b.ordinal)
  const last = decisions.at(-1)?.ordinal ?? 0
  return { all, standing: all.filter(({ ordinal }) => ordinal >= last) }
}

async function ledgerReliances(tx: Tx, shipmentId: number): Promise<KnownReliance[]> {
  const reliances = reliancesOf((await loadLedger(tx, shipmentId)).entries)
  const rows = await tx
    .selectFrom('custody_event')
    .select(['seq', 'ordinal'])
    .where('shipment_id', '=', shipmentId)
    .execute()
  const ordinalOf = new Map(rows.map(({ seq, ordinal }) => [seq, ordinal]))
  return reliances.map((reliance) => ({ reliance, ordinal: ordinalOf.get(reliance.seq ?? 0) ?? 0 }))
}

async function decisionReliances(tx: Tx, shipmentId: number): Promise<KnownReliance[]> {
  const rows = await tx
    .selectFrom('re_review_decision')
    .select(['id', 'evaluation_version', 'ordinal', 'known_at'])
    .where('shipment_id', '=', shipmentId)
    .orderBy('id')
    .execute()
  if (rows.length === 0) return []
  const signatures = await loadSignatures(tx, { type: RE_REVIEW_DECISION, shipmentId })
  return rows.map(({ id, evaluation_version: version, ordinal, known_at: at }) => {
    const signed = signatures.filter(({ recordId }) => recordId === String(id))
    const people = signed.map(({ signerId, printedName: name, role, organisation }) => {
      return { id: signerId, name, role, organisation }
    })
    const organisation = people[0]?.organisation ?? ''
    const reliance = { what: RE_REVIEW_DECISION, seq: null, at, version, organisation, people, actor: null }
    return { reliance, ordinal }
  })
}

/** The parties of a shipment, with the keys by which they stand in its ledger. */
export async function loadParties(tx: Tx, shipmentId: number): Promise<Party[]> {
  const rows = await tx
    .selectFrom('shipment_party')
    .innerJoin('organisation', 'organisation.id', 'shipment_party.organisation_id')
    .select(['organisation.id', 'organisation.gln', 'shipment_party.role'])
    .where('shipment_id', '=', shipmentId)
    .orderBy('organisation.id')
    .orderBy('shipment_party.role')
    .execute()
  return rows.map((row) => ({ organisationId: row.id, key: organisationKey(row), role: row.role }))
}
