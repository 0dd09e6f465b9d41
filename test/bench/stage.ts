import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { connectAsync, type MqttClient } from 'mqtt'
import { pino } from 'pino'
import { connect, type Database, withClient } from '../../db/connect.ts'
import { createDatabase, dropDatabase, withDatabase } from '../../db/databases.ts'
import { startEmbeddedPostgres } from '../../db/embedded.ts'
import { migrate } from '../../db/migrate.ts'
import { json } from '../../db/tables.ts'
import type { Ctx } from '../../src/context.ts'
import { JUDGES } from '../../src/domain/judge-versions.ts'
import { decodeUplink } from '../../src/ingest/lorawan/decode-uplink.ts'
import { parseMessage } from '../../src/ingest/message.ts'
import { createMetrics } from '../../src/metrics.ts'
import { FRIDGE, T0 } from '../support/limits.ts'
import { startMosquitto } from '../support/mosquitto.ts'
import { FLOOR_TABLE } from './floor.ts'

/** Topics of a benchmark, apart from any other on the broker. */
export const PREFIX = 'bench/v1'
/** The shared subscription of its consumers. */
export const GROUP = 'bench'

/** A real broker and a real database of a benchmark's own. */
export type Stage = Awaited<ReturnType<typeof openStage>>

/** Starts Mosquitto with persistence and a fresh migrated database; `close` removes both. */
export async function openStage() {
  const folder = mkdtempSync(join(tmpdir(), 'unbroken-bench-'))
  const broker = await startMosquitto({ folder })
  const postgres = await startEmbeddedPostgres({ name: 'bench', settings: serverProfile(), log: () => {} })
  const name = `bench_${randomBytes(4).toString('hex')}`
  await createDatabase(postgres.adminUrl, name, { owner: new URL(postgres.ownerUrl).username })
  const ownerUrl = withDatabase(postgres.ownerUrl, name)
  const servingRole = new URL(postgres.servingUrl).username
  await migrate({ ownerUrl, servingRole, now: Date.now, log: () => {} })
  await withClient(ownerUrl, async (client) => {
    await client.query(FLOOR_TABLE)
    await client.query(`grant insert on floor_reading to ${servingRole}`)
  })
  const options = { max: 4, applicationName: 'bench', statementTimeoutMs: 0, log: pino({ level: 'silent' }) }
  const db = connect(withDatabase(postgres.servingUrl, name), options)
  const owner = connect(ownerUrl, options)
  const close = async () => {
    await db.close()
    await owner.close()
    await dropDatabase(postgres.adminUrl, name)
    await postgres.stop()
    await broker.remove()
    rmSync(folder, { recursive: true, force: true })
  }
  return {
    broker,
    db,
    owner,
    servingUrl: postgres.servingUrl,
    databaseUrl: withDatabase(postgres.servingUrl, name),
    ctx: contextOf(db),
    close,
  }
}

/** The settings the service asks of PostgreSQL, as production has them. */
function serverProfile(): Record<string, string> {
  const text = readFileSync(join(import.meta.dirname, '../../infra/postgres/profile.conf'), 'utf8')
  const lines = text.split('\n').filter((line) => /^\w/.test(line))
  return Object.fromEntries(lines.map((line) => line.split('=').map((part) => part.trim())))
}

/** The context of a service that logs nothing. */
export function contextOf(db: Database): Ctx {
  return {
    db,
    log: pino({ level: 'silent' }),
    now: Date.now,
    metrics: createMetrics(),
    judges: JUDGES,
    sharesMessages: false,
    exampleProfiles: 'allowed',
    stampSecret: null,
    parseMessage: ({ topic, payload, receivedAt }) =>
      parseMessage(topic, payload, { prefix: PREFIX, receivedAt, retained: false }),
    decodeUplink,
  }
}

/** Registers sensors placed on open shipments, set-wise; returns the sensors' ids. */
export async function placeFleet(db: Database, { sensors, shipments }: { sensors: number; shipments: number }) {
  const at = sql`${new Date(T0).toISOString()}::timestamptz`
  const { kysely } = db
  await sql`with o as (insert into organisation (name, known_at) values ('Bench', ${at}) returning id),
      p as (insert into product (organisation_id, name, known_at) select id, 'Bench', ${at} from o returning id)
    insert into profile (product_id, version, name, definition, example, known_at)
    select id, 1, 'bench', ${json(FRIDGE)}, true, ${at} from p`.execute(kysely)
  await sql`insert into shipment (organisation_id, reference, product_id, consignee_id, max_handover_ms, known_at,
      profile_id, packed_at)
    select o.id, 'S' || n, p.product_id, o.id, 1800000, ${at}, p.id, ${at}
    from organisation o, profile p, generate_series(1, ${shipments}) n`.execute(kysely)
  await sql`insert into shipment_party (shipment_id, organisation_id, role, known_at)
    select id, organisation_id, 'sender', ${at} from shipment`.execute(kysely)
  const rows = await sql<{ id: number }>`insert into sensor (organisation_id, serial, model, noisy, secret_sha256,
      known_at)
    select o.id, 'L' || n, 'bench', false, decode(repeat('00', 32), 'hex'), ${at}
    from organisation o, generate_series(1, ${sensors}) n returning id`.execute(kysely)
  await sql`insert into calibration (sensor_id, channel, certificate, laboratory, calibrated_at, due_at, points,
      uncertainty_milli_c, known_at)
    select id, 'probe', 'C' || id, 'Lab', ${at}, ${at} + interval '1 year',
      '[{"atMilliC":-200000,"correctionMilliC":0},{"atMilliC":60000,"correctionMilliC":0}]', 100, ${at}
    from sensor`.execute(kysely)
  await sql`insert into placement (sensor_id, channel, shipment_id, role, from_at, until_window_end, known_at)
    select s.id, 'probe', 1 + (row_number() over (order by s.id) - 1) % ${shipments}, 'product', ${at}, true, ${at}
    from sensor s`.execute(kysely)
  return rows.rows.map((row) => row.id)
}

/** A message waiting at the broker. */
export type Queued = { topic: string; payload: string }

/** Leaves messages at the broker for persistent sessions on one share, which are created here and then absent. */
export async function queueFor(url: string, clientIds: string[], messages: Iterable<Queued>): Promise<number> {
  const session = { clean: false, protocolVersion: 5, properties: { sessionExpiryInterval: 3600 } } as const
  for (const clientId of clientIds) {
    const absent = await connectAsync(url, { ...session, clientId })
    await absent.subscribeAsync(`$share/${GROUP}/${PREFIX}/+/readings/#`, { qos: 1 })
    await absent.endAsync()
  }
  const publisher = await connectAsync(url, { protocolVersion: 5 })
  const count = await publishAll(publisher, messages)
  await publisher.endAsync()
  return count
}

/** Ends persistent sessions for good. */
export async function forgetSessions(url: string, clientIds: readonly string[]): Promise<void> {
  for (const clientId of clientIds) {
    const last = await connectAsync(url, { clean: true, clientId, protocolVersion: 5 })
    await last.endAsync()
  }
}

async function publishAll(publisher: MqttClient, messages: Iterable<Queued>): Promise<number> {
  let [published, acked] = [0, 0]
  let wake: (() => void) | null = null
  for (const { topic, payload } of messages) {
    published++
    publisher.publish(topic, payload, { qos: 1 }, () => {
      acked++
      wake?.()
    })
    while (published - acked > MOST_IN_FLIGHT) await new Promise<void>((resolve) => (wake = resolve))
  }
  while (acked < published) await new Promise<void>((resolve) => (wake = resolve))
  return published
}

const MOST_IN_FLIGHT = 2000
