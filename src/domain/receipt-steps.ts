import { type Decision, type UnitDeed, type UnitStanding, unitStanding } from './disposition.ts'
import { decide, FINDINGS, type FindingCode, type Verdict } from './finding.ts'
import { type Refusal, refuse } from './refusal.ts'

/**
 * What was done about the units of a shipment, in order of recording (`seq` of the ledger), as the history of each. A
 * receipt is revised, never rewritten, and a revision must not talk a hold away:
 *
 *   revision of a unit nobody decided about ─► what held it before and is no open task holds it still
 *   revision of a decided unit ──────────────► the decision stands; where the findings are others its ground changed
 */
export function unitStandings(
  steps: readonly ReceiptStep[],
  { codes, needsQa }: { codes: readonly string[]; needsQa: boolean },
): Map<string, UnitStanding> {
  const inOrder = steps.toSorted((a, b) => a.seq - b.seq)
  return new Map(codes.map((code) => [code, unitStanding({ deeds: deedsOf(inOrder, code, needsQa), needsQa })]))
}

/** A unit as it was judged when somebody signed. */
export type JudgedUnit = {
  readonly code: string
  readonly verdict: Verdict
  readonly findings: readonly FindingCode[]
}

/** One signed act about units; `version` is the evaluation relied on, 0 where none was stored. */
export type ReceiptStep =
  | {
      readonly is: 'receipt'
      readonly seq: number
      readonly version: number
      readonly receiver: string
      readonly units: readonly JudgedUnit[]
    }
  /** `accepted`: the units that became available by the second person. */
  | {
      readonly is: 'verification'
      readonly seq: number
      readonly version: number
      readonly verifier: string
      readonly accepted: readonly string[]
    }
  | {
      readonly is: 'disposition'
      readonly seq: number
      readonly version: number
      readonly decision: Decision
      readonly signer: string
      readonly units: readonly JudgedUnit[]
    }
  | { readonly is: 'administered'; readonly seq: number; readonly at: number; readonly units: readonly string[] }
  /** Late truth: the ground of what stands about these units is another one. */
  | { readonly is: 'ground_changed'; readonly seq: number; readonly version: number; readonly units: readonly string[] }

type Told = { deeds: UnitDeed[]; relied: JudgedUnit | null }

function deedsOf(steps: readonly ReceiptStep[], code: string, needsQa: boolean): UnitDeed[] {
  return steps.reduce<Told>((told, step) => afterStep(told, step, { code, needsQa }), { deeds: [], relied: null }).deeds
}

function afterStep(told: Told, step: ReceiptStep, { code, needsQa }: { code: string; needsQa: boolean }): Told {
  const also = (...deeds: UnitDeed[]): Told => ({ ...told, deeds: [...told.deeds, ...deeds] })
  switch (step.is) {
    case 'receipt': {
      const judged = step.units.find((unit) => unit.code === code)
      if (judged === undefined) return told
      return { deeds: [...told.deeds, ...receiptDeeds(told, judged, { step, needsQa })], relied: judged }
    }
    case 'verification': {
      const receiver = told.deeds.findLast((deed) => deed.kind === 'received')?.receiver
      if (receiver === undefined || !step.accepted.includes(code)) return told
      return also({ kind: 'finished', version: step.version, receiver, verifier: step.verifier })
    }
    case 'disposition': {
      const judged = step.units.find((unit) => unit.code === code)
      if (judged === undefined) return told
      return { deeds: [...told.deeds, decisionDeed(step, judged)], relied: judged }
    }
    case 'administered':
      return step.units.includes(code) ? also({ kind: 'administered', at: step.at }) : told
    case 'ground_changed':
      return step.units.includes(code) ? also({ kind: 'ground_changed', version: step.version }) : told
  }
}

type Received = { step: Extract<ReceiptStep, { is: 'receipt' }>; needsQa: boolean }

function receiptDeeds({ deeds, relied }: Told, judged: JudgedUnit, { step, needsQa }: Received): UnitDeed[] {
  const { version, receiver } = step
  const before = unitStanding({ deeds, needsQa })
  if (isDecided(before)) return isSame(relied, judged) ? [] : [{ kind: 'ground_changed', version }]
  const held = before.heldBy.filter((code) => !FINDINGS[code].isTask)
  const { verdict, findings } = decide([...held, ...judged.findings])
  return [{ kind: 'received', version, verdict, findings, receiver, verifier: null }]
}

function isDecided({ state }: UnitStanding): boolean {
  return state !== 'not_received' && state !== 'undecided' && state !== 'held' && state !== 'available'
}

function isSame(before: JudgedUnit | null, after: JudgedUnit): boolean {
  const [was, is] = [before?.findings ?? [], after.findings]
  return was.length === is.length && is.every((code) => was.includes(code))
}

function decisionDeed(step: Extract<ReceiptStep, { is: 'disposition' }>, { findings }: JudgedUnit): UnitDeed {
  const { version, signer, decision } = step
  if (decision === 'quarantined') return { kind: 'quarantined', version, signer, findings }
  return { kind: 'disposed', version, disposition: decision, signer }
}

/** Null where a unit may be put under quarantine: whatever may still be used can be held. */
export function refuseQuarantine({ state }: UnitStanding): Refusal | null {
  switch (state) {
    case 'not_received':
      return refuse('not_received', 'The unit has not been received: record the receipt first.')
    case 'rejected':
      return refuse('already_decided', 'The unit is rejected already: it is not to be used.')
    case 'returned':
    case 'destroyed':
    case 'administered':
      return refuse('already_ended', `The unit is ${state}: nothing more can be decided.`)
    case 'undecided':
    case 'held':
    case 'available':
    case 'released':
    case 'released_exceptionally':
      return null
  }
}
