import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

/** Both are known to the client only; the database keeps a hash of the first. */
type Secret = { apiKey: string; idempotencyKey: string }

/**
 * Encrypts an answer that is kept for repeats (AES-256-GCM). Answers may hold an API key or a sensor's password, of
 * which the database must hold no more than a hash; so the answer can only be read by the client it was given to.
 */
export function sealAnswer(text: string, secret: Secret): string {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', keyOf(secret), nonce)
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64')
}

/** Decrypts what `sealAnswer` made; throws with another secret. */
export function openAnswer(sealed: string, secret: Secret): string {
  const bytes = Buffer.from(sealed, 'base64')
  const decipher = createDecipheriv('aes-256-gcm', keyOf(secret), bytes.subarray(0, NONCE_BYTES))
  decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES))
  return decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES), undefined, 'utf8') + decipher.final('utf8')
}

const NONCE_BYTES = 12
const TAG_BYTES = 16

function keyOf({ apiKey, idempotencyKey }: Secret): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', apiKey, idempotencyKey, 'unbroken idempotent answer', 32))
}
