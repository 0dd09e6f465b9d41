import type { Assessment, SensorAssessment, StoredJudgement } from './assess.ts'
import type { Gap, LevelResult, Status } from './combine.ts'

/**
 * What an evaluation says, without what changes with every reading of an open window: no counts, no coverage, and for
 * open events and gaps no end, last instant, duration or extreme. Equal content is the same version, whatever the order
 * of arrival. Instants are epoch milliseconds, temperatures milli-degrees: integers only, so that it hashes the same
 * everywhere.
 */
export function contentOf({ span, combined, sensors }: Assessment) {
  return {
    status: combined?.status ?? ('indeterminate' as const),
    severity: combined?.severity ?? null,
    complete: combined?.complete ?? false,
    presumed: combined?.presumed ?? false,
    reasons: reasonsOf({ combined, sensors, archived: null }),
    window: span && { fromAt: span.fromAt, toAt: span.closed ? span.toAt : null },
    levels: (combined?.levels ?? []).map(levelContent),
    gaps: (combined?.gaps ?? []).map(({ fromAt, toAt, open }: Gap) => ({ fromAt, toAt: open ? null : toAt })),
    ...readoutContent(sensors),
  }
}

/**
 * The status as it is served: without a valid calibration at best indeterminate; an alarm stays one (domain page 2.5).
 */
export function servedStatus({ status, reasons }: { status: Status; reasons: readonly string[] }): Status {
  const isCapped = reasons.includes('CALIBRATION_INVALID') || reasons.includes('NOT_REJUDGED')
  return isCapped && status !== 'alarm' ? 'indeterminate' : status
}

/** Enough to see where the two records part; the count tells the rest, and every reading is served. */
export const MOST_DIFFERING = 100

/** Says nothing where nothing differs, so that what was stored before read-outs were known stays the same content. */
function readoutContent(sensors: readonly SensorAssessment[]) {
  const differing = sensors
    .flatMap(({ placement: { sensorId, channel }, differing: found }) =>
      found.map(({ at, milliC }) => ({ sensorId, channel, at, milliC })),
    )
    .sort(byInstant)
  if (differing.length === 0) return {}
  return { readoutDiffers: { count: differing.length, first: differing.slice(0, MOST_DIFFERING) } }
}

type DifferingRow = { sensorId: number; channel: string; at: number; milliC: number }

function byInstant(a: DifferingRow, b: DifferingRow): number {
  const byChannel = a.channel === b.channel ? 0 : a.channel < b.channel ? -1 : 1
  return a.at - b.at || a.sensorId - b.sensorId || byChannel || a.milliC - b.milliC
}

/**
 * Why a status is not better than it is, as codes; also what caps the served status though the judgement itself is
 * better.
 */
export const REASONS = [
  ...(['NOT_PACKED', 'NO_READINGS', 'GAP', 'PRESUMED_ALARM', 'CALIBRATION_INVALID', 'SENSOR_SUSPECT'] as const),
  /** readings are archived: this is what was judged while they were here */
  'ARCHIVED',
  /** and something it is judged by has changed since */
  'NOT_REJUDGED',
  /** what the live stream saw is not in the memory that was read out, or other than there */
  'READOUT_DIFFERS',
] as const
export type Reason = (typeof REASONS)[number]

/** The reasons of an assessment, in a fixed order. */
export function reasonsOf({
  combined,
  sensors,
  archived,
}: Pick<Assessment, 'combined' | 'sensors' | 'archived'>): Reason[] {
  if (archived !== null) return archivedReasons(archived)
  const reasons: [Reason, boolean][] = [
    ['NOT_PACKED', combined === null],
    ['NO_READINGS', combined?.valid === 0],
    ['GAP', (combined?.gaps.length ?? 0) > 0],
    ['PRESUMED_ALARM', combined?.levels.some((level) => level.alarm.state === 'presumed') ?? false],
    ['CALIBRATION_INVALID', sensors.some((sensor) => sensor.calibration !== null)],
    ['SENSOR_SUSPECT', sensors.some((sensor) => sensor.suspect)],
    ['READOUT_DIFFERS', sensors.some((sensor) => sensor.differing.length > 0)],
  ]
  return reasons.flatMap(([reason, holds]) => (holds ? [reason] : []))
}

function archivedReasons({ reasons, waits }: StoredJudgement): Reason[] {
  return REASONS.filter((one) => reasons.includes(one) || one === 'ARCHIVED' || (waits && one === 'NOT_REJUDGED'))
}

function levelContent(level: LevelResult) {
  return {
    id: level.id,
    alarm: level.alarm,
    events: level.events.map((event) =>
      event.open
        ? { startAt: event.startAt, firstOutAt: event.firstOutAt, open: true }
        : {
            startAt: event.startAt,
            endAt: event.endAt,
            firstOutAt: event.firstOutAt,
            lastOutAt: event.lastOutAt,
            confirmedMs: event.confirmedMs,
            presumedMs: event.presumedMs,
            extremeMilliC: event.extremeMilliC,
            open: false,
          },
    ),
  }
}

/**
 * What the evaluation was made from: the program's behaviour, the limits, the placements with their certificates, and
 * what was read out of the sensors' memory, and when a sensor was in doubt, where anything was.
 */
export function inputsOf({ shipment, sensors }: Assessment) {
  return {
    judgeVersion: shipment.judge.version,
    profileId: shipment.profileId,
    placements: sensors.map(({ placement, calibration }: SensorAssessment) => ({
      sensorId: placement.sensorId,
      channel: placement.channel,
      role: placement.role,
      fromAt: placement.fromAt,
      toAt: placement.toAt === Number.POSITIVE_INFINITY ? null : placement.toAt,
      certificates: placement.certificates.map((certificate) => certificate.id),
      namedCertificate: placement.calibrationId,
      calibrationProblem: calibration,
      ...(placement.doubts.length === 0 ? {} : { doubts: placement.doubts }),
      ...(placement.readouts.length === 0 ? {} : { readouts: placement.readouts.map(({ id }) => id) }),
    })),
  }
}

/** Counts, coverage and the extent of what is open, as of the instant the version was stored. */
export function statisticsOf({ span, combined }: Assessment) {
  if (span === null || combined === null) return null
  return {
    horizonAt: span.toAt,
    dataUntilAt: combined.dataUntilAt,
    coveredMs: combined.coveredMs,
    unknownMs: combined.unknownMs,
    lowestMilliC: combined.lowestMilliC,
    highestMilliC: combined.highestMilliC,
    valid: combined.valid,
    faults: combined.faults,
    conflicts: combined.conflicts,
    levels: combined.levels.map(({ id, totalConfirmedMs, totalPresumedMs, events }) => ({
      id,
      totalConfirmedMs,
      totalPresumedMs,
      openEvent: events.find((event) => event.open) ?? null,
    })),
    gaps: combined.gaps,
  }
}
