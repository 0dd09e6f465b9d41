import { decoded, fields, instant, isObject, listOf, oneOf, orNull, text } from '../domain/codec.ts'
import type { CertificateVerification, Trust } from '../domain/verify-certificate.ts'
import { verifyFile } from '../domain/verify-file.ts'
import { WEB_CRYPTO } from './web-crypto.ts'

/**
 * Verifies a certificate in a browser, with nothing but what the platform has: the same code as `unbroken verify`.
 * `trusted` is empty, fingerprints with blanks between, or the text of a key set as the service publishes it. A text
 * that is none of these is answered as a problem.
 */
export async function verify(
  file: ArrayBuffer,
  trusted: string,
): Promise<CertificateVerification | { readonly problem: string }> {
  const trust = trustOf(trusted.trim())
  return 'problem' in trust ? trust : verifyFile(new Uint8Array(file), WEB_CRYPTO, trust.trust)
}

/** `kty` is what tells a published key from the history in a certificate, which proves nothing about itself. */
const KEYS = listOf(fields({ kty: oneOf('OKP'), kid: text, x: text, fromAt: instant, untilAt: orNull(instant) }))

/** What is trusted, of a text that a person gave. */
export function trustOf(given: string): { readonly trust: Trust } | { readonly problem: string } {
  if (given === '') return { trust: null }
  const kids = given.split(/\s+/)
  if (kids.every((kid) => /^[\w-]{43}$/.test(kid))) return { trust: { kids } }
  const keys = decoded(KEYS, plainKeys(given))
  return 'problem' in keys ? { problem: NO_KEYS } : { trust: { keys: keys.value.map(({ kty: _kty, ...key }) => key) } }
}

const NO_KEYS =
  'This is neither a fingerprint of 43 characters nor a key set: take /.well-known/jwks.json of the issuer.'

/** The fields of a key set that are asked for; it has more. */
function plainKeys(given: string): unknown {
  const set = parsed(given)
  const listed = isObject(set) && Array.isArray(set.keys) ? set.keys : null
  return listed?.map((key: unknown) => {
    if (!isObject(key)) return key
    const { kty, kid, x, fromAt, untilAt } = key
    return { kty, kid, x, fromAt, untilAt }
  })
}

function parsed(given: string): unknown {
  try {
    return JSON.parse(given)
  } catch {
    return null
  }
}
