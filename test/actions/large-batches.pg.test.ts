import { afterAll, beforeAll, expect, test } from 'vitest'
import { connect } from '../../db/connect.ts'
import { recordMessages } from '../../src/actions/record-messages.ts'
import type { Ctx } from '../../src/context.ts'
import { receiveMessage } from '../../src/ingest/message.ts'
import { contextOf, placeFleet } from '../bench/stage.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { T0 } from '../support/limits.ts'
import { message } from '../support/world.ts'

/** A whole batch of which every message is work of its own: a statement takes at most 65,535 parameters. */
const MESSAGES = 5000

let database: TestDatabase
let ctx: Ctx

beforeAll(async () => {
  database = await testDatabase()
  ctx = contextOf(database.db)
})
afterAll(() => database.drop())

test('a batch that concerns as many shipments as it has messages gives each of them its evaluation', async () => {
  const owner = connect(database.ownerUrl, {
    ...{ max: 1, applicationName: 'unbroken test', statementTimeoutMs: 30_000 },
    log: { warn: () => {} },
  })
  const sensors = await placeFleet(owner, { sensors: MESSAGES, shipments: MESSAGES })
  await owner.close()
  await recordMessages(
    ctx,
    sensors.map((sensorId) => message(sensorId, [{ at: T0, c: 5 }], T0)),
  )
  const { rows } = await ctx.db.pool.query(
    'select version, status, count(*) as shipments from evaluation group by version, status',
  )
  expect(rows).toEqual([{ version: 1, status: 'in_range', shipments: MESSAGES }])
})

test('a batch that nobody can read is kept message by message, each on record', async () => {
  const { parsed: _, ...sound } = message(1, [{ at: T0, c: 5 }], T0)
  await recordMessages(
    ctx,
    Array.from({ length: MESSAGES }, (_, index) =>
      receiveMessage(sound.topic, Buffer.from(`{"number":${index}`), {
        ...{ prefix: 'unbroken/v1', receivedAt: T0, retained: false },
      }),
    ),
  )
  const { rows } = await ctx.db.pool.query(
    `select outcome, reason, count(*) as messages, count(distinct payload) as payloads,
       (select count(*) from audit_entry where action = 'message_rejected') as entries
     from kept_message group by outcome, reason`,
  )
  const all = { messages: MESSAGES, payloads: MESSAGES, entries: MESSAGES }
  expect(rows).toEqual([{ outcome: 'rejected', reason: 'NOT_JSON', ...all }])
})
