import { FINDINGS, type FindingCode, type UnitVerdict, type Verdict } from './finding.ts'
import { type Refusal, refuse } from './refusal.ts'

/**
 * QA's decisions about a unit (domain page 4.6). The system recommends, people dispose: nothing here happens by itself.
 *
 *   not_received ─► held ──────────► released · released_exceptionally · rejected ─► returned · destroyed
 *                 └► undecided ─► available ─► (the same)
 *
 *   ACCEPT signed by receiver and verifier is available; where the product asks for QA it stays undecided until then.
 *   A hold ends by a person only: receiver and verifier where nothing but open tasks held it, else QA.
 *   Whatever stands is flagged `re_review` when its ground changed later, and is not to be used until decided anew.
 */
export const DISPOSITIONS = ['released', 'rejected', 'released_exceptionally', 'returned', 'destroyed'] as const
export type Disposition = (typeof DISPOSITIONS)[number]

/** Everything a person can decide about a unit: quarantine is no end, it only holds. */
export const DECISIONS = ['quarantined', ...DISPOSITIONS] as const
export type Decision = (typeof DECISIONS)[number]

export type UnitState = 'not_received' | 'undecided' | 'held' | 'available' | Disposition | 'administered'

/** What was done about one unit, in order of recording; `version` is the evaluation the person relied on. */
export type UnitHistory = {
  readonly deeds: readonly UnitDeed[]
  /** The product asks for a QA signature on every unit. */
  readonly needsQa: boolean
}

export type UnitDeed =
  | {
      readonly kind: 'received'
      readonly version: number
      readonly verdict: Verdict
      readonly findings: readonly FindingCode[]
      readonly receiver: string
      /** Null: nobody has verified yet. */
      readonly verifier: string | null
    }
  /** Receiver and verifier finished what was still to be done. */
  | { readonly kind: 'finished'; readonly version: number; readonly receiver: string; readonly verifier: string }
  | { readonly kind: 'disposed'; readonly version: number; readonly disposition: Disposition; readonly signer: string }
  /** A person put it under quarantine, whatever was found: QA ends that. */
  | {
      readonly kind: 'quarantined'
      readonly version: number
      readonly signer: string
      readonly findings: readonly FindingCode[]
    }
  /** An evaluation after the last decision that changed its ground. */
  | { readonly kind: 'ground_changed'; readonly version: number }
  | { readonly kind: 'administered'; readonly at: number }

export type UnitStanding = {
  readonly state: UnitState
  /** The ground of what stands has changed since: QA and the treatment centre are told at once. */
  readonly reReview: boolean
  /** May be given: released or available, and nothing changed since. */
  readonly usable: boolean
  /** The ground changed, and the unit was given already: the path of urgent safety notices. */
  readonly urgentSafetyNotice: boolean
  /** What held it, if anything; the newest receipt's findings. */
  readonly heldBy: readonly FindingCode[]
  /** A person's quarantine stands. */
  readonly quarantined: boolean
  readonly receiver: string | null
}

const NOTHING: UnitStanding = {
  state: 'not_received',
  reReview: false,
  usable: false,
  urgentSafetyNotice: false,
  heldBy: [],
  quarantined: false,
  receiver: null,
}

/** Where a unit stands after all that was done about it. */
export function unitStanding({ deeds, needsQa }: UnitHistory): UnitStanding {
  return deeds.reduce((standing, deed) => withUse(afterDeed(standing, deed, needsQa)), NOTHING)
}

function withUse(standing: UnitStanding): UnitStanding {
  const { state, reReview } = standing
  const isFree = state === 'available' || state === 'released' || state === 'released_exceptionally'
  return { ...standing, usable: isFree && !reReview, urgentSafetyNotice: state === 'administered' && reReview }
}

function afterDeed(standing: UnitStanding, deed: UnitDeed, needsQa: boolean): UnitStanding {
  switch (deed.kind) {
    case 'received':
      return {
        ...standing,
        state: standing.quarantined ? 'held' : receivedState(deed, needsQa),
        reReview: false,
        heldBy: deed.verdict === 'ACCEPT' ? [] : deed.findings,
        receiver: deed.receiver,
      }
    case 'finished':
      return { ...standing, state: needsQa ? 'undecided' : 'available', reReview: false, heldBy: [] }
    case 'disposed':
      return { ...standing, state: deed.disposition, reReview: false, quarantined: false }
    case 'quarantined':
      return { ...standing, state: 'held', reReview: false, heldBy: deed.findings, quarantined: true }
    case 'ground_changed':
      return { ...standing, reReview: standing.state !== 'not_received' }
    case 'administered':
      // what was flagged when it was given stays flagged
      return { ...standing, state: 'administered' }
  }
}

function receivedState(deed: Extract<UnitDeed, { kind: 'received' }>, needsQa: boolean): UnitState {
  if (deed.verdict !== 'ACCEPT') return 'held'
  return deed.verifier === null || needsQa ? 'undecided' : 'available'
}

type Step = 'may' | 'only_in_re_review' | 'not_received' | 'already_ended'

/** Which decision may follow which state. */
const NEXT: Record<UnitState, Record<Disposition, Step>> = {
  not_received: row('not_received', 'not_received', 'not_received', 'not_received', 'not_received'),
  undecided: row('may', 'may', 'may', 'may', 'may'),
  held: row('may', 'may', 'may', 'may', 'may'),
  available: row('only_in_re_review', 'may', 'only_in_re_review', 'may', 'may'),
  released: row('only_in_re_review', 'may', 'may', 'may', 'may'),
  released_exceptionally: row('only_in_re_review', 'may', 'only_in_re_review', 'may', 'may'),
  rejected: row('only_in_re_review', 'only_in_re_review', 'may', 'may', 'may'),
  // a returned unit never goes straight back to released; given bags are destroyed, and nothing else
  returned: row('already_ended', 'already_ended', 'already_ended', 'already_ended', 'already_ended'),
  destroyed: row('already_ended', 'already_ended', 'already_ended', 'already_ended', 'already_ended'),
  administered: row('already_ended', 'already_ended', 'already_ended', 'already_ended', 'may'),
}

function row(...steps: [Step, Step, Step, Step, Step]): Record<Disposition, Step> {
  const [released, rejected, exceptionally, returned, destroyed] = steps
  return { released, rejected, released_exceptionally: exceptionally, returned, destroyed }
}

/** What a person can be at a centre or a sponsor (domain page section 7), as far as decisions about units go. */
export type DecidingRole = 'qa_sponsor' | 'qa_site' | 'responsible_pharmacist'

/** Who may sign which decision; the role must be held for the sponsor of the unit. */
export const MAY_DISPOSE: Record<Disposition, readonly DecidingRole[]> = {
  released: ['qa_sponsor', 'qa_site'],
  rejected: ['qa_sponsor', 'qa_site'],
  released_exceptionally: ['qa_sponsor'],
  returned: ['qa_sponsor', 'qa_site'],
  destroyed: ['qa_sponsor', 'qa_site', 'responsible_pharmacist'],
}

/** A decision somebody wants to sign. */
export type DispositionRequest = {
  readonly disposition: Disposition
  readonly signer: { readonly person: string; readonly roles: readonly HeldRole[] }
  readonly reason: string
  /** Number of the deviation in the customer's quality system. */
  readonly deviation: string | null
  /** Who saw the destruction; for `destroyed` only. */
  readonly witness: string | null
  /** The evaluation the signer saw. */
  readonly cited: { readonly version: number; readonly hash: string }
}

export type HeldRole = { readonly role: DecidingRole; readonly sponsor: string }

/** What stands when the decision is signed. */
export type DecisionGround = {
  readonly standing: UnitStanding
  /** By the newest evaluation, not by the one at receipt. */
  readonly current: UnitVerdict
  readonly sponsor: string
  readonly evaluation: { readonly version: number; readonly hash: string }
}

/**
 * Null where a decision may be signed, else why not and what to do. The order of the checks is the order in which a
 * person can do something about them. An exceptional release has conditions of its own: `refuseExceptional`.
 */
export function refuseDisposition(wanted: DispositionRequest, ground: DecisionGround): Refusal | null {
  return (
    refuseSigner(wanted, ground) ??
    refuseStep(wanted.disposition, ground.standing) ??
    refuseCitation(wanted, ground) ??
    refuseForm(wanted) ??
    refuseRelease(wanted, ground)
  )
}

function refuseSigner({ disposition, signer }: DispositionRequest, { standing, sponsor }: DecisionGround) {
  const roles = MAY_DISPOSE[disposition]
  if (!signer.roles.some((held) => held.sponsor === sponsor && roles.includes(held.role))) {
    return refuse('not_allowed', `This takes ${roles.join(' or ')} for the sponsor of the unit.`)
  }
  if (signer.person !== standing.receiver) return null
  return refuse('own_receipt', 'You received this unit yourself: another person must decide.')
}

function refuseStep(disposition: Disposition, { state, reReview }: UnitStanding): Refusal | null {
  const step = NEXT[state][disposition]
  if (step === 'may' || (step === 'only_in_re_review' && reReview)) return null
  if (step === 'not_received')
    return refuse('not_received', 'The unit has not been received: record the receipt first.')
  if (step === 'already_ended') return refuse('already_ended', `The unit is ${state}: nothing more can be decided.`)
  return refuse('already_decided', `The unit is ${state}, and nothing has changed since: nothing is to be decided.`)
}

function refuseCitation({ cited }: DispositionRequest, { evaluation }: DecisionGround): Refusal | null {
  if (cited.version === evaluation.version && cited.hash === evaluation.hash) return null
  return refuse('changed_meanwhile', `The evaluation is at version ${evaluation.version} now: read it, then sign.`)
}

function refuseForm({ disposition, reason, witness, signer }: DispositionRequest): Refusal | null {
  if (reason.trim() === '') return refuse('reason_required', 'Give the reason for the decision.')
  if (disposition !== 'destroyed') return null
  if (witness !== null && witness.trim() !== '' && witness !== signer.person) return null
  return refuse('witness_required', 'Name the person who saw the destruction: not yourself.')
}

/** Open tasks that no decision can stand in for: who it is, what the sponsor says, readings that are still to come. */
const MUST_BE_DONE: readonly FindingCode[] = ['ID_UNVERIFIED', 'RELEASE_PENDING', 'DATA_PENDING']

/**
 * A release lifts a receipt hold: every finding, of the receipt or of today, needs its deviation, a task left undone
 * too; what is out of specification is not released but, in need, released exceptionally.
 */
function refuseRelease({ disposition, deviation }: DispositionRequest, { standing, current }: DecisionGround) {
  if (disposition !== 'released' && disposition !== 'released_exceptionally') return null
  if (current.findings.includes('ID_MISMATCH')) {
    const how = 'compare label, shipment and order again, and correct what is wrong'
    return refuse('identity_unresolved', `The identity of the unit does not match: ${how}.`)
  }
  const open = current.findings.filter((code) => MUST_BE_DONE.includes(code))
  if (open.length > 0 && disposition === 'released') {
    return refuse('tasks_open', `Finish first what is still to be done: ${open.join(', ')}.`)
  }
  const deviating = [...current.findings, ...standing.heldBy.filter((code) => !FINDINGS[code].isTask)]
  if (deviating.length > 0 && (deviation ?? '').trim() === '') {
    return refuse(
      'deviation_required',
      `Found: ${[...new Set(deviating)].join(', ')}. Give the number of the deviation.`,
    )
  }
  if (current.verdict !== 'REJECT_RECOMMENDED' || disposition === 'released_exceptionally') return null
  return refuse(
    'needs_exceptional_release',
    'The unit is out of specification: only an exceptional release can free it.',
  )
}

/**
 * Null where receiver and verifier may sign a unit available: the verdict is ACCEPT, and nothing but open tasks ever
 * held it. Better data alone never lift a hold.
 */
export function refuseFinish(
  people: { readonly receiver: string; readonly verifier: string },
  { standing, current }: Pick<DecisionGround, 'standing' | 'current'>,
): Refusal | null {
  const { state, heldBy, reReview, quarantined } = standing
  if (state === 'not_received')
    return refuse('not_received', 'The unit has not been received: record the receipt first.')
  if (state !== 'held' && state !== 'undecided') return refuse('already_decided', `The unit is ${state} already.`)
  const notTasks = heldBy.filter((code) => !FINDINGS[code].isTask)
  if (reReview || quarantined || notTasks.length > 0) {
    const why = heldBy.join(', ') || 'a quarantine'
    return refuse('qa_decides', `The unit was held for ${why}: QA has to decide, not the receiver.`)
  }
  return refuseAcceptance(people, current)
}

/** Null where receiver and verifier may sign a unit accepted: two people, and a verdict that says so. */
export function refuseAcceptance(
  people: { readonly receiver: string; readonly verifier: string },
  current: UnitVerdict,
): Refusal | null {
  if (current.verdict === 'ACCEPT') return refuseVerifier(people)
  return refuse('verdict_not_accept', `The unit cannot be accepted yet: ${current.findings.join(', ')}.`)
}

/** The second person is another one than the receiver. */
export function refuseVerifier({ receiver, verifier }: { receiver: string; verifier: string }): Refusal | null {
  return receiver === verifier
    ? refuse('same_person', 'The second person must be another one than the receiver.')
    : null
}
