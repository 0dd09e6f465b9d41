import type { Tx } from '../../db/connect.ts'
import type { Ctx } from '../context.ts'
import type { Actor } from '../domain/actor.ts'
import type { Canonical } from '../domain/canonical.ts'
import type { CustodyKind } from '../domain/custody-event.ts'
import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import { MEANING_OF_KIND, SECOND_MEANINGS } from '../domain/signature.ts'
import { CUSTODY_EVENT } from '../domain/verify-ledger.ts'
import type { Ledger, StatedFields } from './custody-ledger.ts'
import { personActor } from './sessions.ts'
import { noShipment } from './shipments.ts'
import { authenticateSigner, type Signer, type Signing } from './signatures.ts'
import { canSeeShipment } from './visibility.ts'

/**
 * Who signs a custody event (domain page section 4.2): its maker, and beside them a second person. `second` verifies,
 * witnesses or approves the same record; under a release it may instead be the taker, whose signature makes the
 * acceptance, so that giver and taker sign one handover at one tablet.
 */
export type CustodySigning = { signing: Signing; second: (Signing & { userName: string }) | null }

/** Those who proved who they are; `taker` signs the acceptance, `others` the event itself. */
export type CustodySigners = { others: Signer[]; taker: Signer | null }

export const NOBODY: CustodySigners = { others: [], taker: null }

type Asked = { shipmentId: number; statement: StatedFields; signing: CustodySigning }

/** Authenticates those who sign, one after the other, before anything is written. Refused as signing is; `invalid`. */
export async function custodySigners(ctx: Ctx, actor: Actor, asked: Asked): Promise<CustodySigners | Refusal> {
  const { shipmentId, statement, signing: given } = asked
  const { signing, second } = given
  const no = refuseMeaning(statement.kind, given)
  if (no !== null) return no
  const about = { type: CUSTODY_EVENT, id: String(shipmentId), shipmentId }
  const roleForId = actor.organisationId ?? 'own'
  const first = await authenticateSigner(ctx, actor, { signing, about, roleForId })
  if (isRefusal(first) || second === null) return isRefusal(first) ? first : { others: [first], taker: null }
  const isTaker = second.meaning === 'accepted_custody'
  const other = await authenticateSigner(ctx, actor, {
    signing: second,
    about,
    roleForId: (isTaker ? statement.toOrganisationId : undefined) ?? 'own',
  })
  if (isRefusal(other)) return other
  if (other.account.id === first.account.id) {
    return refuse('same_person', 'The second signature must be that of another person.')
  }
  return isTaker ? { others: [first], taker: other } : { others: [first, other], taker: null }
}

function refuseMeaning(kind: CustodyKind, { signing, second }: CustodySigning): Refusal | null {
  const own = MEANING_OF_KIND[kind]
  if (signing.meaning !== own) return refuse('invalid', `Whoever records "${kind}" signs it as "${own}".`)
  const takes = [...SECOND_MEANINGS, ...(kind === 'handover_release' ? (['accepted_custody'] as const) : [])]
  if (second === null || takes.some((meaning) => meaning === second.meaning)) return null
  return refuse('invalid', `A second person signs "${kind}" as ${takes.join(' or ')}.`)
}

/** Null where everyone who signs is of an organisation that the shipment concerns. */
export async function refuseStrangers(tx: Tx, shipmentId: number, signers: CustodySigners): Promise<Refusal | null> {
  for (const { account } of [...signers.others, ...(signers.taker === null ? [] : [signers.taker])]) {
    const concerned = await tx
      .selectFrom('shipment')
      .select('id')
      .where('id', '=', shipmentId)
      .where((eb) => canSeeShipment(personActor(account), eb.ref('shipment.id')))
      .executeTakeFirst()
    if (concerned === undefined) return noShipment(shipmentId)
  }
  return null
}

/** Everyone who received the shipment, by who stated it and who signed: none of them signs QA's decision (4.6). */
export function receiversOf({ events }: Pick<Ledger, 'events'>): string[] {
  const receipts = events.filter(({ kind }) => kind === 'received' || kind === 'accepted')
  return receipts.flatMap(({ actor = '', signatures = [] }) => [actor, ...signatures.flatMap(signerKey)])
}

function signerKey(signature: Canonical): string[] {
  const isOfOne = typeof signature === 'object' && signature !== null && 'signerId' in signature
  return isOfOne ? [`person:${signature.signerId}`] : []
}

/** The taker, who speaks for the organisation it was released to. */
export function takerActor(actor: Actor, { account, role, roleForId }: Signer): Actor {
  return {
    ...personActor({ id: account.id, organisationId: roleForId }),
    personRoles: [role],
    requestId: actor.requestId,
  }
}

/** A witness who signed is named as one. */
export function witnessOf({ others }: CustodySigners): { witness?: string } {
  const witness = others.find(({ meaning }) => meaning === 'witnessed')
  return witness === undefined ? {} : { witness: witness.account.printedName }
}
