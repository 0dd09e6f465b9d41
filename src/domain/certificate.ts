import { toBase64url } from './base64url.ts'
import { canonicalJson } from './canonical.ts'
import { type CertificateBody, certificate, certificateBody } from './certificate-form.ts'
import { toHex } from './hex.ts'
import type { HashBytes } from './merkle.ts'

/** The key of the service in use, with the deed of signing: 64 bytes (Ed25519, RFC 8032). */
export type Sealer = { readonly kid: string; readonly sign: (message: Uint8Array) => Uint8Array }

/**
 * A certificate as its file: the canonical bytes of its body together with the seal, which signs the canonical bytes
 * of the body alone. Same facts, same software and same key: same bytes.
 */
export function certificateFile(body: CertificateBody, sealer: Sealer, sha256: HashBytes): Uint8Array {
  const hash = sha256(utf8.encode(canonicalJson(certificateBody.write(body))))
  const signature = toBase64url(sealer.sign(sealedBytes(hash, sealer.kid)))
  return utf8.encode(canonicalJson(certificate.write({ ...body, seal: { kid: sealer.kid, signature } })))
}

/** What the key signs. `purpose` keeps the seal from being taken for anything else signed with the same key. */
export function sealedBytes(bodySha256: Uint8Array, kid: string): Uint8Array {
  return utf8.encode(canonicalJson({ purpose: 'unbroken certificate', sha256: toHex(bodySha256), kid }))
}

const utf8 = new TextEncoder()
