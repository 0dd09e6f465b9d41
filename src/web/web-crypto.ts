import { sha256 } from '../domain/sha256.ts'
import type { Crypto } from '../domain/stamp.ts'

/** What the rules' verifications take, with nothing but the platform: the same in a browser and on the command line. */
export const WEB_CRYPTO: Crypto = {
  sha256,
  verify: async ({ publicKey, message, signature }) => {
    const [key, signed, by] = [publicKey, message, signature].map((bytes) => Uint8Array.from(bytes))
    if (key === undefined || signed === undefined || by === undefined) return false
    try {
      const imported = await crypto.subtle.importKey('raw', key, 'Ed25519', false, ['verify'])
      return await crypto.subtle.verify('Ed25519', imported, by, signed)
    } catch (error) {
      // bytes that are no point of the curve; a platform without Ed25519 must not be taken for a wrong signature
      if (error instanceof DOMException && error.name === 'DataError') return false
      throw error
    }
  },
}
