/**
 * A refusal: a "no" by value, with a stable code and one sentence that says what to do. The API maps every code to a
 * problem document in one table; faults are thrown instead.
 */
export type Refusal = { readonly refused: RefusalCode; readonly detail: string }

/** Every code a user can meet; stable, public (the last part of the problem type). */
export type RefusalCode =
  | 'not_found'
  | 'invalid'
  | 'not_allowed'
  | 'already_exists'
  | 'in_the_future'
  | 'placement_overlaps'
  | 'placement_superseded'
  | 'profile_not_approvable'
  | 'profile_not_effective'
  | 'profile_is_example'
  | 'already_released'
  | 'archived'
  | 'changed_meanwhile'
  | 'file_unreadable'
  | 'serial_differs'
  | 'import_superseded'
  | 'idempotency_key_reused'
  | 'request_in_progress'
  | 'answer_lost'
  | 'certificate_not_ready'
  | 'record_differs'
  | ReceiptRefusalCode
  | SigningRefusalCode

/** Those of departure, receipt and disposition. */
export type ReceiptRefusalCode =
  | 'not_received'
  | 'already_decided'
  | 'already_ended'
  | 'own_receipt'
  | 'same_person'
  | 'reason_required'
  | 'witness_required'
  | 'deviation_required'
  | 'identity_unresolved'
  | 'tasks_open'
  | 'needs_exceptional_release'
  | 'exceptional_incomplete'
  | 'qa_decides'
  | 'verdict_not_accept'
  | 'decides_elsewhere'

/** Those of signing in, of signing and of stamping. */
export type SigningRefusalCode =
  | 'sign_in_failed'
  | 'signing_failed'
  | 'locked_out'
  | 'person_disabled'
  | 'password_change_required'
  | 'password_unfit'
  | 'busy'
  | 'machine_cannot_sign'
  | 'meaning_not_allowed'
  | 'stamps_off'
  | 'root_differs'

/** Builds a refusal; `detail` is shown to the user and says what to do. */
export function refuse(code: RefusalCode, detail: string): Refusal {
  return { refused: code, detail }
}

/** Tells a refusal from a result. */
export function isRefusal(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && 'refused' in value
}
