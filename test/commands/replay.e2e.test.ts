import { afterAll, beforeAll, expect, test } from 'vitest'
import { recordMessages } from '../../src/actions/record-messages.ts'
import { asOwner, type TestDatabase, testDatabase } from '../support/database.ts'
import { MINUTE, T0 } from '../support/limits.ts'
import { runProgram } from '../support/service.ts'
import { addSensor, addShipment, createWorld, message, place } from '../support/world.ts'

let database: TestDatabase
let shipmentId: number

beforeAll(async () => {
  database = await testDatabase()
  const world = await createWorld(database)
  const sensorId = await addSensor(world)
  shipmentId = await addShipment(world)
  await place(world, { shipmentId, sensorId })
  const samples = [0, 15, 30].map((minute) => ({ at: T0 + minute * MINUTE, c: 5 }))
  await recordMessages(world.ctx, [message(sensorId, samples, world.clock.now)])
})
afterAll(() => database.drop())

async function replay(...args: string[]) {
  const urls = { DATABASE_URL: database.servingUrl, DATABASE_OWNER_URL: database.ownerUrl, LOG_LEVEL: 'error' }
  const program = runProgram(['replay', ...args], urls)
  const { code } = await program.exit
  return { code, said: program.stdout().trimEnd().split('\n'), shown: program.stderr() }
}

test('the command goes through the database, names what differs, and says so by its exit code', async () => {
  const whole = await replay()
  expect(whole).toMatchObject({ code: 0, said: [expect.stringMatching(/^3 replayed: 3 the same, 0 differ$/)] })
  expect(whole.shown).toMatch(/3 of 3 evaluations/)
  await asOwner(database, `update evaluation set complete = not complete where version = 3`)
  const args = ['--shipment', String(shipmentId), '--evaluation']
  expect((await replay(...args, '2')).code).toBe(0)
  const changed = await replay(...args, '3')
  expect(changed.code).toBe(1)
  expect(changed.said[0]).toBe(`shipment ${shipmentId} evaluation 3: evaluation.complete: stored false, replayed true`)
})

test.each([[['--evaluation', '1']], [['--shipment', 'x']], [['--what']], [['17']]])(
  'used as %j it says how',
  async (args) => {
    expect(await replay(...args)).toMatchObject({ code: 2, shown: expect.stringMatching(/^unbroken replay/) })
  },
)
