import { canonicalJson } from './canonical.ts'
import type { HashText } from './ledger.ts'

/** A version of a shipment's evaluation, as signatures and ledger entries name it. */
export type NamedEvaluation = { readonly version: number; readonly sha256: string }

/** Names an evaluation by its version and the hash over what was judged and from what. */
export function namedEvaluation(
  stored: { readonly version: number; readonly contentSha256: string; readonly inputsSha256: string },
  sha256: HashText,
): NamedEvaluation {
  const { version, contentSha256, inputsSha256 } = stored
  return { version, sha256: sha256(canonicalJson({ version, contentSha256, inputsSha256 })) }
}
