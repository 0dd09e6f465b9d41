import {
  type Decision,
  type DecisionGround,
  type Disposition,
  type DispositionRequest,
  refuseDisposition,
} from '../domain/disposition.ts'
import type { NamedEvaluation } from '../domain/evaluation-hash.ts'
import { refuseExceptional } from '../domain/exceptional-release.ts'
import { exceptionalCase } from '../domain/exceptional-steps.ts'
import { decide, FINDINGS, type FindingCode } from '../domain/finding.ts'
import { DECIDING_ROLES } from '../domain/person.ts'
import { expiryFindings } from '../domain/receipt.ts'
import { type JudgedUnit, refuseQuarantine } from '../domain/receipt-steps.ts'
import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import { personKey } from './receipt-steps.ts'
import type { ReceiptUnit, ReceiptView } from './receipt-view.ts'
import type { Signer } from './signatures.ts'

/** A unit that may be decided about, as it is judged now; `deviations` are the numbers of those that cover it. */
export type DecidedUnit = JudgedUnit & { deviations: string[] }

/** A decision that somebody who proved who they are wants to sign. */
export type Wanted = {
  decision: Decision
  units: readonly string[]
  reason: string
  cited: NamedEvaluation | null
  exceptionalRelease: number | null
  sponsorId: number
  /** Everyone who received the shipment. */
  receivers: readonly string[]
  signer: Signer
  witness: Signer | null
}

/** The units as they are decided about; or why one of them may not be, and then none is. Reads nothing. */
export function decidedUnits(view: ReceiptView, wanted: Wanted): DecidedUnit[] | Refusal {
  const decided: DecidedUnit[] = []
  for (const code of wanted.units) {
    const unit = view.units.find((one) => one.code === code)
    if (unit === undefined) return refuse('not_found', `There is no unit ${code} in this shipment.`)
    const result = decidedUnit(unit, view, wanted)
    if (isRefusal(result)) return { ...result, detail: `${code}: ${result.detail}` }
    decided.push(result)
  }
  return decided
}

function decidedUnit(unit: ReceiptUnit, view: ReceiptView, wanted: Wanted): DecidedUnit | Refusal {
  const { code, standing } = unit
  const { decision } = wanted
  const found = currentFindings(unit, view, decision)
  const covering = view.deviations.filter(({ units }) => units.includes(code))
  const deviations = covering.filter(({ findings }) => findings.some((one) => found.includes(one)))
  const { verdict, findings } = decide(found)
  const result = { code, verdict, findings, deviations: deviations.map(({ number }) => number) }
  if (decision === 'quarantined') return refuseQuarantine(standing) ?? result
  const held = standing.heldBy.filter((one) => !FINDINGS[one].isTask)
  const open = [...new Set([...found, ...held])].filter((one) => !covering.some((by) => by.findings.includes(one)))
  const asked = { decision, open, found, deviations: covering.map(({ number }) => number) }
  return refuseUnit(unit, view, { ...wanted, ...asked, decision }) ?? result
}

/** Whether it may still be used is asked again at every release: time may have passed its expiry. */
function currentFindings({ current, expiry }: ReceiptUnit, { asOf }: ReceiptView, decision: Decision): FindingCode[] {
  const isRelease = decision === 'released' || decision === 'released_exceptionally'
  return [...(current?.findings ?? []), ...(current !== null && isRelease ? expiryFindings(expiry, asOf) : [])]
}

type Asked = Omit<Wanted, 'decision'> & {
  decision: Disposition
  found: FindingCode[]
  /** Findings that no deviation of the unit covers yet. */
  open: FindingCode[]
  deviations: string[]
}

function refuseUnit(unit: ReceiptUnit, view: ReceiptView, asked: Asked): Refusal | null {
  const refusal = refuseDisposition(requestOf(asked), groundOf(unit, view, asked))
  if (refusal?.refused === 'deviation_required') {
    const how = 'Record its number (POST /shipments/{id}/deviations), then sign.'
    return refuse('deviation_required', `No deviation of this unit covers ${asked.open.join(', ')} yet. ${how}`)
  }
  return refusal ?? (asked.decision === 'released_exceptionally' ? refuseCase(unit, view, asked) : null)
}

function requestOf(asked: Asked): DispositionRequest {
  const { decision, signer, witness, reason, open, deviations, cited, sponsorId } = asked
  const roles = DECIDING_ROLES.filter((role) => role === signer.role)
  return {
    disposition: decision,
    signer: {
      person: personKey(signer.account.id),
      roles: signer.roleForId === sponsorId ? roles.map((role) => ({ role, sponsor: String(sponsorId) })) : [],
    },
    reason,
    deviation: open.length > 0 ? null : deviations.join(', '),
    witness: witness && personKey(witness.account.id),
    cited: cited === null ? NO_EVALUATION : { version: cited.version, hash: cited.sha256 },
  }
}

const NO_EVALUATION = { version: 0, hash: '' }

function groundOf({ standing }: ReceiptUnit, { evaluation }: ReceiptView, asked: Asked): DecisionGround {
  const own = personKey(asked.signer.account.id)
  return {
    // whoever received any part of it is a receiver
    standing: asked.receivers.includes(own) ? { ...standing, receiver: own } : standing,
    current: decide(asked.found),
    sponsor: String(asked.sponsorId),
    evaluation: evaluation === null ? NO_EVALUATION : { version: evaluation.version, hash: evaluation.sha256 },
  }
}

function refuseCase({ code }: ReceiptUnit, view: ReceiptView, { exceptionalRelease, found }: Asked): Refusal | null {
  const named = view.exceptionalReleases.find(({ number }) => number === exceptionalRelease)
  if (named === undefined || !named.units.includes(code)) {
    const first = "it begins with the physician's request (POST /shipments/{id}/exceptional-releases)"
    return refuse('exceptional_incomplete', `Name the exceptional release of this unit: ${first}.`)
  }
  return refuseExceptional(exceptionalCase(named.steps, named.findings), decide(found).findings)
}
