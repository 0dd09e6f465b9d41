import type { BudgetState } from './budget.ts'
import { decide, type FindingCode } from './finding.ts'
import type { ExpiryReadings } from './gs1-date.ts'
import { expiryFindings, isLapsed, type TemperatureFacts } from './receipt.ts'
import { type Refusal, refuse } from './refusal.ts'

/**
 * The departure check (domain page 4.5): what is known at sealing already, in the codes of the receipt, so that nobody
 * finds out at the treatment centre. Calibration, container and hold time must last to the planned arrival and half as
 * long again. A profile that is not in effect is refused elsewhere, not found here.
 */
export function departureFindings(facts: DepartureFacts): FindingCode[] {
  const { sealedAt, etaAt } = facts
  const neededUntilAt = etaAt + Math.max(0, etaAt - sealedAt) / 2
  const found: [boolean, FindingCode][] = [
    [isLapsed(facts.calibrationValidUntilAt, neededUntilAt), 'CALIBRATION_INVALID'],
    [isLapsed(facts.containerQualifiedUntilAt, neededUntilAt), 'CONTAINER_UNQUALIFIED'],
    [isHoldUnknown(facts.hold), 'CONTAINER_UNQUALIFIED'],
    [isHoldTooShort(facts.hold, neededUntilAt), 'HOLD_TIME_EXCEEDED'],
    [isSilent(facts), 'DATA_GAP'],
    [facts.lastReading?.isOut === true, 'EXCURSION_BELOW_ALARM'],
    [facts.order === 'mismatch', 'ID_MISMATCH'],
    [facts.order === 'unverified', 'ID_UNVERIFIED'],
    [facts.lotStatus === 'on_hold', 'LOT_ON_HOLD'],
    [facts.lotStatus === 'recalled', 'RECALLED'],
    [facts.batchStatus !== 'released', 'RELEASE_PENDING'],
    [facts.budget === 'exceeded', 'BUDGET_EXCEEDED'],
    [facts.budget === 'presumed_exceeded', 'BUDGET_PRESUMED'],
    [facts.sensorSuspect, 'SENSOR_SUSPECT'],
    [facts.clockUntrusted, 'CLOCK_UNTRUSTED'],
  ]
  const listed = found.flatMap(([holds, code]) => (holds ? [code] : []))
  return [...decide([...listed, ...alarmFindings(facts.temperature), ...expiryFindings(facts.expiry, etaAt)]).findings]
}

/** What is known when the container is sealed. Instants in epoch milliseconds. */
export type DepartureFacts = {
  readonly sealedAt: number
  /** Planned arrival. */
  readonly etaAt: number
  /** The earliest due date among the product sensors' certificates; null: one has none that covers the limits. */
  readonly calibrationValidUntilAt: number | null
  readonly containerQualifiedUntilAt: number | null
  /** Last charge and the time the container holds from then on; `unlimited`: an active container. */
  readonly hold: { readonly chargedAt: number | null; readonly qualifiedMs: number | null } | 'unlimited'
  /** The newest reading of the product sensors, the interval before it (null: there is none), the profile's limits. */
  readonly lastReading: { readonly at: number; readonly intervalMs: number | null; readonly isOut: boolean } | null
  readonly nominalIntervalMs: number
  readonly maxGapMs: number
  /** The evaluation so far; null before anything was judged. */
  readonly temperature: TemperatureFacts | null
  readonly order: 'match' | 'mismatch' | 'unverified'
  readonly expiry: ExpiryReadings | null
  readonly lotStatus: 'ok' | 'on_hold' | 'recalled'
  readonly batchStatus: 'released' | 'pending' | 'unknown'
  readonly budget: BudgetState
  readonly sensorSuspect: boolean
  readonly clockUntrusted: boolean
}

function isHoldUnknown(hold: DepartureFacts['hold']): boolean {
  return hold !== 'unlimited' && (hold.chargedAt === null || hold.qualifiedMs === null)
}

/** Exactly long enough is long enough. */
function isHoldTooShort(hold: DepartureFacts['hold'], neededUntilAt: number): boolean {
  if (hold === 'unlimited' || hold.chargedAt === null || hold.qualifiedMs === null) return false
  return hold.chargedAt + hold.qualifiedMs < neededUntilAt
}

/** No reading, none lately, or fewer than the profile asks for. */
function isSilent({ lastReading, sealedAt, nominalIntervalMs, maxGapMs }: DepartureFacts): boolean {
  if (lastReading === null || sealedAt - lastReading.at > maxGapMs) return true
  return lastReading.intervalMs !== null && lastReading.intervalMs > nominalIntervalMs
}

function alarmFindings(temperature: TemperatureFacts | null): FindingCode[] {
  if (temperature === null || temperature.status !== 'alarm' || temperature.severity === null) return []
  const found = { warning: 'WARNING_ALARM', major: 'MAJOR_ALARM', critical: 'CRITICAL_ALARM' } as const
  return [found[temperature.severity]]
}

/** Sealing over a finding needs a reason, which stands in the custody event; null where there is nothing to refuse. */
export function refuseSealingOver(findings: readonly FindingCode[], reason: string | undefined): Refusal | null {
  if (findings.length === 0 || (reason !== undefined && reason.trim() !== '')) return null
  return refuse('reason_required', `Sealing in spite of ${findings.join(', ')} needs a reason: write it down.`)
}
