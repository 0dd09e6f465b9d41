import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/**
 * A new random secret of 256 bits as base64url. Being random it needs no slow hash: only its SHA-256 is stored, and
 * nobody can search for it.
 */
export function newSecret(): string {
  return randomBytes(32).toString('base64url')
}

/** What is stored of a secret: 32 bytes. */
export function secretHash(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}

/** Whether a secret is the stored one, in a time that tells nothing about either. */
export function isSecret(secret: string, stored: Buffer): boolean {
  return timingSafeEqual(secretHash(secret), stored)
}
