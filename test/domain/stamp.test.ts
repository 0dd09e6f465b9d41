import { createHash, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { fromBase64url, toBase64url } from '../../src/domain/base64url.ts'
import { appendEntry, GENESIS, type LedgerEntry } from '../../src/domain/ledger.ts'
import {
  type Crypto,
  keyThumbprint,
  type ServiceKey,
  type Stamp,
  stampedBytes,
  stampFault,
} from '../../src/domain/stamp.ts'
import { hashText, type LedgerExport, verifyLedger } from '../../src/domain/verify-ledger.ts'
import { T0 } from '../support/limits.ts'

const crypto: Crypto = {
  sha256: (bytes) => createHash('sha256').update(bytes).digest(),
  verify: ({ publicKey, message, signature }) => {
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: toBase64url(publicKey) }, format: 'jwk' })
    return verify(null, message, key, signature)
  },
}

function newKey(fromAt: number, untilAt: number | null) {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const { x = '' } = publicKey.export({ format: 'jwk' })
  const published: ServiceKey = { kid: keyThumbprint(x, crypto.sha256), x, fromAt, untilAt }
  const stamp = (said: Omit<Stamp, 'signature' | 'kid'>): Stamp => {
    const whole = { ...said, kid: published.kid }
    return { ...whole, signature: toBase64url(sign(null, stampedBytes(whole), privateKey)) }
  }
  return { published, stamp }
}

const HOUR = 3_600_000
const former = newKey(T0, T0 + 10 * HOUR)
const current = newKey(T0 + 10 * HOUR, null)
const keys = [current.published, former.published]
const HEAD = { shipmentId: 7, seq: 3, hash: 'a'.repeat(64) }
const STAMP = former.stamp({ ...HEAD, stampedAt: T0 + HOUR })

test('a key is published under its RFC 7638 thumbprint', () => {
  // RFC 8037 appendix A.3
  const x = '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo'
  expect(keyThumbprint(x, crypto.sha256)).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k')
})

describe('a stamp', () => {
  test('holds with the key of its time, also after that was replaced', async () => {
    expect(await stampFault(STAMP, keys, crypto)).toBeNull()
    expect(await stampFault(current.stamp({ ...HEAD, stampedAt: T0 + 11 * HOUR }), keys, crypto)).toBeNull()
  })

  const changed = (change: Partial<Stamp>): Stamp => ({ ...STAMP, ...change })
  const last = STAMP.signature.at(-1) ?? ''
  // the last character holds two bits that stand for nothing
  const respelled = STAMP.signature.slice(0, -1) + { A: 'B', Q: 'R', g: 'h', w: 'x' }[last]
  test.each<[string, Stamp, string]>([
    ['of another shipment', changed({ shipmentId: 8 }), 'SIGNATURE_WRONG'],
    ['of another place', changed({ seq: 4 }), 'SIGNATURE_WRONG'],
    ['of another head', changed({ hash: 'b'.repeat(64) }), 'SIGNATURE_WRONG'],
    ['of another instant', changed({ stampedAt: STAMP.stampedAt + 1 }), 'SIGNATURE_WRONG'],
    ['under the name of another key', changed({ kid: current.published.kid }), 'KEY_NOT_IN_FORCE'],
    ['by a key that is not published', changed({ kid: 'x'.repeat(43) }), 'UNKNOWN_KEY'],
    ['made after its key was replaced', former.stamp({ ...HEAD, stampedAt: T0 + 11 * HOUR }), 'KEY_NOT_IN_FORCE'],
    ['made before its key was', current.stamp({ ...HEAD, stampedAt: T0 }), 'KEY_NOT_IN_FORCE'],
    ['padded', changed({ signature: `${STAMP.signature}==` }), 'SIGNATURE_MALFORMED'],
    ['spelled otherwise', changed({ signature: respelled }), 'SIGNATURE_MALFORMED'],
    ['cut', changed({ signature: STAMP.signature.slice(4) }), 'SIGNATURE_MALFORMED'],
  ])('%s proves nothing', async (_what, stamp, fault) => {
    expect(await stampFault(stamp, keys, crypto)).toBe(fault)
  })

  test('spelled otherwise would be the same bytes: that is why it is refused', () => {
    expect(Buffer.from(respelled, 'base64url')).toEqual(Buffer.from(STAMP.signature, 'base64url'))
    expect(fromBase64url(respelled)).toBeNull()
  })

  test('of a key that was published under another name proves nothing', async () => {
    const renamed = { ...current.published, kid: former.published.kid, fromAt: T0, untilAt: null }
    expect(await stampFault(STAMP, [renamed], crypto)).toBe('UNKNOWN_KEY')
  })
})

describe('a ledger', () => {
  const packed = appendEntry(GENESIS, { kind: 'packed', shipmentId: 7 }, hashText(crypto))
  const sealed = appendEntry(packed, { kind: 'sealed', shipmentId: 7 }, hashText(crypto))
  const received = appendEntry(sealed, { kind: 'received', shipmentId: 7 }, hashText(crypto))
  const entries: LedgerEntry[] = [packed, sealed, received]
  const stamps = entries.map(({ seq, hash }) => former.stamp({ shipmentId: 7, seq, hash, stampedAt: T0 + HOUR }))
  const whole: LedgerExport = { shipmentId: 7, entries, stamps, keys }

  test('as it was written verifies up to its stamped head', async () => {
    expect(await verifyLedger(whole, crypto)).toEqual({
      valid: true,
      chain: { valid: true, head: { seq: 3, hash: received.hash } },
      signatureFaults: [],
      stampFaults: [],
      stampedUpTo: 3,
    })
  })

  test('without its tail is found by a stamp kept elsewhere, which the chain alone cannot', async () => {
    const cut = { ...whole, entries: entries.slice(0, 2) }
    expect(await verifyLedger(cut, crypto)).toMatchObject({
      valid: false,
      chain: { valid: true },
      stampFaults: [{ seq: 3, fault: 'OTHER_HEAD' }],
      stampedUpTo: 2,
    })
    expect(await verifyLedger({ ...cut, stamps: stamps.slice(0, 2) }, crypto)).toMatchObject({ valid: true })
  })

  test('written anew from some entry on does not pass for the stamped one', async () => {
    const anew = appendEntry(packed, { kind: 'opened', shipmentId: 7 }, hashText(crypto))
    const found = await verifyLedger({ ...whole, entries: [packed, anew] }, crypto)
    expect(found).toMatchObject({ valid: false, chain: { valid: true }, stampedUpTo: 1 })
    expect(found.stampFaults.map(({ seq }) => seq)).toEqual([2, 3])
  })

  test('of another shipment does not pass with this one’s stamps', async () => {
    expect(await verifyLedger({ ...whole, shipmentId: 8 }, crypto)).toMatchObject({ valid: false, stampedUpTo: 0 })
  })

  test('with a changed entry, or a signature that is none, is named', async () => {
    const changed = { ...packed, kind: 'opened' }
    expect(await verifyLedger({ ...whole, entries: [changed, sealed, received] }, crypto)).toMatchObject({
      valid: false,
      chain: { valid: false, firstBadSeq: 1, reason: 'HASH_MISMATCH' },
    })
    const signed = appendEntry(GENESIS, { kind: 'packed', shipmentId: 7, signatures: ['mine'] }, hashText(crypto))
    expect(await verifyLedger({ ...whole, entries: [signed], stamps: [] }, crypto)).toMatchObject({
      valid: false,
      chain: { valid: true },
      signatureFaults: [{ seq: 1, index: 0, fault: 'SIGNATURE_CHANGED' }],
    })
  })
})
