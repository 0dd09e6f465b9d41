import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { recordMessages } from '../../src/actions/record-messages.ts'
import { type Replayed, replayShipment } from '../../src/actions/replay.ts'
import { replayAll } from '../../src/commands/replay.ts'
import { combine } from '../../src/domain/combine.ts'
import { JUDGE_1, JUDGES, type Judge, judgesOf } from '../../src/domain/judge-versions.ts'
import { asOwner, type TestDatabase, testDatabase } from '../support/database.ts'
import { type DeedWorld, deed, withOtherProfile } from '../support/deeds.ts'
import { FRIDGE, MINUTE, T0 } from '../support/limits.ts'
import {
  addSensor,
  addShipment,
  anotherProcess,
  createWorld,
  message,
  place,
  say,
  type World,
} from '../support/world.ts'

let database: TestDatabase
let world: World
let inIt: DeedWorld

beforeAll(async () => {
  database = await testDatabase()
  world = await createWorld(database, { ...FRIDGE, nominalIntervalMs: MINUTE, maxGapMs: 3 * MINUTE })
  inIt = await withOtherProfile(world)
})
afterAll(() => database.drop())

const replayed = (shipmentId: number, version: number | null = null, ctx = world.ctx): Promise<Replayed[]> =>
  replayShipment(ctx, { shipmentId, version })

/** A packed shipment that measured so many minutes at 5 degrees, but for some at 16. */
async function journey(minutes: number, warm: readonly number[] = []) {
  const shipmentId = await addShipment(world)
  const sensorId = await addSensor(world)
  await place(world, { shipmentId, sensorId })
  await measure(sensorId, [0, minutes], warm)
  return { shipmentId, sensorId }
}

async function measure(sensorId: number, [from, to]: readonly [number, number], warm: readonly number[] = []) {
  const samples = Array.from({ length: to - from }, (_, index) => ({
    at: T0 + (from + index) * MINUTE,
    c: warm.includes(from + index) ? 16 : 5,
  }))
  await recordMessages(world.ctx, [message(sensorId, samples, world.clock.now)])
}

test.each([
  ['one after the other', 1],
  ['four at a time, by two processes', 4],
])('whatever happened, %s, every version comes out again byte for byte', { timeout: 120_000 }, async (_how, lanes) => {
  const other = anotherProcess(world, database)
  const worlds: DeedWorld[] = [inIt, ...(lanes > 1 ? [{ ...inIt, world: { ...world, ctx: other.ctx } }] : [])]
  const property = fc.asyncProperty(fc.array(deed, { minLength: 5, maxLength: 25 }), async (deeds) => {
    const shipments = [await addShipment(world), await addShipment(world, null)]
    const things = { shipments, sensors: [await addSensor(world), await addSensor(world), await addSensor(world)] }
    const queue = [...deeds]
    const work = async (to: DeedWorld) => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) await next(things, to)
    }
    await Promise.all(Array.from({ length: lanes }, (_, lane) => work(worlds[lane % worlds.length] ?? inIt)))
    for (const shipmentId of shipments) {
      for (const one of await replayed(shipmentId)) expect(one).toMatchObject({ outcome: 'same' })
    }
  })
  await fc.assert(property, { numRuns: 12, endOnFailure: true }).finally(() => other.close())
})

test('what came later does not touch an older version: late readings, a correction, a closed window', async () => {
  const { shipmentId, sensorId } = await journey(30)
  await measure(sensorId, [40, 60], [45])
  await measure(sensorId, [30, 40], [35])
  await say(world, shipmentId, { kind: 'opened', at: T0 + 50 * MINUTE, by: world.centre })
  const all = await replayed(shipmentId)
  expect(all.length).toBeGreaterThan(3)
  expect(new Set(all.map(({ outcome }) => outcome))).toEqual(new Set(['same']))
})

/** In which a confirmed alarm is one level more severe: any change of any result. */
const JUDGE_2: Judge = {
  ...JUDGE_1,
  version: 2,
  combine: (span, profile, placements) => {
    const combined = combine(span, profile, placements)
    return { ...combined, severity: combined.severity === null ? null : 'critical' }
  },
}

describe('after the judge was raised', () => {
  let upgraded: ReturnType<typeof anotherProcess>
  beforeAll(() => {
    upgraded = anotherProcess(world, database)
  })
  afterAll(() => upgraded.close())
  const raised = () => ({ ...upgraded.ctx, judges: judgesOf(JUDGE_1, JUDGE_2) })

  test('an old evaluation comes out as it was, by the old judge; the new one makes and replays another', async () => {
    const { shipmentId, sensorId } = await journey(
      90,
      Array.from({ length: 40 }, (_, index) => index + 20),
    )
    const before = await replayed(shipmentId)
    const late = [{ at: T0 + 15 * MINUTE + 1, c: 9 }]
    await recordMessages(raised(), [message(sensorId, late, world.clock.now)])
    const after = await replayed(shipmentId, null, raised())
    expect(after.slice(0, before.length)).toEqual(before)
    expect(after.map(({ judgeVersion }) => judgeVersion)).toEqual([...before.map(() => 1), 2])
    expect(new Set(after.map(({ outcome }) => outcome))).toEqual(new Set(['same']))
  })

  test('an evaluation of a judge that the program does not know is not taken for the same', async () => {
    const { shipmentId, sensorId } = await journey(10)
    const late = [{ at: T0 + 1, c: 16 }]
    await recordMessages(raised(), [message(sensorId, late, world.clock.now)])
    expect((await replayed(shipmentId)).at(-1)).toMatchObject({ judgeVersion: 2, outcome: 'unknown_judge' })
  })
})

describe('a difference', () => {
  test('is named where a reading was changed behind the service’s back', async () => {
    const { shipmentId, sensorId } = await journey(30)
    await asOwner(
      database,
      `update reading set value_milli_c = 16000 where sensor_id = ${sensorId}
      and measured_at = '${new Date(T0 + 10 * MINUTE).toISOString()}'`,
    )
    const last = (await replayed(shipmentId)).at(-1)
    const paths = last?.outcome === 'differs' ? last.differences.map(({ path }) => path) : []
    expect(paths).toContain('evaluation.status')
    expect(paths).toContain('evaluation.contentSha256')
    expect(paths).toContain('evaluation.content.levels[1].alarm.state')
  })

  test.each([
    ['content', `content = jsonb_set(content, '{status}', '"alarm"')`, 'evaluation.content.status'],
    ['a column beside it', `status = 'alarm'`, 'evaluation.status'],
    ['the hash', `content_sha256 = repeat('0', 64)`, 'evaluation.contentSha256'],
    ['the inputs', `inputs = jsonb_set(inputs, '{placements,0,fromAt}', '1')`, 'evaluation.inputsSha256'],
    ['the statistics', `statistics = jsonb_set(statistics, '{valid}', '1')`, 'evaluation.statistics.valid'],
  ])('is named where %s of an evaluation was changed', async (_what, change, path) => {
    const { shipmentId } = await journey(30)
    await asOwner(database, `update evaluation set ${change} where shipment_id = ${shipmentId} and version = 2`)
    const [, changed] = await replayed(shipmentId)
    const paths = changed?.outcome === 'differs' ? changed.differences.map((one) => one.path) : []
    expect(paths).toContain(path)
  })

  test('is never made up: a certificate that is gone is said to be missing', async () => {
    const { shipmentId } = await journey(30)
    const gone = `inputs = jsonb_set(inputs, '{placements,0,certificates}', '[999999]')`
    await asOwner(database, `update evaluation set ${gone} where shipment_id = ${shipmentId} and version = 2`)
    expect((await replayed(shipmentId))[1]).toMatchObject({ outcome: 'input_missing' })
  })
})

describe('in bulk', () => {
  const run = async (asked: { shipment: number | null; evaluation: number | null }) => {
    const [lines, shown]: [string[], string[]] = [[], []]
    const out = { print: (line: string) => void lines.push(line), show: (text: string) => void shown.push(text) }
    const code = await replayAll({ db: world.ctx.db, judges: JUDGES }, asked, { ...out, isTty: true })
    return { code, lines, shown: shown.join('') }
  }

  test('the whole database is gone through with a bar, and each difference is a line', async () => {
    const { shipmentId } = await journey(30)
    await asOwner(
      database,
      `update evaluation set severity = 'major' where shipment_id = ${shipmentId} and version = 1`,
    )
    const { code, lines, shown } = await run({ shipment: null, evaluation: null })
    expect(code).toBe(1)
    expect(lines).toContain(`shipment ${shipmentId} evaluation 1: evaluation.severity: stored "major", replayed null`)
    expect(lines.at(-1)).toMatch(/^\d+ replayed: \d+ the same, \d+ differ/)
    expect(shown).toMatch(/#{30} (\d+) of \1 evaluations/)
    expect(await run({ shipment: shipmentId, evaluation: 2 })).toMatchObject({ code: 0 })
  })

  test('what is archived is said, one by one, and is no difference', async () => {
    const { shipmentId } = await journey(10)
    const month = new Date(T0).toISOString().slice(0, 7)
    await asOwner(
      database,
      `insert into archive (name, table_name, month, rows, conflicts, manifest, manifest_sha256, known_at)
       values ('reading-${month}', 'reading', '${month}-01', 0, 0, '{}', repeat('0', 64), now())`,
    )
    const { code, lines } = await run({ shipment: shipmentId, evaluation: null })
    expect(code).toBe(0)
    const sentence = `shipment ${shipmentId} evaluation 2: cannot replay: archived (reading-${month}); restore it first`
    expect(lines).toContain(sentence)
    expect(lines.at(-1)).toMatch(/not replayed \(\d+ archived\)$/)
  })

  test('a shipment without evaluations is not passed over in silence', async () => {
    expect(await run({ shipment: 999_999, evaluation: null })).toMatchObject({ code: 1 })
  })
})
