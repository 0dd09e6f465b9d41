import autocannon from 'autocannon'
import { Hono } from 'hono'
import { sql } from 'kysely'
import { authenticate } from '../../src/actions/authenticate.ts'
import { recordCustody } from '../../src/actions/record-custody.ts'
import { recordMessages } from '../../src/actions/record-messages.ts'
import { newSecret, secretHash } from '../../src/actions/secret.ts'
import { createApp } from '../../src/api/app.ts'
import { listenHttp } from '../../src/commands/http.ts'
import type { Actor } from '../../src/domain/actor.ts'
import type { CustodyKind } from '../../src/domain/custody-event.ts'
import { isRefusal } from '../../src/domain/refusal.ts'
import { receiveMessage } from '../../src/ingest/message.ts'
import { MINUTE, T0 } from '../support/limits.ts'
import { type Benchmark, type Figure, median, ratioOf } from './figure.ts'
import { storeElsewhere } from './scale.ts'
import { openStage, PREFIX, placeFleet, type Stage } from './stage.ts'

/**
 * Requests per second for the status of a shipment with one sensor, three events and ten custody events, while ten
 * million readings of others are stored; against a route with the same key check that does one keyed select.
 */
export const statusBenchmark: Benchmark = {
  name: 'status',
  run: async ({ quick }) => {
    const stage = await openStage()
    try {
      const shipment = await travelled(stage)
      await storeElsewhere(stage, quick ? 100_000 : 10_000_000)
      return [await measure(stage, shipment, quick ? { rounds: 1, seconds: 1 } : { rounds: 5, seconds: 5 })]
    } finally {
      await stage.close()
    }
  },
}

type Travelled = { shipmentId: number; key: string }
type Run = { perSecond: number; p50: number; cpuUs: number }

const CONNECTIONS = 8

async function measure(
  stage: Stage,
  { shipmentId, key }: Travelled,
  plan: { rounds: number; seconds: number },
): Promise<Figure> {
  const deps = {
    ready: async () => ({ ok: true, parts: {} }),
    isTransient: () => false,
    topicPrefix: PREFIX,
    publicUrl: 'http://127.0.0.1',
  }
  const doors = {
    subject: await listenHttp(createApp(stage.ctx, deps), { host: '127.0.0.1', port: 0 }),
    floor: await listenHttp(floorApp(stage), { host: '127.0.0.1', port: 0 }),
  }
  const paths = { subject: `/api/v1/shipments/${shipmentId}/status`, floor: `/shipments/${shipmentId}` }
  const runs = { subject: [] as Run[], floor: [] as Run[] }
  for (let round = 0; round <= plan.rounds; round++) {
    for (const door of ['floor', 'subject'] as const) {
      const url = doors[door].url + paths[door]
      const headers = { authorization: `Bearer ${key}` }
      const before = process.threadCpuUsage()
      const result = await autocannon({ url, headers, connections: CONNECTIONS, duration: plan.seconds, workers: 1 })
      const { user, system } = process.threadCpuUsage(before)
      if (result.non2xx > 0 || result.errors > 0) throw new Error(`${door} answers with errors`)
      const { requests, latency } = result
      const cpuUs = (user + system) / requests.total
      if (round > 0) runs[door].push({ perSecond: requests.average, p50: latency.p50, cpuUs })
    }
    process.stderr.write(`  round ${round}\n`)
  }
  await doors.subject.close()
  await doors.floor.close()
  const [subject, floor] = [runs.subject, runs.floor].map((results) => results.map((run) => run.perSecond))
  const p50 = [runs.subject, runs.floor].map((results) => median(results.map((run) => run.p50)))
  const cpu = [runs.subject, runs.floor].map((results) => Math.round(median(results.map((run) => run.cpuUs))))
  return {
    name: 'status',
    value: Math.round(median(subject ?? [])),
    unit: 'requests/s',
    floor: Math.round(median(floor ?? [])),
    ratio: ratioOf(subject ?? [], floor ?? []),
    notes: [
      `p50 ${p50[0]} ms, floor ${p50[1]} ms with ${CONNECTIONS} connections`,
      `CPU of the program per request ${cpu[0]} us, floor ${cpu[1]} us`,
    ].join('; '),
  }
}

function floorApp({ ctx }: Stage) {
  const app = new Hono()
  app.get('/shipments/:id', async (c) => {
    const actor = await authenticate(ctx, c.req.header('authorization')?.slice('Bearer '.length) ?? '')
    if (actor === null) return c.body(null, 401)
    const id = Number(c.req.param('id'))
    const row = await ctx.db.kysely.selectFrom('shipment').selectAll().where('id', '=', id).executeTakeFirst()
    return c.json(row)
  })
  return app
}

/** One sensor, three warm spells, and custody from packing to the door. */
async function travelled(stage: Stage): Promise<Travelled> {
  const { ctx, owner } = stage
  const [sensorId = 0] = await placeFleet(owner, { sensors: 1, shipments: 1 })
  const { id: shipmentId, organisation_id: organisationId } = await ctx.db.kysely
    .selectFrom('shipment')
    .select(['id', 'organisation_id'])
    .executeTakeFirstOrThrow()
  const key = newSecret()
  await sql`insert into api_key (organisation_id, role, label, secret_sha256, known_at)
    values (${organisationId}, 'distributor', 'bench', ${secretHash(key)}, now())`.execute(owner.kysely)
  const readings = Array.from({ length: 200 }, (_, index) => ({
    at: new Date(T0 + index * 15 * MINUTE).toISOString(),
    value: [40, 90, 140].some((from) => index >= from && index < from + 2) ? 9 : 5,
    unit: 'CEL',
  }))
  const payload = Buffer.from(JSON.stringify({ seq: 1, readings }))
  const envelope = { prefix: PREFIX, receivedAt: Date.now(), retained: false }
  await recordMessages(ctx, [receiveMessage(`${PREFIX}/${sensorId}/readings`, payload, envelope)])
  const actor: Actor = { kind: 'machine', id: 'bench', organisationId, role: 'distributor', requestId: null }
  for (const [index, kind] of KINDS.entries()) {
    const statement = { kind, at: T0 + index * 60 * MINUTE, units: [], seals: ['S1'] }
    const said = await recordCustody(ctx, actor, { shipmentId, statement })
    if (isRefusal(said)) throw new Error(said.detail)
  }
  return { shipmentId, key }
}

const KINDS: readonly CustodyKind[] = [
  ...(['collection', 'packed', 'logger_paired', 'pickup', 'departed'] as const),
  ...(['customs_hold', 'customs_released', 'arrived', 'seal_check', 'delivered'] as const),
]
