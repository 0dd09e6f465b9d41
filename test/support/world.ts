import { randomBytes } from 'node:crypto'
import { pino } from 'pino'
import { connect } from '../../db/connect.ts'
import { at, json } from '../../db/tables.ts'
import { correctPlacement, type PlacementChange } from '../../src/actions/correct-placement.ts'
import { placeSensor } from '../../src/actions/place-sensor.ts'
import { recordCustody } from '../../src/actions/record-custody.ts'
import type { Ctx } from '../../src/context.ts'
import type { Actor, Role } from '../../src/domain/actor.ts'
import type { CustodyKind } from '../../src/domain/custody-event.ts'
import type { PlacementRole } from '../../src/domain/judge.ts'
import { JUDGES } from '../../src/domain/judge-versions.ts'
import type { ReceivedMessage } from '../../src/domain/message.ts'
import type { Profile } from '../../src/domain/profile.ts'
import { isRefusal } from '../../src/domain/refusal.ts'
import { decodeUplink } from '../../src/ingest/lorawan/decode-uplink.ts'
import { receiveMessage } from '../../src/ingest/message.ts'
import { createMetrics } from '../../src/metrics.ts'
import type { TestDatabase } from './database.ts'
import { FRIDGE, MINUTE, T0 } from './limits.ts'

/**
 * A registered world in a fresh database: two organisations, one product with one profile; and shorthands to act in it.
 */
export type World = Awaited<ReturnType<typeof createWorld>>

export async function createWorld(database: TestDatabase, profile: Profile = FRIDGE) {
  const clock = { now: T0 + 30 * 24 * 60 * MINUTE }
  const ctx: Ctx = {
    db: database.db,
    log: pino({ level: 'silent' }),
    now: () => clock.now,
    metrics: createMetrics(),
    judges: JUDGES,
    sharesMessages: false,
    exampleProfiles: 'allowed',
    stampSecret: null,
    parseMessage: (received) => parse(received.topic, received.payload, received.receivedAt).parsed,
    decodeUplink,
  }
  const known_at = at(T0)
  const db = database.db.kysely
  const organisation = async (name: string) =>
    (await db.insertInto('organisation').values({ name, known_at }).returning('id').executeTakeFirstOrThrow()).id
  const sender = await organisation('Sender')
  const centre = await organisation('Centre')
  const product = await db
    .insertInto('product')
    .values({ organisation_id: sender, name: 'Example product', known_at })
    .returning('id')
    .executeTakeFirstOrThrow()
  const pinned = await db
    .insertInto('profile')
    .values({
      product_id: product.id,
      version: 1,
      name: profile.name,
      definition: json(profile),
      example: true,
      known_at,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  return { ctx, clock, db, sender, centre, productId: product.id, profileId: pinned.id }
}

/** Another process that records into the same database: connections and a memory of its own. */
export function anotherProcess({ ctx }: World, { servingUrl }: TestDatabase): { ctx: Ctx; close: () => Promise<void> } {
  const options = { max: 4, applicationName: 'unbroken test', statementTimeoutMs: 30_000, log: { warn: () => {} } }
  const db = connect(servingUrl, options)
  return { ctx: { ...ctx, db }, close: db.close }
}

/** A machine of an organisation. */
export function actorOf(organisationId: number, role: Role = 'distributor'): Actor {
  return { kind: 'machine', id: `test-${organisationId}`, organisationId, role, requestId: null }
}

/** A sensor with a certificate that covers every limit and the whole test time; returns its id. */
export async function addSensor(world: World): Promise<number> {
  const known_at = at(T0)
  const serial = randomBytes(6).toString('hex')
  const { id } = await world.db
    .insertInto('sensor')
    .values({
      organisation_id: world.sender,
      serial,
      model: 'T1',
      noisy: false,
      secret_sha256: randomBytes(32),
      known_at,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  await world.db
    .insertInto('calibration')
    .values({
      sensor_id: id,
      channel: 'probe',
      certificate: `C-${serial}`,
      laboratory: 'Lab',
      calibrated_at: at(T0 - 1000 * MINUTE),
      due_at: at(T0 + 365 * 24 * 60 * MINUTE),
      points: json([
        { atMilliC: -200_000, correctionMilliC: 0 },
        { atMilliC: 60_000, correctionMilliC: 0 },
      ]),
      uncertainty_milli_c: 200,
      known_at,
    })
    .execute()
  return id
}

/** A shipment from sender to centre, packed at `packedAt` unless null; returns its id. */
export async function addShipment(world: World, packedAt: number | null = T0): Promise<number> {
  const known_at = at(T0)
  const { id } = await world.db
    .insertInto('shipment')
    .values({
      organisation_id: world.sender,
      reference: randomBytes(6).toString('hex'),
      product_id: world.productId,
      consignee_id: world.centre,
      max_handover_ms: 30 * MINUTE,
      profile_id: world.profileId,
      known_at,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  await world.db
    .insertInto('shipment_party')
    .values([
      { shipment_id: id, organisation_id: world.sender, role: 'sender', known_at },
      { shipment_id: id, organisation_id: world.centre, role: 'consignee', known_at },
    ])
    .execute()
  await world.db
    .insertInto('shipment_profile')
    .values({ shipment_id: id, profile_id: world.profileId, known_at })
    .execute()
  if (packedAt !== null) await say(world, id, { kind: 'packed', at: packedAt })
  return id
}

type Said = { kind: CustodyKind; at: number; by?: number; corrects?: number; reason?: string }

/** Records a custody event by the sender, or by another organisation. */
export async function say(world: World, shipmentId: number, { kind, at: when, by, ...more }: Said) {
  const statement = { kind, at: when, units: [], ...more, ...(kind === 'correction' && { replacement: null }) }
  const result = await recordCustody(world.ctx, actorOf(by ?? world.sender), { shipmentId, statement })
  if (isRefusal(result)) throw new Error(`${kind}: ${result.detail}`)
  return result
}

/** The centre says that it opened another shipment, not this one. */
export async function voidOpening(world: World, shipmentId: number): Promise<void> {
  const { seq } = await world.db
    .selectFrom('custody_event')
    .select('seq')
    .where('shipment_id', '=', shipmentId)
    .where('kind', '=', 'opened')
    .executeTakeFirstOrThrow()
  const voided = { kind: 'correction', at: T0 + 30 * MINUTE, by: world.centre, corrects: seq } as const
  await say(world, shipmentId, { ...voided, reason: 'recorded on the wrong shipment' })
}

type Placing = { shipmentId: number; sensorId: number; fromAt?: number; toAt?: number | null; role?: PlacementRole }

/** Places a sensor's probe from T0 until the window ends, unless told otherwise; returns the placement's id. */
export async function place(world: World, { shipmentId, sensorId, ...more }: Placing): Promise<number> {
  const placed = await placeSensor(world.ctx, actorOf(world.sender), {
    shipmentId,
    sensorId,
    channel: 'probe',
    role: more.role ?? 'product',
    fromAt: more.fromAt ?? T0,
    toAt: more.toAt ?? null,
    calibrationId: null,
    reason: null,
  })
  if (isRefusal(placed)) throw new Error(placed.detail)
  return placed.id
}

/** Corrects a placement. */
export async function correct(world: World, placementId: number, change: PlacementChange) {
  const input = { placementId, reason: 'test', change }
  const result = await correctPlacement(world.ctx, actorOf(world.sender), input)
  if (isRefusal(result)) throw new Error(result.detail)
  return result
}

type Sample = { at: number; c: number | null }

/** A message as the door hands it on: native JSON through the real codec. */
export function message(sensorId: number, samples: readonly Sample[], now: number): ReceivedMessage {
  return parse(`unbroken/v1/${sensorId}/readings`, body({ readings: samples.map(told) }), now)
}

/** The same with a sequence number. */
export function numbered(seq: number, sensorId: number, samples: readonly Sample[]): ReceivedMessage {
  const now = Math.max(...samples.map((sample) => sample.at))
  return parse(`unbroken/v1/${sensorId}/readings`, body({ seq, readings: samples.map(told) }), now)
}

/** Messages by number, each with one reading at its minute: `7`, or `7@2` for the reading of minute 2. */
export function numberedBy(text: string, sensorId: number): ReceivedMessage[] {
  return text.split(' ').map((word) => {
    const [seq = 0, minute = seq] = word.split('@').map(Number)
    return numbered(seq, sensorId, [{ at: T0 + minute * MINUTE, c: 5 }])
  })
}

function told({ at: when, c }: Sample) {
  return { at: new Date(when).toISOString(), value: c, unit: 'CEL' }
}

function body(json: object): Uint8Array {
  return Buffer.from(JSON.stringify(json))
}

function parse(topic: string, payload: Uint8Array, receivedAt: number): ReceivedMessage {
  return receiveMessage(topic, payload, { prefix: 'unbroken/v1', receivedAt, retained: false })
}
