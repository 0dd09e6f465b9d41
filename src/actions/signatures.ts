import { tzOffset } from '@date-fns/tz'
import type { Selectable } from 'kysely'
import { z } from 'zod'
import { type Tx, transaction } from '../../db/connect.ts'
import { at, type Tables } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import type { Actor } from '../domain/actor.ts'
import { canonicalJson } from '../domain/canonical.ts'
import { PERSON_ROLES, type PersonRole } from '../domain/person.ts'
import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import {
  MAY_SIGN,
  MEANINGS,
  type Meaning,
  type NamedRecord,
  type SignatureEntry,
  type SignatureRecord,
  signatureRecord,
  signingRole,
} from '../domain/signature.ts'
import { audit } from './audit.ts'
import { type Account, type CredentialFault, checkCredentials, isFault } from './credentials.ts'
import { organisationKeys } from './organisations.ts'
import { loadRoles } from './persons.ts'
import { lockOf, refusalOf } from './sessions.ts'
import { sha256 } from './store-evaluations.ts'

/**
 * Signing in two steps, since a password takes longer to check than a lock may be held, and since a failed attempt must
 * stay on record when the deed is undone:
 *
 *   authenticateSigner, before the deed's transaction ──► Signer ──► sign, inside it, over the exact record
 *
 * A second factor would be one more member here, checked with the password.
 */
export type Signing = {
  /** Of another person than the session's: two people at one tablet. */
  userName?: string | undefined
  password: string
  meaning: Meaning
  reason?: string | undefined
}

/** A person who has just proved who they are, to sign one record; nothing else makes one. */
export type Signer = {
  account: Account
  meaning: Meaning
  reason: string | null
  role: PersonRole
  /** The organisation for which the role is held. */
  roleForId: number
  /** Whose request it is: the session's person, who may be another one. */
  by: Actor
}

/** What is to be signed, for the record of a failed attempt; and for whom the role must be held, or one's own. */
export type SigningAsked = {
  signing: Signing
  about: { type: string; id: string; shipmentId: number | null }
  roleForId?: number | 'own'
  /** The roles that may, where the record allows fewer than the meaning. */
  roles?: readonly PersonRole[]
}

/**
 * Checks that a person who proves who they are, now and by password, may give the meaning. Never call it inside a
 * transaction. What fails is on record, whatever becomes of the deed. Refused: `machine_cannot_sign`, `signing_failed`,
 * `locked_out`, `person_disabled`, `password_change_required`, `meaning_not_allowed`, `busy`.
 */
export async function authenticateSigner(ctx: Ctx, actor: Actor, asked: SigningAsked): Promise<Signer | Refusal> {
  const { signing } = asked
  const userName = await signingName(ctx, actor, signing)
  if (userName === null) {
    await recordFailure(ctx, actor, { asked, account: null, reason: 'machine' })
    return refuse('machine_cannot_sign', 'An API key cannot sign: sign in as a person (POST /sessions), then sign.')
  }
  const account = await checkCredentials(ctx, { userName, password: signing.password })
  if (isRefusal(account)) return account
  if (isFault(account)) return refuseFault(ctx, actor, { asked, found: account })
  const { roleForId: wanted = 'own' } = asked
  const roleForId = wanted === 'own' ? account.organisationId : wanted
  const held = (await loadRoles(ctx.db.kysely, [account.id])).get(account.id) ?? []
  const { roles = MAY_SIGN[signing.meaning] } = asked
  const mine = held.filter(({ organisationId, role }) => organisationId === roleForId && roles.includes(role))
  const role = signingRole(
    signing.meaning,
    mine.map((one) => one.role),
  )
  if (role !== null)
    return { account, meaning: signing.meaning, reason: signing.reason ?? null, role, roleForId, by: actor }
  await recordFailure(ctx, actor, { asked, account, reason: 'role' })
  const takes = MAY_SIGN[signing.meaning].filter((one) => roles.includes(one)).join(', ')
  return refuse('meaning_not_allowed', `To sign as "${signing.meaning}" takes one of these roles here: ${takes}.`)
}

/** Null for a machine, which signs nothing, with whosever name. */
async function signingName(ctx: Ctx, actor: Actor, { userName }: Signing): Promise<string | null> {
  if (actor.kind !== 'person') return null
  if (userName !== undefined) return userName
  const row = await ctx.db.kysely
    .selectFrom('person')
    .select('user_name')
    .where('id', '=', Number(actor.id))
    .executeTakeFirst()
  return row?.user_name ?? null
}

type Failure = { asked: SigningAsked; account: Account | null; reason: string; found?: CredentialFault }

async function refuseFault(
  ctx: Ctx,
  actor: Actor,
  { asked, found }: { asked: SigningAsked; found: CredentialFault },
): Promise<Refusal> {
  await recordFailure(ctx, actor, { asked, account: found.account, reason: found.fault, found })
  const wrong = 'User name or password is wrong: nothing was signed. After five failed attempts an account is locked.'
  return refusalOf(found) ?? refuse('signing_failed', wrong)
}

/** Under the person whose name was used, else under the record; the name itself is not kept where nobody has it. */
async function recordFailure(ctx: Ctx, actor: Actor, { asked, account, reason, found }: Failure): Promise<void> {
  ctx.metrics.failedSignIns.inc()
  ctx.log.warn({ requestId: actor.requestId, personId: account?.id ?? null, reason }, 'a signing was refused')
  const { about, signing } = asked
  const whose = account === null ? subjectOf(about) : { subjectKind: 'person', subjectId: account.id }
  const after = { meaning: signing.meaning, recordType: about.type, recordId: about.id, ...(found && lockOf(found)) }
  // the claim is the deed's: an attempt that failed must not spend it
  const { claim: _deeds, ...by } = actor
  await transaction(ctx.db, (tx) =>
    audit(tx, by, [{ at: ctx.now(), action: 'signing_failed', ...whose, after, reason }]),
  )
}

/** What belongs to a shipment is entered under it, where its parties see it. */
function subjectOf({ type, id, shipmentId }: SigningAsked['about']) {
  return shipmentId === null ? { subjectKind: type, subjectId: id } : { subjectKind: 'shipment', subjectId: shipmentId }
}

/** A record to sign; the shipment is the one it belongs to, if any. */
export type RecordToSign = NamedRecord & {
  shipmentId: number | null
  evaluation?: { version: number; sha256: string } | null
}

/** A signature as stored; `entry` is how it stands in a ledger entry, and what `signatureFault` takes. */
export type Signature = SignatureRecord & { id: number; sha256: string; entry: SignatureEntry }

/** Signs the record whose hash is given, in the deed's own transaction: undone with it. */
export async function sign(
  tx: Tx,
  ctx: Ctx,
  { signer, record }: { signer: Signer; record: RecordToSign },
): Promise<Signature> {
  const signedAt = ctx.now()
  const { account, meaning, reason, role, roleForId, by } = signer
  const keys = await organisationKeys(tx, [account.organisationId, roleForId])
  const signed: SignatureRecord = {
    recordType: record.type,
    recordId: record.id,
    recordSha256: record.sha256,
    evaluation: record.evaluation ?? null,
    signerId: account.id,
    userName: account.userName,
    printedName: account.printedName,
    organisation: keys.get(account.organisationId) ?? '',
    roleFor: keys.get(roleForId) ?? '',
    role,
    meaning,
    reason,
    signedAt,
    tzOffset: await offsetAt(tx, account.siteId, signedAt),
  }
  const hash = sha256(canonicalJson(signatureRecord(signed)))
  const ids = { organisation_id: account.organisationId, role_for_id: roleForId, shipment_id: record.shipmentId }
  const { id } = await tx
    .insertInto('signature')
    .values({ ...columnsOf(signed), ...ids, sha256: hash })
    .returning('id')
    .executeTakeFirstOrThrow()
  const after = { signatureId: id, recordType: record.type, recordId: record.id, signerId: account.id, meaning, role }
  await audit(tx, by, [{ at: signedAt, action: 'sign', ...subjectOf(record), after, reason }])
  return stored(signed, id, hash)
}

function columnsOf(signed: SignatureRecord) {
  return {
    person_id: signed.signerId,
    user_name: signed.userName,
    printed_name: signed.printedName,
    organisation_key: signed.organisation,
    role: signed.role,
    role_for_key: signed.roleFor,
    meaning: signed.meaning,
    reason: signed.reason,
    tz_offset: signed.tzOffset,
    record_type: signed.recordType,
    record_id: signed.recordId,
    record_sha256: signed.recordSha256,
    evaluation_version: signed.evaluation?.version ?? null,
    evaluation_sha256: signed.evaluation?.sha256 ?? null,
    known_at: at(signed.signedAt),
  }
}

/** How far local time at a site is ahead of UTC; people without a site read UTC. */
async function offsetAt(tx: Tx, siteId: number | null, instant: number): Promise<string> {
  if (siteId === null) return '+00:00'
  const site = await tx.selectFrom('site').select('time_zone').where('id', '=', siteId).executeTakeFirstOrThrow()
  const minutes = tzOffset(site.time_zone, new Date(instant))
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60]
  return `${minutes < 0 ? '-' : '+'}${String(hours).padStart(2, '0')}:${String(rest).padStart(2, '0')}`
}

function stored(signed: SignatureRecord, id: number, hash: string): Signature {
  return { ...signed, id, sha256: hash, entry: { ...signatureRecord(signed), id, sha256: hash } }
}

/** The signatures of records, or of all records of a type that belong to a shipment, in order of signing. */
export async function loadSignatures(
  tx: Pick<Tx, 'selectFrom'>,
  of: { type: string } & ({ id: string } | { ids: readonly string[] } | { shipmentId: number }),
): Promise<Signature[]> {
  const query = tx.selectFrom('signature').selectAll().where('record_type', '=', of.type)
  const found =
    'shipmentId' in of
      ? query.where('shipment_id', '=', of.shipmentId)
      : query.where('record_id', 'in', 'id' in of ? [of.id] : [...of.ids])
  return (await found.orderBy('id').execute()).map(signature)
}

const role = z.enum(PERSON_ROLES)
const meaning = z.enum(MEANINGS)

function signature(row: Selectable<Tables['signature']>): Signature {
  const { evaluation_version: version, evaluation_sha256: hash } = row
  const signed: SignatureRecord = {
    recordType: row.record_type,
    recordId: row.record_id,
    recordSha256: row.record_sha256,
    evaluation: version === null || hash === null ? null : { version, sha256: hash },
    signerId: row.person_id,
    userName: row.user_name,
    printedName: row.printed_name,
    organisation: row.organisation_key,
    roleFor: row.role_for_key,
    role: role.parse(row.role),
    meaning: meaning.parse(row.meaning),
    reason: row.reason,
    signedAt: row.known_at,
    tzOffset: row.tz_offset,
  }
  return stored(signed, row.id, row.sha256)
}
