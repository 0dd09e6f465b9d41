import { pino } from 'pino'
import { connect } from '../../db/connect.ts'
import { recordMessages } from '../../src/actions/record-messages.ts'
import { batcherOf, openSubject } from './door.ts'
import { contextOf } from './stage.ts'

/** A process of its own that takes what waits for its session through the whole door, beside others on one share. */
type Plan = { mqttUrl: string; databaseUrl: string; clientId: string }

process.once('message', (plan: Plan) => {
  const { mqttUrl, databaseUrl, clientId } = plan
  const options = { max: 4, applicationName: 'bench', statementTimeoutMs: 0, log: pino({ level: 'silent' }) }
  const db = connect(databaseUrl, options)
  const ctx = { ...contextOf(db), sharesMessages: true }
  const batcher = batcherOf({ ctx }, async (batch) => void (await recordMessages(ctx, batch)))
  const session = openSubject({ ctx, url: mqttUrl, clientId, batcher })
  process.once('message', async () => {
    await session.close()
    await db.close()
    process.disconnect()
  })
})
process.send?.('ready')
