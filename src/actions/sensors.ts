import type { Selectable } from 'kysely'
import { type Tx, transaction } from '../../db/connect.ts'
import { at, type Tables } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import { type Actor, denied, organisationOf } from '../domain/actor.ts'
import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import { audit } from './audit.ts'
import { DEV_EUI_TAKEN, decodingOf, insertRegistration, type LorawanRegistration } from './lorawan-registration.ts'
import { type Listing, listing, type Page } from './page.ts'
import { isSecret, newSecret, secretHash } from './secret.ts'
import { unlessExists } from './unless-exists.ts'
import { canSeeSensor } from './visibility.ts'

/** A device that publishes. Its id is its MQTT user name and stands in its topic. */
export type Sensor = {
  id: number
  organisationId: number
  serial: string
  model: string
  /** A value at or beyond an end is a fault; null: no end known. */
  rangeLowMilliC: number | null
  rangeHighMilliC: number | null
  /** Its values are never the same for hours, so a constant value is suspect. */
  noisy: boolean
  /** Which device it is on a LoRaWAN network server; null: it publishes by itself. */
  lorawan: LorawanRegistration | null
  knownAt: number
}

/** Registers a sensor of the actor's organisation; `secret`, its MQTT password, stands only in this answer. */
export async function registerSensor(
  ctx: Ctx,
  actor: Actor,
  input: Omit<Sensor, 'id' | 'organisationId' | 'knownAt'>,
): Promise<(Sensor & { secret: string }) | Refusal> {
  const no = denied(actor, 'manage_sensors')
  if (no !== null) return no
  const secret = newSecret()
  const register = async (tx: Tx) => {
    const knownAt = ctx.now()
    const row = await tx
      .insertInto('sensor')
      .values({
        organisation_id: organisationOf(actor),
        serial: input.serial,
        model: input.model,
        range_low_milli_c: input.rangeLowMilliC,
        range_high_milli_c: input.rangeHighMilliC,
        noisy: input.noisy,
        secret_sha256: secretHash(secret),
        known_at: at(knownAt),
      })
      .returning('id')
      .executeTakeFirstOrThrow()
    const { lorawan } = input
    if (lorawan !== null) {
      await insertRegistration(tx, { sensorId: row.id, registration: lorawan, reason: null, now: knownAt })
    }
    const deed = { action: 'register_sensor', subjectKind: 'sensor', subjectId: row.id }
    await audit(tx, actor, [{ ...deed, at: knownAt, after: input }])
    return { ...input, id: row.id, organisationId: organisationOf(actor), knownAt }
  }
  const serialTaken = 'Your organisation has a sensor with this serial number.'
  const taken = { ...DEV_EUI_TAKEN, sensor_organisation_id_serial_key: serialTaken }
  const registered = await unlessExists(taken, transaction(ctx.db, register))
  return isRefusal(registered) ? registered : { ...registered, secret }
}

/** Whether a sensor's MQTT password is right; false for a sensor that does not exist. */
export async function verifySensor(ctx: Ctx, sensorId: number, secret: string): Promise<boolean> {
  if (!Number.isSafeInteger(sensorId)) return false
  const row = await ctx.db.kysely
    .selectFrom('sensor')
    .select('secret_sha256')
    .where('id', '=', sensorId)
    .executeTakeFirst()
  return row !== undefined && isSecret(secret, row.secret_sha256)
}

/** The sensors the actor may see, in order of id. */
export async function listSensors(ctx: Ctx, actor: Actor, page: Page): Promise<Listing<Sensor>> {
  const rows = await selectSensors(ctx.db.kysely, actor)
    .where('sensor.id', '>', page.after ?? 0)
    .orderBy('sensor.id')
    .limit(page.limit + 1)
    .execute()
  return listing(rows.map(sensor), page.limit, ({ id }) => id)
}

/** One sensor, if the actor may see it. */
export async function getSensor(ctx: Ctx, actor: Actor, id: number): Promise<Sensor | Refusal> {
  return findSensor(ctx.db.kysely, actor, id)
}

type Reader = Pick<Tx, 'selectFrom'>

/** The same inside a transaction or beside it. */
export async function findSensor(db: Reader, actor: Actor, id: number): Promise<Sensor | Refusal> {
  const row = await selectSensors(db, actor).where('sensor.id', '=', id).executeTakeFirst()
  return row === undefined ? noSensor(id) : sensor(row)
}

/** The refusal of a sensor that does not exist for the asker. */
export function noSensor(id: number): Refusal {
  return refuse('not_found', `There is no sensor ${id}.`)
}

function selectSensors(db: Reader, actor: Actor) {
  return db
    .selectFrom('sensor')
    .leftJoin('lorawan_registration as w', (join) =>
      join.onRef('w.sensor_id', '=', 'sensor.id').on('w.superseded_at', 'is', null),
    )
    .selectAll('sensor')
    .select(['w.dev_eui', 'w.decoder', 'w.fields'])
    .where((eb) => canSeeSensor(actor, eb))
}

type Row = Selectable<Tables['sensor']> & { dev_eui: string | null; decoder: string | null; fields: unknown }

function sensor({ dev_eui, decoder, fields, ...row }: Row): Sensor {
  return {
    id: row.id,
    organisationId: row.organisation_id,
    serial: row.serial,
    model: row.model,
    rangeLowMilliC: row.range_low_milli_c,
    rangeHighMilliC: row.range_high_milli_c,
    noisy: row.noisy,
    lorawan: dev_eui === null ? null : decodingOf({ dev_eui, decoder, fields }),
    knownAt: row.known_at,
  }
}
