import { isDeepStrictEqual } from 'node:util'
import { transaction } from '../../db/connect.ts'
import { foldPlacements } from '../../src/actions/fold-placements.ts'
import { loadFacts } from '../../src/actions/judging-facts.ts'
import { sha256 } from '../../src/actions/store-evaluations.ts'
import { assess } from '../../src/domain/assess.ts'
import { canonicalJson } from '../../src/domain/canonical.ts'
import { contentOf, inputsOf, statisticsOf } from '../../src/domain/evaluation-record.ts'
import type { World } from './world.ts'

/** What the stored readings come to without memory or checkpoints; nothing is stored or forgotten by it. */
export async function judgedAfresh(world: World, shipmentId: number) {
  return (await judged(world, shipmentId, 0)).hashes
}

/** Whether it comes to the same, counts too, from the newest checkpoints on, as a process with no memory judges. */
export async function checkpointsHold(world: World, shipmentId: number): Promise<boolean> {
  const [afresh, after] = [await judged(world, shipmentId, 0), await judged(world, shipmentId, ALL_HOLD)]
  return isDeepStrictEqual(afresh, after)
}

/** Nothing has changed since any checkpoint. */
const ALL_HOLD = Number.POSITIVE_INFINITY

async function judged(world: World, shipmentId: number, changedFromAt: number) {
  return transaction(world.ctx.db, async (tx) => {
    const [facts] = await loadFacts(tx, [shipmentId])
    if (facts === undefined) throw new Error('the shipment is gone')
    const works = facts.placements.map((placement) => ({
      placement,
      levels: facts.profile.levels.length,
      changedFromAt,
    }))
    const { folded } = await foldPlacements(tx, works, { budget: 1_000_000, write: false })
    const assessment = assess(facts, folded, 'stored')
    const hashes = {
      content_sha256: sha256(canonicalJson(contentOf(assessment))),
      inputs_sha256: sha256(canonicalJson(inputsOf(assessment))),
    }
    return { hashes, statistics: statisticsOf(assessment) }
  })
}

/** The newest stored evaluation of a shipment. */
export async function currentVersion(world: World, shipmentId: number) {
  return world.db
    .selectFrom('evaluation')
    .select(['version', 'content', 'content_sha256', 'inputs_sha256'])
    .where('shipment_id', '=', shipmentId)
    .orderBy('version', 'desc')
    .executeTakeFirst()
}
