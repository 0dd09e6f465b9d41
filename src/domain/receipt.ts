import type { BudgetState } from './budget.ts'
import { answerFindings, type BoxAnswers, type UnitAnswers } from './checklist.ts'
import type { Status } from './combine.ts'
import { decide, type FindingCode, type ShipmentVerdict, shipmentVerdict, type UnitVerdict } from './finding.ts'
import type { ExpiryReadings } from './gs1-date.ts'
import type { Severity } from './profile.ts'

/**
 * The receipt (domain page 4.5): what the receiver answered and what the service knows become findings, and these a
 * verdict per unit. What is found about the box applies to each of its units; all findings are listed, the worst
 * decides, and a confirmed alarm hides nothing.
 *
 *   answers about the box ─┐                            ┌─► verdict of unit 1 ─┐
 *   facts of the box ──────┴─► findings of the box ─────┼─► verdict of unit 2 ─┼─► the worst, and how many of each
 *   answers about, facts of each unit ─► its findings ──┘                      ┘
 */
export function judgeReceipt({ box, units }: Receipt): ReceiptVerdict {
  const boxFound = boxFindings(box)
  const judged = units.map(({ code, received }) => ({
    code,
    ...decide([...boxFound, ...(received === null ? [] : unitFindings(received, box.facts))]),
  }))
  return { units: judged, shipment: shipmentVerdict(judged) }
}

/** One receipt: the box, and each unit of the packing list or found in the box; null: it is not in the box. */
export type Receipt = {
  readonly box: ReceivedBox
  readonly units: readonly { readonly code: string; readonly received: ReceivedUnit | null }[]
}
export type ReceivedBox = { readonly answers: BoxAnswers; readonly facts: BoxFacts }
export type ReceivedUnit = { readonly answers: UnitAnswers; readonly facts: UnitFacts }

export type ReceiptVerdict = {
  readonly units: readonly (UnitVerdict & { readonly code: string })[]
  readonly shipment: ShipmentVerdict
}

/** What the service knows about the box, beside the receiver's answers. Instants in epoch milliseconds. */
export type BoxFacts = {
  readonly receivedAt: number
  /** Whether the one who received it is the consignee (the last readdressing counts). */
  readonly isConsignee: boolean
  /** Seals in force (null: never recorded) against those the receiver read (null: nobody looked). */
  readonly seals: { readonly expected: readonly string[] | null; readonly found: readonly string[] | null }
  /** Units of the packing list that are not in the box, and the other way round. */
  readonly unitsMissing: readonly string[]
  readonly unitsUnexpected: readonly string[]
  /** What scanning says about container and logger; null where it was not scanned: then the answer alone speaks. */
  readonly isContainer: boolean | null
  readonly isLogger: boolean | null
  /** Null: no qualification on file. */
  readonly containerQualifiedUntilAt: number | null
  readonly holdTime: HoldTime
  readonly custody: 'intact' | 'incomplete' | 'broken'
  readonly integrity: 'ok' | 'failed'
  readonly temperature: TemperatureFacts
  readonly data: 'complete' | 'pending' | 'absent'
  /** The typed display against the last reading; null where nothing was typed. */
  readonly displayDisagrees: boolean | null
  readonly readoutDiffers: boolean
  readonly windowChanged: boolean
  readonly calibrationInvalid: boolean
  readonly sensorSuspect: boolean
  readonly clockUntrusted: boolean
}

/**
 * From the last charge or top-up to unit out; `unlimited`: an active container. Null: no hold time on file, no charge
 * recorded: then the qualification covers nothing.
 */
export type HoldTime = { readonly qualifiedMs: number | null; readonly elapsedMs: number | null } | 'unlimited'

/** The evaluation's own result: calibration speaks by a finding of its own. */
export type TemperatureFacts = {
  readonly status: Status
  readonly severity: Severity | null
  /** The alarm of some level is presumed. */
  readonly presumed: boolean
  readonly gaps: boolean
  /** Some level without a confirmed alarm has an event. */
  readonly belowAlarm: boolean
}

/** What the service knows about one unit. */
export type UnitFacts = {
  readonly identity: 'match' | 'mismatch' | 'unverified'
  /** Both readings of the expiry, equal where the sponsor gave an instant; null: nobody knows it. */
  readonly expiry: ExpiryReadings | null
  readonly lotStatus: 'ok' | 'on_hold' | 'recalled'
  readonly batchStatus: 'released' | 'pending' | 'unknown'
  /** How long it was in the air; null: not timed. */
  readonly transfer: { readonly tookMs: number | null; readonly maxMs: number } | 'stays_in_container'
  readonly budget: BudgetState
}

/** What is found about the box, and so about every unit in it. */
export function boxFindings({ answers, facts }: ReceivedBox): FindingCode[] {
  const said = answerFindings(answers).filter((code) => isStillSo(code, facts))
  return [...new Set([...said, ...factFindings(facts)])]
}

/**
 * Two answers are about what the service knows better. The logger's alarm is no finding of its own where our status is
 * alarm too; and whether readings are missing, will come or never come is for the data to say.
 */
function isStillSo(code: FindingCode, { temperature, data }: BoxFacts): boolean {
  if (code === 'DEVICE_ALARM') return temperature.status !== 'alarm'
  return code === 'DATA_PENDING' ? data === 'pending' : true
}

function factFindings(facts: BoxFacts): FindingCode[] {
  return [
    ...when(!facts.isConsignee, 'WRONG_CONSIGNEE'),
    ...sealFindings(facts.seals),
    ...when(facts.unitsMissing.length > 0, 'UNIT_MISSING'),
    ...when(facts.unitsUnexpected.length > 0, 'UNIT_UNEXPECTED'),
    ...when(facts.isContainer === false, 'CONTAINER_MISMATCH'),
    ...when(facts.isLogger === false, 'LOGGER_MISMATCH'),
    ...when(isLapsed(facts.containerQualifiedUntilAt, facts.receivedAt), 'CONTAINER_UNQUALIFIED'),
    ...holdTimeFindings(facts.holdTime),
    ...when(facts.custody === 'broken', 'CUSTODY_BROKEN'),
    ...when(facts.custody === 'incomplete', 'CUSTODY_INCOMPLETE'),
    ...when(facts.integrity === 'failed', 'INTEGRITY_FAILED'),
    ...temperatureFindings(facts.temperature, facts.data),
    ...when(facts.displayDisagrees === true, 'DISPLAY_DISAGREES'),
    ...when(facts.readoutDiffers, 'READOUT_DIFFERS'),
    ...when(facts.windowChanged, 'WINDOW_CHANGED'),
    ...when(facts.calibrationInvalid, 'CALIBRATION_INVALID'),
    ...when(facts.sensorSuspect, 'SENSOR_SUSPECT'),
    ...when(facts.clockUntrusted, 'CLOCK_UNTRUSTED'),
  ]
}

function when(holds: boolean, code: FindingCode): FindingCode[] {
  return holds ? [code] : []
}

/** Nothing on file, or not valid any more at that instant; valid up to and including its last one. */
export function isLapsed(validUntilAt: number | null, at: number): boolean {
  return validUntilAt === null || validUntilAt < at
}

/** Seals are compared as sets. None found is a mismatch; where sealing was never recorded custody says so. */
function sealFindings({ expected, found }: BoxFacts['seals']): FindingCode[] {
  if (found === null) return ['CHECK_NOT_DONE']
  if (found.length === 0) return ['SEAL_MISMATCH']
  if (expected === null) return []
  const isSame = expected.every((seal) => found.includes(seal)) && found.every((seal) => expected.includes(seal))
  return when(!isSame, 'SEAL_MISMATCH')
}

/** Exactly the qualified time is still fine. */
function holdTimeFindings(holdTime: HoldTime): FindingCode[] {
  if (holdTime === 'unlimited') return []
  const { qualifiedMs, elapsedMs } = holdTime
  if (qualifiedMs === null || elapsedMs === null) return ['CONTAINER_UNQUALIFIED']
  return when(elapsedMs > qualifiedMs, 'HOLD_TIME_EXCEEDED')
}

const ALARM_FINDING: Record<Severity, FindingCode> = {
  warning: 'WARNING_ALARM',
  major: 'MAJOR_ALARM',
  critical: 'CRITICAL_ALARM',
}

function temperatureFindings(temperature: TemperatureFacts, data: BoxFacts['data']): FindingCode[] {
  const { status, severity, presumed, gaps, belowAlarm } = temperature
  const unexplained = gaps && data === 'complete'
  return [
    ...(status === 'alarm' && severity !== null ? [ALARM_FINDING[severity]] : []),
    ...when(presumed, 'ALARM_PRESUMED'),
    ...when(!presumed && unexplained, 'DATA_GAP'),
    ...when(belowAlarm, 'EXCURSION_BELOW_ALARM'),
    ...when(data === 'pending', 'DATA_PENDING'),
    ...when(data === 'absent', 'DATA_ABSENT'),
  ]
}

/** What is found about one unit by itself; the temperature of its box decides whether its budget has to answer. */
export function unitFindings({ answers, facts }: ReceivedUnit, { temperature, receivedAt }: BoxFacts): FindingCode[] {
  return [
    ...answerFindings(answers),
    ...when(facts.identity === 'mismatch', 'ID_MISMATCH'),
    ...when(facts.identity === 'unverified', 'ID_UNVERIFIED'),
    ...expiryFindings(facts.expiry, receivedAt),
    ...when(facts.lotStatus === 'on_hold', 'LOT_ON_HOLD'),
    ...when(facts.lotStatus === 'recalled', 'RECALLED'),
    ...when(facts.batchStatus !== 'released', 'RELEASE_PENDING'),
    ...transferFindings(facts.transfer),
    ...budgetFindings(facts.budget, temperature),
  ]
}

/**
 * Expiry at an instant, by both readings of a label without zone: past the earlier only is unclear, past the later is
 * expired; exactly at either is still before it. Asked again at release and at use.
 */
export function expiryFindings(expiry: ExpiryReadings | null, at: number): FindingCode[] {
  if (expiry === null) return ['EXPIRY_UNCLEAR']
  if (at > expiry.latestAt) return ['EXPIRED']
  return when(at > expiry.earliestAt, 'EXPIRY_UNCLEAR')
}

function transferFindings(transfer: UnitFacts['transfer']): FindingCode[] {
  if (transfer === 'stays_in_container') return []
  if (transfer.tookMs === null) return ['CHECK_NOT_DONE']
  return when(transfer.tookMs > transfer.maxMs, 'TRANSFER_TOO_LONG')
}

/** A mild excursion is accepted only within a budget; without one nobody has assessed it. */
function budgetFindings(budget: BudgetState, { status, severity, belowAlarm }: TemperatureFacts): FindingCode[] {
  const isMild = belowAlarm || (status === 'alarm' && severity === 'warning')
  switch (budget) {
    case 'exceeded':
      return ['BUDGET_EXCEEDED']
    case 'presumed_exceeded':
      return ['BUDGET_PRESUMED']
    case 'none':
      return when(isMild, 'EXCURSION_UNASSESSED')
    case 'within':
      return []
  }
}
