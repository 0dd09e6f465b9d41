import type { CustodyKind } from './custody-event.ts'

/** What is found in a chain of custody; `seq` names the event it is about. Codes are public and stable. */
export type CustodyFinding =
  | { readonly code: Exclude<CustodyFindingCode, 'MILESTONE_MISSING'>; readonly seq: number }
  | { readonly code: 'MILESTONE_MISSING'; readonly seq: null; readonly kind: CustodyKind }

/** Every finding of domain page section 4.3. */
export type CustodyFindingCode =
  | 'HOLDER_MISMATCH'
  | 'RECIPIENT_MISMATCH'
  | 'ACCEPT_WITHOUT_RELEASE'
  | 'TIME_REVERSED'
  | 'SEAL_MISMATCH'
  | 'OPENED_UNAUTHORISED'
  | 'EVENT_AFTER_TERMINAL'
  | 'COI_MISMATCH'
  | 'INTEGRITY_FAILED'
  | 'HANDOVER_OPEN'
  | 'HANDOVER_UNSIGNED'
  | 'MILESTONE_MISSING'
  | 'HANDOVER_SLOW'
  | 'LATE_ENTRY'
  | 'RESEALED'
  | 'SEALS_NOT_CHECKED'

/** How much a finding weighs: `incomplete` may be repaired by a late entry, a `remark` changes no status. */
export const findingSeverity: Record<CustodyFindingCode, 'broken' | 'incomplete' | 'remark'> = {
  HOLDER_MISMATCH: 'broken',
  RECIPIENT_MISMATCH: 'broken',
  ACCEPT_WITHOUT_RELEASE: 'broken',
  TIME_REVERSED: 'broken',
  SEAL_MISMATCH: 'broken',
  OPENED_UNAUTHORISED: 'broken',
  EVENT_AFTER_TERMINAL: 'broken',
  COI_MISMATCH: 'broken',
  INTEGRITY_FAILED: 'broken',
  HANDOVER_OPEN: 'incomplete',
  HANDOVER_UNSIGNED: 'incomplete',
  MILESTONE_MISSING: 'incomplete',
  HANDOVER_SLOW: 'remark',
  LATE_ENTRY: 'remark',
  RESEALED: 'remark',
  SEALS_NOT_CHECKED: 'remark',
}

/** One plain sentence per finding, for people. */
export const findingText: Record<CustodyFindingCode, string> = {
  HOLDER_MISMATCH: 'The shipment was handed over by an organisation that did not hold it.',
  RECIPIENT_MISMATCH: 'The shipment was accepted by an organisation it was not released to.',
  ACCEPT_WITHOUT_RELEASE: 'The shipment was accepted, but nobody released it.',
  TIME_REVERSED: 'The shipment was accepted before it was released.',
  SEAL_MISMATCH: 'The seals are not the ones that were put on.',
  OPENED_UNAUTHORISED: 'The container was opened on the way without authority, new seals and a witness.',
  EVENT_AFTER_TERMINAL: 'A unit was moved or opened after it had been given or destroyed.',
  COI_MISMATCH: 'Another chain-of-identity code was stated.',
  INTEGRITY_FAILED: 'The record was changed after it was written: its hash chain does not verify.',
  HANDOVER_OPEN: 'The shipment was released, and nobody has accepted it within the time allowed.',
  HANDOVER_UNSIGNED: 'Neither party of the handover signed, or an acknowledgement lacks company, code or waybill.',
  MILESTONE_MISSING: 'A step that every shipment needs was never recorded.',
  HANDOVER_SLOW: 'The handover took longer than the time allowed.',
  LATE_ENTRY: 'The event was recorded long after it happened.',
  RESEALED: 'The container got new seals on the way.',
  SEALS_NOT_CHECKED: 'Nobody looked at the seals at this handover.',
}
