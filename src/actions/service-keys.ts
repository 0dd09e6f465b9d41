import { createHash, createPrivateKey, createPublicKey, hkdfSync, type KeyObject } from 'node:crypto'
import { sql } from 'kysely'
import { type Tx, transaction } from '../../db/connect.ts'
import { at } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import { type Actor, denied, SERVICE } from '../domain/actor.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'
import { keyThumbprint, type ServiceKey } from '../domain/stamp.ts'
import { audit } from './audit.ts'
import { newSecret } from './secret.ts'
import { runsInstallation } from './visibility.ts'

/**
 * The keys with which the service stamps. Their private halves are made from the row's salt and the secret of this
 * installation whenever they are needed: a copy of the database stamps nothing, and every process that has the secret
 * uses a new key from the next stamp on.
 *
 *   start ──► newest key is of our secret ──► in use
 *                └──► none, or of another secret ──► new key      rotation, by a person or machine ──► new key
 */
export async function rotateServiceKey(
  ctx: Ctx,
  actor: Actor,
  { reason }: { reason: string },
): Promise<ServiceKey | Refusal> {
  const no = denied(actor, 'manage_organisations')
  if (no !== null) return no
  const { stampSecret } = ctx
  if (stampSecret === null) return refuse('stamps_off', STAMPS_OFF)
  return transaction(ctx.db, async (tx) => {
    const operator = await tx.selectNoFrom(runsInstallation(actor).as('runs')).executeTakeFirstOrThrow()
    if (!operator.runs) return refuse('not_allowed', 'Only the administrator of this installation changes its key.')
    await lockKeys(tx)
    return insertKey(tx, actor, { secret: stampSecret, reason, knownAt: ctx.now() })
  })
}

const STAMPS_OFF = 'This installation stamps nothing: set STAMP_SECRET, then start the service again.'

/**
 * Makes a key where none is in use, or where the one in use is of another secret; for the start of the service. It is
 * in force from `fromAt` on.
 */
export async function ensureServiceKey(ctx: Ctx, fromAt: number): Promise<void> {
  const { stampSecret } = ctx
  if (stampSecret === null) {
    ctx.log.warn('Heads of ledgers are not stamped: set STAMP_SECRET, the same for every process')
    return
  }
  await transaction(ctx.db, async (tx) => {
    await lockKeys(tx)
    const newest = await newestKey(tx)
    if (newest !== undefined && privateKey(newest, stampSecret) !== null) return
    const reason = newest === undefined ? 'first key of this installation' : 'STAMP_SECRET was changed'
    await insertKey(tx, SERVICE, { secret: stampSecret, reason, knownAt: fromAt })
  })
}

/** Every key there ever was, the newest first. */
export async function listServiceKeys(db: Pick<Tx, 'selectFrom'>): Promise<ServiceKey[]> {
  const rows = await db.selectFrom('service_key').select(['kid', 'public_key', 'known_at']).orderBy('id').execute()
  const keys = rows.map(({ kid, public_key: x, known_at: fromAt }, index) => {
    return { kid, x, fromAt, untilAt: rows[index + 1]?.known_at ?? null }
  })
  return keys.toReversed()
}

/** The key in use with its private half; null where there is none of this installation's secret. */
export async function stampingKey(tx: Tx, ctx: Ctx): Promise<{ kid: string; key: KeyObject } | null> {
  if (ctx.stampSecret === null) return null
  const newest = await newestKey(tx)
  const key = newest === undefined ? null : privateKey(newest, ctx.stampSecret)
  if (newest !== undefined && key !== null) return { kid: newest.kid, key }
  // what happened must be recorded all the same; the head stays unstamped until the next entry
  ctx.log.error('The key in use is of another STAMP_SECRET: start every process with the same one')
  return null
}

type KeyRow = { kid: string; public_key: string; salt: string }

async function newestKey(tx: Tx): Promise<KeyRow | undefined> {
  return tx
    .selectFrom('service_key')
    .select(['kid', 'public_key', 'salt'])
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst()
}

/** Two at once must not each make a first key, nor one be out of use before it was in it. */
async function lockKeys(tx: Tx): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext('service_key'))`.execute(tx)
}

type NewKey = { secret: string; reason: string; knownAt: number }

async function insertKey(tx: Tx, actor: Actor, { secret, reason, knownAt }: NewKey): Promise<ServiceKey> {
  const salt = newSecret()
  const x = publicHalf(keyFrom(secret, salt))
  const kid = keyThumbprint(x, (bytes) => createHash('sha256').update(bytes).digest())
  await tx
    .insertInto('service_key')
    .values({ kid, public_key: x, salt, reason, known_at: at(knownAt) })
    .execute()
  const deed = { action: 'rotate_service_key', subjectKind: 'service_key', subjectId: kid }
  await audit(tx, actor, [{ ...deed, at: knownAt, after: { kid, x }, reason }])
  return { kid, x, fromAt: knownAt, untilAt: null }
}

/** Null where the key was made from another secret. */
function privateKey(row: KeyRow, secret: string): KeyObject | null {
  const key = keyFrom(secret, row.salt)
  return publicHalf(key) === row.public_key ? key : null
}

function keyFrom(secret: string, salt: string): KeyObject {
  const seed = Buffer.from(hkdfSync('sha256', secret, salt, 'unbroken service key', 32))
  return createPrivateKey({ key: Buffer.concat([PKCS8_ED25519, seed]), format: 'der', type: 'pkcs8' })
}

/** What stands before the 32 bytes of an Ed25519 private key in PKCS #8 (RFC 8410 section 7). */
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex')

function publicHalf(key: KeyObject): string {
  const { x } = createPublicKey(key).export({ format: 'jwk' })
  if (x === undefined) throw new Error('an Ed25519 key has a public half')
  return x
}
