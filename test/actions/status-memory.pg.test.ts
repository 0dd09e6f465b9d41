import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { withClient } from '../../db/connect.ts'
import { importFile, previewImport } from '../../src/actions/import-file.ts'
import { recordMessages } from '../../src/actions/record-messages.ts'
import { shipmentStatus } from '../../src/actions/shipment-status.ts'
import { statusAsOf } from '../../src/actions/status-as-of.ts'
import { supersedeImport } from '../../src/actions/supersede-import.ts'
import type { Ctx } from '../../src/context.ts'
import type { CustodyKind } from '../../src/domain/custody-event.ts'
import { isRefusal } from '../../src/domain/refusal.ts'
import { NO_ANSWERS } from '../../src/loggers/question.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { FRIDGE, MINUTE, T0 } from '../support/limits.ts'
import { sourceOf } from '../support/logger-files.ts'
import {
  actorOf,
  addSensor,
  addShipment,
  anotherProcess,
  correct,
  createWorld,
  message,
  place,
  say,
  type World,
} from '../support/world.ts'

let database: TestDatabase
let world: World

beforeAll(async () => {
  database = await testDatabase()
  world = await createWorld(database, { ...FRIDGE, nominalIntervalMs: MINUTE, maxGapMs: 3 * MINUTE })
})
afterAll(() => database.drop())

type Scene = { shipmentId: number; sensors: number[]; placements: number[]; minute: number }

const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('measure' as const),
      sensor: fc.nat(1),
      minutes: fc.integer({ min: 1, max: 60 }),
      c: fc.constantFrom(5, 5, 5, 9, 1, null),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('late', 'again', 'contradict', 'twice', 'before packing'),
      sensor: fc.nat(1),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('say', 'shorten', 'wait', 'observe'), sensor: fc.nat(1) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('read out', 'take back'), sensor: fc.nat(1) }) },
)
type Step = { do: string; sensor: number; minutes?: number; c?: number | null }

test('a status from memory says what a process says that remembers nothing', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 12 }), async (steps) => {
      const scene = await openScene()
      for (const one of steps) {
        await play(scene, one)
        // each answer is remembered for the next
        const remembered = await statusOf(world, scene)
        const stranger = anotherProcess(world, database)
        const fresh = await statusOf({ ...world, ctx: stranger.ctx }, scene)
        await stranger.close()
        expect(remembered).toEqual(fresh)
        const then = await statusAsOf(world.ctx, actorOf(world.sender), { ...scene, asOf: world.clock.now })
        if (isRefusal(then)) throw new Error(then.detail)
        expect(then.temperature.outOfWindow).toBe(fresh.temperature.outOfWindow)
      }
    }),
    { numRuns: 12, endOnFailure: true },
  )
})

test('two values of one instant outside of the window are one reading there', async () => {
  const scene = { ...(await openScene()), minute: -20 }
  expect((await statusOf(world, scene)).temperature.outOfWindow).toBe(0)
  await tellTwice(scene, scene.sensors[0] ?? 0)
  expect((await statusOf(world, scene)).temperature.outOfWindow).toBe(1)
})

test('what another process stores out of order outside of the window is counted', async () => {
  const scene = await openScene()
  const other = anotherProcess(world, database)
  const [one, two] = [world.ctx, other.ctx].map((ctx) => ({ ...ctx, sharesMessages: true }))
  if (one === undefined || two === undefined) throw new Error('there are two')
  const tell = (ctx: Ctx, minute: number) =>
    recordMessages(ctx, [message(scene.sensors[0] ?? 0, [{ at: T0 + minute * MINUTE, c: 5 }], world.clock.now)])
  await tell(one, -25)
  await tell(two, -22)
  await tell(one, -10)
  const shown = async () => {
    const status = await shipmentStatus(one, actorOf(world.sender), scene.shipmentId)
    return isRefusal(status) ? status.detail : status.temperature.outOfWindow
  }
  expect(await shown()).toBe(3)
  // it knows of no reading later than that of minute -22
  await tell(two, -15)
  expect(await shown()).toBe(4)
  await other.close()
})

async function openScene(): Promise<Scene> {
  const shipmentId = await addShipment(world)
  const sensors = [await addSensor(world), await addSensor(world)]
  const placements: number[] = []
  for (const sensorId of sensors)
    placements.push(await place(world, { shipmentId, sensorId, fromAt: T0 - 30 * MINUTE }))
  return { shipmentId, sensors, placements, minute: 0 }
}

async function play(scene: Scene, { do: what, sensor, minutes = 10, c = 5 }: Step): Promise<void> {
  const sensorId = scene.sensors[sensor] ?? 0
  const measure = (fromMinute: number, value: number | null, count = minutes) => {
    const samples = Array.from({ length: count }, (_, index) => ({ at: T0 + (fromMinute + index) * MINUTE, c: value }))
    return recordMessages(world.ctx, [message(sensorId, samples, world.clock.now)])
  }
  switch (what) {
    case 'measure':
      await measure(scene.minute, c)
      scene.minute += minutes
      break
    case 'late':
      await measure(Math.max(0, scene.minute - 40) + 0.5, 9, 3)
      break
    case 'again':
    case 'contradict':
      await measure(Math.max(0, scene.minute - 5), what === 'again' ? 5 : 8.5, 5)
      break
    case 'twice':
      await tellTwice(scene, sensorId)
      break
    case 'before packing':
      await measure(-20, 7, 5)
      break
    case 'say':
      await say(world, scene.shipmentId, { kind: kindAt(scene), at: T0 + scene.minute * MINUTE, by: world.centre })
      break
    case 'shorten':
      await shorten(scene, sensor)
      break
    case 'read out':
      await readOut(scene, sensorId)
      break
    case 'take back':
      await takeBack(sensorId)
      break
    case 'wait':
      world.clock.now += 7 * MINUTE
      break
    default:
      await observe(scene, sensorId)
  }
}

/** One message with two values of one new instant. */
async function tellTwice(scene: Scene, sensorId: number): Promise<void> {
  const at = T0 + scene.minute * MINUTE
  const samples = [5, 6].map((c) => ({ at, c }))
  await recordMessages(world.ctx, [message(sensorId, samples, world.clock.now)])
  scene.minute += 1
}

function kindAt({ minute }: Scene): CustodyKind {
  const kinds: CustodyKind[] = ['arrived', 'received', 'opened', 'departed']
  return kinds[minute % kinds.length] ?? 'arrived'
}

/** What is refused (a placement corrected already) changes nothing. */
async function shorten(scene: Scene, sensor: number): Promise<void> {
  const id = scene.placements[sensor] ?? 0
  await correct(world, id, { toAt: T0 + (scene.minute + 1) * MINUTE }).catch(() => undefined)
}

async function observe({ minute }: Scene, sensorId: number): Promise<void> {
  const at = new Date(T0 + minute * MINUTE).toISOString()
  const payload = Buffer.from(
    JSON.stringify({ seq: minute, readings: [{ at, channel: 'humidity', value: 41.5, unit: 'P1' }] }),
  )
  const topic = `unbroken/v1/${sensorId}/readings`
  const received = { topic, payload, receivedAt: world.clock.now, contentType: null, retained: false }
  await recordMessages(world.ctx, [{ ...received, parsed: world.ctx.parseMessage(received) }])
}

/** The last half hour as the sensor's memory has it, which goes on beyond what it sent. */
async function readOut({ minute }: Scene, sensorId: number): Promise<void> {
  const lines = Array.from({ length: 30 }, (_, index) => {
    return `${new Date(T0 + (minute - 25 + index) * MINUTE).toISOString()},${index % 7 === 0 ? 8.5 : 5}`
  })
  const bytes = Buffer.from(['Time,Temperature (°C)', ...lines].join('\n'))
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const file = { source: sourceOf(bytes), sha256, bytes: bytes.length }
  const asked = { sensorId, file, answers: NO_ANSWERS, serialDiffers: null, again: 'test' }
  const actor = actorOf(world.sender)
  const preview = await previewImport(world.ctx, actor, asked)
  if (isRefusal(preview) || 'asks' in preview) throw new Error(JSON.stringify(preview))
  const done = await importFile({ ctx: world.ctx, actor }, { asked, preview }, () => {})
  if (isRefusal(done)) throw new Error(done.detail)
}

/** Its newest import; where there is none, or it was taken back already, nothing changes. */
async function takeBack(sensorId: number): Promise<void> {
  const newest = await world.db
    .selectFrom('logger_import')
    .select('id')
    .where('sensor_id', '=', sensorId)
    .orderBy('id', 'desc')
    .executeTakeFirst()
  if (newest === undefined) return
  await supersedeImport(world.ctx, actorOf(world.sender), { importId: newest.id, reason: 'test' })
}

async function statusOf({ ctx, sender }: World, { shipmentId }: Scene) {
  const status = await shipmentStatus(ctx, actorOf(sender), shipmentId)
  if (isRefusal(status)) throw new Error(status.detail)
  return status
}

/** An organisation that is no party of anything. */
const NOBODY = 999_999

test('what is remembered for one organisation is not shown to another', async () => {
  const { shipmentId } = await openScene()
  await statusOf(world, { shipmentId, sensors: [], placements: [], minute: 0 })
  expect(await shipmentStatus(world.ctx, actorOf(NOBODY), shipmentId)).toMatchObject({ refused: 'not_found' })
})

test('a ledger that was tampered with is not answered from memory', async () => {
  const scene = await openScene()
  expect((await statusOf(world, scene)).custody.chainStatus).not.toBe('broken')
  await tamper(scene.shipmentId)
  expect((await statusOf(world, scene)).custody.chainStatus).toBe('broken')
})

/** As no action can: by the owner of the table. */
async function tamper(shipmentId: number): Promise<void> {
  await withClient(database.ownerUrl, (owner) =>
    owner.query(`update custody_event set record = record || '{"place":"elsewhere"}' where shipment_id = $1`, [
      shipmentId,
    ]),
  )
}
