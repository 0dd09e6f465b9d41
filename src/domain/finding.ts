/** What the system recommends for a unit, from the mildest to the worst; people dispose (domain page 4.5). */
export const VERDICTS = ['ACCEPT', 'INDETERMINATE', 'QUARANTINE', 'REJECT_RECOMMENDED'] as const
export type Verdict = (typeof VERDICTS)[number]

/** What a finding means for the unit it is about. */
export type FindingRule = {
  /** The verdict the finding leads to, unless another leads to a worse one. */
  readonly verdict: Verdict
  /** How a deviation for it is classed, before anybody looked into it. */
  readonly severity: 'minor' | 'major' | 'critical'
  /** Merely something still to be done: no deviation is required for it. */
  readonly isTask: boolean
}

const TASK: FindingRule = { verdict: 'INDETERMINATE', severity: 'minor', isTask: true }

/** Every finding of a receipt, with its rule (domain page 4.5; vectors receipt-decision.json). Codes are public. */
export const FINDINGS = {
  ID_MISMATCH: rule('REJECT_RECOMMENDED', 'critical'),
  EXPIRED: rule('REJECT_RECOMMENDED', 'critical'),
  CRITICAL_ALARM: rule('REJECT_RECOMMENDED', 'critical'),
  BUDGET_EXCEEDED: rule('REJECT_RECOMMENDED', 'critical'),
  UNIT_DAMAGED: rule('REJECT_RECOMMENDED', 'critical'),
  RECALLED: rule('REJECT_RECOMMENDED', 'critical'),
  MAJOR_ALARM: rule('QUARANTINE', 'major'),
  EXCURSION_UNASSESSED: rule('QUARANTINE', 'major'),
  WINDOW_CHANGED: rule('QUARANTINE', 'major'),
  READOUT_DIFFERS: rule('QUARANTINE', 'major'),
  SEAL_BROKEN: rule('QUARANTINE', 'major'),
  SEAL_MISMATCH: rule('QUARANTINE', 'major'),
  PACKAGE_DAMAGED: rule('QUARANTINE', 'major'),
  CUSTODY_BROKEN: rule('QUARANTINE', 'major'),
  INTEGRITY_FAILED: rule('QUARANTINE', 'critical'),
  HOLD_TIME_EXCEEDED: rule('QUARANTINE', 'major'),
  COOLANT_DEPLETED: rule('QUARANTINE', 'major'),
  CONTAINER_UNQUALIFIED: rule('QUARANTINE', 'major'),
  CONTAINER_MISMATCH: rule('QUARANTINE', 'major'),
  LOGGER_MISMATCH: rule('QUARANTINE', 'major'),
  WRONG_CONSIGNEE: rule('QUARANTINE', 'major'),
  UNIT_MISSING: rule('QUARANTINE', 'major'),
  UNIT_UNEXPECTED: rule('QUARANTINE', 'major'),
  TRANSFER_TOO_LONG: rule('QUARANTINE', 'major'),
  LOT_ON_HOLD: rule('QUARANTINE', 'major'),
  DATA_ABSENT: rule('QUARANTINE', 'major'),
  ID_UNVERIFIED: TASK,
  ALARM_PRESUMED: rule('INDETERMINATE', 'major'),
  BUDGET_PRESUMED: rule('INDETERMINATE', 'major'),
  DATA_PENDING: TASK,
  DATA_GAP: rule('INDETERMINATE', 'major'),
  CALIBRATION_INVALID: rule('INDETERMINATE', 'major'),
  CUSTODY_INCOMPLETE: TASK,
  CHECK_NOT_DONE: TASK,
  DOCS_MISSING: TASK,
  RELEASE_PENDING: TASK,
  EXPIRY_UNCLEAR: rule('INDETERMINATE', 'major'),
  DEVICE_ALARM: rule('INDETERMINATE', 'minor'),
  DISPLAY_DISAGREES: rule('INDETERMINATE', 'minor'),
  INDICATOR_TRIPPED: rule('INDETERMINATE', 'minor'),
  SENSOR_SUSPECT: rule('INDETERMINATE', 'minor'),
  CLOCK_UNTRUSTED: rule('INDETERMINATE', 'minor'),
  WARNING_ALARM: rule('ACCEPT', 'minor'),
  EXCURSION_BELOW_ALARM: rule('ACCEPT', 'minor'),
} as const satisfies Record<string, FindingRule>

export type FindingCode = keyof typeof FINDINGS

function rule(verdict: Verdict, severity: FindingRule['severity']): FindingRule {
  return { verdict, severity, isTask: false }
}

/** The codes in the order of the table: worst verdict first. */
export const FINDING_CODES: readonly FindingCode[] = Object.keys(FINDINGS).filter(isFindingCode)

/** Tells a code of a finding from another text. */
export function isFindingCode(text: string): text is FindingCode {
  return Object.hasOwn(FINDINGS, text)
}

/** What a unit's findings come to. */
export type UnitVerdict = {
  readonly verdict: Verdict
  /** All of them, sorted by name: a worse one hides none. */
  readonly findings: readonly FindingCode[]
  /** Keep at label temperature, apart from the others, marked not for use. */
  readonly physicalHold: boolean
  /** Some finding is not merely an open task. */
  readonly deviationRequired: boolean
  readonly next: NextStep
}

/**
 * Who goes on: receiver and verifier sign it available, or finish what is still to be done, or QA decides. Never a
 * disposition: nothing is rejected or destroyed by itself (4.6).
 */
export type NextStep = 'sign' | 'finish_tasks' | 'ask_qa'

/** The verdict on a unit from everything that was found about it and its container: the worst decides. */
export function decide(found: Iterable<FindingCode>): UnitVerdict {
  const findings = [...new Set(found)].sort()
  const verdict = worstVerdict(findings.map((code) => FINDINGS[code].verdict)) ?? 'ACCEPT'
  const deviationRequired = findings.some((code) => !FINDINGS[code].isTask)
  const next = verdict === 'ACCEPT' ? 'sign' : deviationRequired ? 'ask_qa' : 'finish_tasks'
  return { verdict, findings, physicalHold: verdict !== 'ACCEPT', deviationRequired, next }
}

/** The worst of some verdicts; null of none. */
export function worstVerdict(verdicts: readonly Verdict[]): Verdict | null {
  return VERDICTS.findLast((verdict) => verdicts.includes(verdict)) ?? null
}

/** What a shipment shows: the worst verdict of its units, and how many have which. */
export type ShipmentVerdict = {
  readonly verdict: Verdict | null
  readonly counts: Readonly<Record<Verdict, number>>
}

/** The shipment's line above the verdicts of its units; null verdict without units. */
export function shipmentVerdict(units: readonly Pick<UnitVerdict, 'verdict'>[]): ShipmentVerdict {
  const count = (verdict: Verdict) => units.filter((unit) => unit.verdict === verdict).length
  return {
    verdict: worstVerdict(units.map(({ verdict }) => verdict)),
    counts: {
      ACCEPT: count('ACCEPT'),
      INDETERMINATE: count('INDETERMINATE'),
      QUARANTINE: count('QUARANTINE'),
      REJECT_RECOMMENDED: count('REJECT_RECOMMENDED'),
    },
  }
}
