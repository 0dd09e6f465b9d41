import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type Database, transaction } from '../../db/connect.ts'
import { at } from '../../db/tables.ts'
import { archiveMonth, type Keeper } from '../../src/actions/archive-month.ts'
import { monthKept, storedMonths } from '../../src/actions/due-months.ts'
import { foldPlacements } from '../../src/actions/fold-placements.ts'
import { loadFacts } from '../../src/actions/judging-facts.ts'
import { sha256 } from '../../src/actions/store-evaluations.ts'
import { assess } from '../../src/domain/assess.ts'
import { canonicalJson } from '../../src/domain/canonical.ts'
import { contentOf, inputsOf } from '../../src/domain/evaluation-record.ts'
import type { TestDatabase } from './database.ts'
import { T0 } from './limits.ts'
import { addSensor, addShipment, place, say, type World } from './world.ts'

/** When every retention of the test's journeys has passed: thirty years after their bags expired. */
export const LATER = Date.UTC(2060, 0, 1)
const DAY = 86_400_000

/** The owner's connections to a test database, as the commands have them. */
export function asOwner({ ownerUrl }: Pick<TestDatabase, 'ownerUrl'>): Database {
  const options = { max: 3, applicationName: 'unbroken test', statementTimeoutMs: 0, log: { warn: () => {} } }
  return connect(ownerUrl, options)
}

/** A directory for archives that `remove` takes away again. */
export function archiveDirectory(): { directory: string; remove: () => void } {
  const directory = mkdtempSync(join(tmpdir(), 'unbroken-archive-'))
  return { directory, remove: () => rmSync(directory, { recursive: true, force: true }) }
}

/** Who archives, at the world's time; `step` hears of each step. */
export function keeperOf(db: Database, world: World, given: Pick<Keeper, 'directory'> & Partial<Keeper>): Keeper {
  return { db, now: world.ctx.now, step: () => {}, ...given }
}

/** A stored month of a table, with its retention as of the world's time. */
export async function monthOfTable(db: Database, world: World, name: `${'reading' | 'observation'} ${string}`) {
  const [table, month] = name.split(' ')
  return transaction(db, async (tx) => {
    const found = (await storedMonths(tx)).find((one) => one.table === table && one.month === month)
    return found && (await monthKept(tx, found, world.ctx.now()))
  })
}

export type Ended = { shipmentId: number; sensorId: number; placementId: number }

/**
 * A journey of two days with one sensor and a bag that expires after a year; `measure` lets readings arrive meanwhile.
 * Opened by the centre at its end.
 */
export async function endedJourney(
  world: World,
  { from = T0, measure }: { from?: number; measure: (sensorId: number, from: number) => Promise<void> },
): Promise<Ended> {
  world.clock.now = Math.max(world.clock.now, from + 3 * DAY)
  const [sensorId, shipmentId] = [await addSensor(world), await addShipment(world, from)]
  const unit = { shipment_id: shipmentId, code: 'BAG-1', lot: `lot-${shipmentId}` }
  await world.db
    .insertInto('unit')
    .values({ ...unit, expiry_at: at(from + 365 * DAY), known_at: at(from) })
    .execute()
  await place(world, { shipmentId, sensorId, fromAt: from })
  await measure(sensorId, from)
  await say(world, shipmentId, { kind: 'received', at: from + 2 * DAY - 1000, by: world.centre })
  await say(world, shipmentId, { kind: 'opened', at: from + 2 * DAY, by: world.centre })
  const placement = world.db.selectFrom('placement').select('id').where('shipment_id', '=', shipmentId)
  const { id } = await placement.where('superseded_at', 'is', null).executeTakeFirstOrThrow()
  return { shipmentId, sensorId, placementId: id }
}

/** Archives a stored month; throws where it may not be. */
export async function archiveNow(keeper: Keeper, world: World, name: Parameters<typeof monthOfTable>[2]) {
  const month = await monthOfTable(keeper.db, world, name)
  if (month === undefined) throw new Error(`there is no ${name}`)
  const files = await archiveMonth(keeper, month)
  if (files === 'kept') throw new Error(`${name} was kept`)
  return files.manifest
}

/** What the stored readings of a shipment come to without memory or checkpoints; nothing is stored by it. */
export async function judgedAfresh(db: Database, shipmentId: number) {
  return transaction(db, async (tx) => {
    const [facts] = await loadFacts(tx, [shipmentId])
    if (facts === undefined) throw new Error('the shipment is gone')
    const levels = facts.profile.levels.length
    const works = facts.placements.map((placement) => ({ placement, levels, changedFromAt: 0 }))
    const { folded } = await foldPlacements(tx, works, { budget: 1_000_000, write: false })
    const assessment = assess(facts, folded, 'stored')
    return {
      content_sha256: sha256(canonicalJson(contentOf(assessment))),
      inputs_sha256: sha256(canonicalJson(inputsOf(assessment))),
    }
  })
}

/** The newest stored evaluation of a shipment. */
export async function currentEvaluation({ kysely }: Database, shipmentId: number) {
  return kysely
    .selectFrom('evaluation')
    .select(['version', 'status', 'content', 'content_sha256', 'inputs_sha256'])
    .where('shipment_id', '=', shipmentId)
    .orderBy('version', 'desc')
    .executeTakeFirst()
}
