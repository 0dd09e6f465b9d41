import type { Tx } from '../../db/connect.ts'
import { at, json } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import { SERVICE } from '../domain/actor.ts'
import { assess } from '../domain/assess.ts'
import { canonicalJson } from '../domain/canonical.ts'
import type { EvaluationContent } from '../domain/evaluation-content.ts'
import { namedEvaluation } from '../domain/evaluation-hash.ts'
import { contentOf } from '../domain/evaluation-record.ts'
import { type KnownUnit, lateTruth } from '../domain/late-truth.ts'
import { type Compared, type Judged, RE_REVIEW_DECISION, reReviewOf } from '../domain/re-review.ts'
import { TAKES_IN } from '../domain/reliance.ts'
import { audit } from './audit.ts'
import { lotsOfShipment } from './batch-facts.ts'
import { loadFacts, type ShipmentFacts } from './judging-facts.ts'
import { namedFacts } from './named-facts.ts'
import { foldKnown, loadRecorded, type Recorded, type RecordedRow } from './recorded-rows.ts'
import { type KnownReliance, loadParties, loadReliances } from './reliances.ts'
import { loadHeads, sha256 } from './store-evaluations.ts'
import { storedContent } from './stored-assessment.ts'

/**
 * Compares everything that somebody relied on with what is known now of the same time, and opens a re-review where it
 * came out otherwise; nothing where all of that is open, or was looked at, already. What is open stays open. The caller
 * holds the shipment's lock, and nothing of it waits for judging.
 */
export async function openReReview(tx: Tx, ctx: Ctx, shipmentId: number): Promise<void> {
  await tx.updateTable('shipment').set({ review_due: false }).where('id', '=', shipmentId).execute()
  const { all, standing } = await loadReliances(tx, shipmentId)
  const head = (await loadHeads(tx, [shipmentId])).get(shipmentId)
  if (standing.length === 0 || head === undefined) return
  const compared = await compareAll(tx, ctx, { shipmentId, standing })
  const reliances = all.map(({ reliance }) => reliance)
  const found = reReviewOf(compared, { reliances, parties: await loadParties(tx, shipmentId) })
  if (found === null) return
  const hash = sha256(canonicalJson(found))
  if ((await newestFound(tx, shipmentId)) === hash) return
  const evaluation = namedEvaluation(head, sha256)
  const now = ctx.now()
  const said = { found: json(found), found_sha256: hash, known_at: at(now) }
  const { id } = await tx
    .insertInto('re_review')
    .values({
      shipment_id: shipmentId,
      evaluation_version: evaluation.version,
      evaluation_sha256: evaluation.sha256,
      ...said,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  const deed = { at: now, action: 're_review_opened', subjectKind: 'shipment', subjectId: shipmentId }
  await audit(tx, SERVICE, [{ ...deed, after: { reReviewId: id, evaluation, ...found } }])
  ctx.log.warn({ shipmentId, reReviewId: id }, 'What was relied on came out otherwise: the shipment is to be reviewed')
}

async function newestFound(tx: Tx, shipmentId: number): Promise<string | null> {
  const row = await tx
    .selectFrom('re_review')
    .select('found_sha256')
    .where('shipment_id', '=', shipmentId)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.found_sha256 ?? null
}

type Comparing = { shipmentId: number; standing: readonly KnownReliance[] }

async function compareAll(tx: Tx, ctx: Ctx, { shipmentId, standing }: Comparing): Promise<Compared[]> {
  const [facts] = await loadFacts(tx, [shipmentId], ctx.judges.current)
  if (facts === undefined) throw new Error(`shipment ${shipmentId} has no facts`)
  const versions = await loadVersions(tx, ctx, { shipmentId, standing })
  const placements = [...versions.values()].flatMap((version) => version.facts?.placements ?? [])
  const recorded = await loadRecorded(tx, [...facts.placements, ...placements])
  const unitsNow = await knownUnits(tx, shipmentId, ctx.now())
  const compared: Compared[] = []
  for (const known of standing) {
    const version = versions.get(known.reliance.version)
    if (version === undefined) continue
    const { was, is } = contents(known, { version, facts, recorded, newest: versions.newest })
    const restsOnLots = TAKES_IN.has(known.reliance.what) || known.reliance.what === RE_REVIEW_DECISION
    const units = restsOnLots ? await knownUnits(tx, shipmentId, known.reliance.at) : []
    const truth = lateTruth({ evaluation: was, units }, { evaluation: is, units: units.length === 0 ? [] : unitsNow })
    compared.push({ relied: known.reliance, was: judged(was), is: judged(is), truth })
  }
  return compared
}

/** A stored version: as it says, and its facts; null where it cannot be judged again, its readings being archived. */
type Version = { content: EvaluationContent; facts: ShipmentFacts | null }
type Versions = Map<number, Version> & { newest: EvaluationContent }

async function loadVersions(tx: Tx, { judges }: Ctx, { shipmentId, standing }: Comparing): Promise<Versions> {
  const rows = await tx
    .selectFrom('evaluation')
    .selectAll()
    .where('shipment_id', '=', shipmentId)
    .where('version', 'in', [0, ...standing.map(({ reliance }) => reliance.version)])
    .execute()
  const newest = await tx
    .selectFrom('evaluation')
    .select('content')
    .where('shipment_id', '=', shipmentId)
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirstOrThrow()
  const versions = new Map<number, Version>()
  for (const row of rows) {
    const judge = judges.byVersion.get(row.judge_version)
    const facts = judge === undefined ? null : await namedFacts(tx, row, judge)
    const isHere = facts !== null && facts.archives.length === 0
    versions.set(row.version, { content: storedContent(row.content), facts: isHere ? facts : null })
  }
  return Object.assign(versions, { newest: storedContent(newest.content) })
}

type Ground = { version: Version; facts: ShipmentFacts; recorded: Recorded; newest: EvaluationContent }

/** Truth about the time up to the moment of relying: as it was known then, and as it is known now. */
function contents({ reliance, ordinal }: KnownReliance, { version, facts, recorded, newest }: Ground) {
  if (version.facts === null || facts.archives.length > 0) return { was: version.content, is: newest }
  const isKnownThen = (row: RecordedRow) => row.ordinal < ordinal
  return {
    was: upTo(reliance.at, version.facts, foldedUpTo(reliance.at, version.facts, { recorded, isKnown: isKnownThen })),
    is: upTo(reliance.at, facts, foldedUpTo(reliance.at, facts, { recorded, isKnown: () => true })),
  }
}

type Knowledge = { recorded: Recorded; isKnown: (row: RecordedRow) => boolean }

function foldedUpTo(end: number, facts: ShipmentFacts, { recorded, isKnown }: Knowledge) {
  return foldKnown(cut(facts, end), recorded, isKnown)
}

function upTo(end: number, facts: ShipmentFacts, folded: ReturnType<typeof foldKnown>): EvaluationContent {
  return contentOf(assess(cut(facts, end), folded, end))
}

/** The facts as of an instant of the journey: a window that closes later is open, the reading at the instant counts. */
function cut(facts: ShipmentFacts, end: number): ShipmentFacts {
  const { window } = facts
  const isPacked = window !== null && window.fromAt < end
  const open = isPacked && window.toAt > end ? { fromAt: window.fromAt, toAt: Number.POSITIVE_INFINITY } : window
  return {
    ...facts,
    window: isPacked ? open : null,
    placements: facts.placements.map((placement) => ({
      ...placement,
      rules: { ...placement.rules, toAt: Math.min(placement.rules.toAt, end + 1) },
    })),
  }
}

/** Without a valid calibration nothing is better than indeterminate. */
function judged({ status, severity, reasons }: EvaluationContent): Judged {
  const isCapped = reasons.includes('CALIBRATION_INVALID') && status !== 'alarm'
  return { status: isCapped ? 'indeterminate' : status, severity }
}

/** What the sponsor had said of each unit's lot. The verdict on a unit is the receipt's. */
async function knownUnits(tx: Tx, shipmentId: number, knownAt: number): Promise<KnownUnit[]> {
  const lots = await lotsOfShipment(tx, shipmentId, knownAt)
  return lots.flatMap(({ units, findings }) =>
    units.map((code) => ({ code, budget: 'none' as const, verdict: null, findings })),
  )
}
