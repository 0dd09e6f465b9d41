import type { Canonical } from './canonical.ts'
import type { CertificateBody, CertifiedChange } from './certificate-form.ts'
import { CUSTODY_DEFAULTS, foldCustody } from './custody.ts'
import type { CustodyEvent } from './custody-event.ts'
import { findingSeverity, findingText } from './custody-finding.ts'
import type { LedgerEntry } from './ledger.ts'

/*
 * What a certificate says that follows from its own ledger: worked out when it is made, and again when it is verified.
 */

type Told = Pick<CertificateBody, 'asOf' | 'shipment'>

/** How the chain of custody stands as of the certificate's instant. */
export function certifiedCustody(
  events: readonly CustodyEvent[],
  { asOf, shipment }: Told,
): CertificateBody['custody'] {
  const custody = foldCustody(events, {
    ...CUSTODY_DEFAULTS,
    asOf,
    destinationOrg: shipment.consignee,
    maxHandoverMs: shipment.maxHandoverMs,
    coi: shipment.coi,
  })
  return {
    chainStatus: custody.chainStatus,
    holder: custody.currentHolder,
    findings: custody.findings.map((finding) => ({
      code: finding.code,
      seq: finding.seq,
      kind: 'kind' in finding ? finding.kind : null,
      severity: findingSeverity[finding.code],
      text: findingText[finding.code],
    })),
    signed: custody.signed,
    attested: custody.attested,
    acknowledgements: custody.acknowledgements,
  }
}

/** The custody events that were corrected, as changes. */
export function correctedEvents(events: readonly CustodyEvent[]): CertifiedChange[] {
  return events.flatMap(({ kind, corrects, recordedAt, reason }) => {
    if (kind !== 'correction' || corrects === undefined) return []
    return [{ what: 'custody_event', id: corrects, at: recordedAt, reason: reason ?? null }]
  })
}

/** One e-signature as a ledger entry holds it, for print. */
export type PrintedSignature = {
  readonly printedName: string
  readonly meaning: string
  readonly role: string
  readonly signedAt: string
  readonly reason: string | null
}

/** The e-signatures of an entry; what is none is left out, since verifying names it. */
export function signaturesOf({ signatures }: LedgerEntry): PrintedSignature[] {
  const listed: readonly Canonical[] = Array.isArray(signatures) ? signatures : []
  return listed.flatMap((one) => {
    if (typeof one !== 'object' || one === null || !('printedName' in one)) return []
    const { printedName, meaning, role, signedAt, reason } = one
    const [name, means, as, at] = [printedName, meaning, role, signedAt].map(String)
    return [
      { printedName: name ?? '', meaning: means ?? '', role: as ?? '', signedAt: at ?? '', reason: asText(reason) },
    ]
  })
}

function asText(value: Canonical | undefined): string | null {
  return typeof value === 'string' ? value : null
}
