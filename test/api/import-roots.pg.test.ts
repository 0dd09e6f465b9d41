import { setTimeout as pause } from 'node:timers/promises'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { transaction } from '../../db/connect.ts'
import { loadLedger } from '../../src/actions/custody-ledger.ts'
import { decideOn } from '../../src/actions/decide-on.ts'
import { rootedHours } from '../../src/actions/ledger-exports.ts'
import { appendReadingsRoot } from '../../src/actions/readings-roots.ts'
import { stampHead } from '../../src/actions/stamps.ts'
import { isRefusal } from '../../src/domain/refusal.ts'
import { type Api, createApi, iso } from '../support/api.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { importFor, table } from '../support/importing.ts'
import { addSensor, createLane, type Lane, openShipment } from '../support/lane.ts'

let database: TestDatabase
let api: Api
let lane: Lane

beforeAll(async () => {
  database = await testDatabase()
  api = await createApi(database)
  lane = await createLane(api)
})
afterAll(() => database.drop())

async function packed(minute: number): Promise<{ id: number; path: string }> {
  const { id } = await openShipment(api, lane)
  const path = `/shipments/${id}`
  await say(lane.sponsor.key, path, { kind: 'packed', at: iso(minute), units: ['BAG-1'] })
  return { id, path }
}

const say = (key: string, path: string, body: object) => api.post(key, `${path}/custody-events`, body)

/** Holds the row of a shipment until it is let go. */
async function holdRow(id: number): Promise<() => Promise<void>> {
  const [holds, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const holding = transaction(database.db, async (tx) => {
    await sql`select id from shipment where id = ${id} for no key update`.execute(tx)
    holds.resolve()
    await goOn.promise
  })
  await holds.promise
  return () => {
    goOn.resolve()
    return holding
  }
}

/** Within this an import goes as far as it can. */
const SO_FAR_MS = 700

test('what an import brings that waits belongs to no root that is made meanwhile', async () => {
  const [before, now] = [await packed(0), await packed(60)]
  const [first, second] = [await addSensor(api, lane.sponsor), await addSensor(api, lane.sponsor)]
  await api.post(lane.sponsor.key, `${before.path}/placements`, { sensorId: first.id, from: iso(0), to: iso(60) })
  for (const { id } of [first, second]) {
    await api.post(lane.sponsor.key, `${now.path}/placements`, { sensorId: id, from: iso(60) })
  }
  await say(lane.centre.key, now.path, { kind: 'received', at: iso(170), units: ['BAG-1'] })
  await say(lane.centre.key, now.path, { kind: 'opened', at: iso(180) })
  const letGo = await holdRow(before.id)
  onTestFinished(letGo)
  const file = table([5, 5, 5, 5, 5, 5.1, 5.2, 5.3])
  const waiting = importFor(api, lane, { sensorId: first.id, file })
  await pause(SO_FAR_MS)
  api.clock.now += 1000
  await importFor(api, lane, { sensorId: second.id, file: table([5, 5, 5, 5], { fromMinute: 60 }) })
  api.clock.now += 1000
  await decideOn(api.ctx, now.id, async (tx) => {
    const ledger = await loadLedger(tx, now.id)
    const { head } = await appendReadingsRoot(tx, api.ctx, { shipmentId: now.id, ledger })
    if (head.seq > ledger.head.seq) await stampHead(tx, api.ctx, { shipmentId: now.id, head })
  })
  await letGo()
  expect((await waiting).status).toBe(201)
  await transaction(database.db, async (tx) => {
    const { entries } = await loadLedger(tx, now.id)
    const roots = entries.filter(({ kind }) => kind === 'readings_root')
    // of the second file alone
    expect(roots.map(({ readings }) => readings)).toContain(4)
    for (const entry of roots) expect(isRefusal(await rootedHours(tx, entry))).toBe(false)
  })
})
