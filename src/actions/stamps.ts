import { createPublicKey, hash, sign as signBytes, verify as verifyBytes } from 'node:crypto'
import type { Tx } from '../../db/connect.ts'
import { at } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import { toBase64url } from '../domain/base64url.ts'
import type { ChainHead } from '../domain/ledger.ts'
import { type Crypto, type Stamp, stampedBytes } from '../domain/stamp.ts'
import { stampingKey } from './service-keys.ts'

/**
 * Stamps the head of a shipment's ledger, once per transaction and after its last entry; null where this installation
 * stamps nothing. The caller holds the shipment's lock.
 */
export async function stampHead(
  tx: Tx,
  ctx: Ctx,
  { shipmentId, head }: { shipmentId: number; head: ChainHead },
): Promise<Stamp | null> {
  const using = await stampingKey(tx, ctx)
  if (using === null) return null
  const said = { shipmentId, seq: head.seq, hash: head.hash, kid: using.kid, stampedAt: ctx.now() }
  const signature = toBase64url(signBytes(null, stampedBytes(said), using.key))
  const row = { shipment_id: shipmentId, seq: said.seq, hash: said.hash, kid: said.kid, signature }
  await tx
    .insertInto('ledger_stamp')
    .values({ ...row, known_at: at(said.stampedAt) })
    .execute()
  return { ...said, signature }
}

/** The stamps of a shipment's ledger, in order of what they stamp. */
export async function loadStamps(db: Pick<Tx, 'selectFrom'>, shipmentId: number): Promise<Stamp[]> {
  const rows = await db
    .selectFrom('ledger_stamp')
    .selectAll()
    .where('shipment_id', '=', shipmentId)
    .orderBy('seq')
    .execute()
  return rows.map(({ shipment_id, seq, hash, kid, signature, known_at }) => {
    return { shipmentId: shipment_id, seq, hash, kid, stampedAt: known_at, signature }
  })
}

/** What the domain's verifications take, on this machine. */
export const CRYPTO: Crypto = {
  sha256: (bytes) => hash('sha256', bytes, 'buffer'),
  verify: ({ publicKey, message, signature }) => {
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: toBase64url(publicKey) }
    return verifyBytes(null, message, createPublicKey({ key: jwk, format: 'jwk' }), signature)
  },
}
