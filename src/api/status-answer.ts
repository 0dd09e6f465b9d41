import { z } from '@hono/zod-openapi'
import type { StoredJudgement } from '../actions/assess.ts'
import type { SensorStatus } from '../actions/sensor-status.ts'
import type { ShipmentStatus, Temperature } from '../actions/shipment-status.ts'
import type { ExcursionEvent, LevelResult } from '../domain/combine.ts'
import { coveragePercent, exactC, isoInstant } from '../domain/units.ts'
import { containerAnswer, printContainer } from './container-answer.ts'
import { custody, printCustody } from './custody-answer.ts'
import { celsiusOrNull, isoOrNull, printedInstant } from './inputs.ts'
import { lotStanding, printLotStanding } from './lot-answer.ts'
import { measured, printMeasured } from './measured-answer.ts'
import { printReReview, reReview } from './re-review-answer.ts'
import { printReceiptLine, printUnit, receiptLine, unit } from './status-unit-answer.ts'

const event = z.object({
  start: printedInstant,
  end: printedInstant,
  firstOutAt: printedInstant.nullable(),
  lastOutAt: printedInstant.nullable(),
  confirmedS: z.number(),
  presumedS: z.number(),
  extremeC: z.number().nullable(),
  open: z.boolean(),
})

const level = z.object({
  id: z.string(),
  side: z.enum(['high', 'low']),
  limitC: z.number(),
  alarm: z.object({ state: z.enum(['none', 'confirmed', 'presumed']), at: printedInstant.nullable() }),
  totalConfirmedS: z.number(),
  totalPresumedS: z.number(),
  events: z.array(event),
})

const missing = z.object({ value: z.null(), reason: z.string() })

const temperature = z.object({
  status: z.enum(['in_range', 'excursion_below_alarm', 'indeterminate', 'alarm']),
  severity: z.enum(['warning', 'major', 'critical']).nullable(),
  complete: z.boolean().meta({ description: 'no gap remains and something was measured; read it with every status' }),
  presumed: z.boolean().meta({ description: 'some time without data counts as out of limits' }),
  dataUntil: printedInstant.nullable(),
  reasons: z.array(z.string()).meta({ description: 'why the status is not better' }),
  levels: z.array(level),
  gaps: z.array(z.object({ from: printedInstant, to: printedInstant, s: z.number(), open: z.boolean() })),
  coverage: z.object({ coveredS: z.number(), unknownS: z.number(), percent: z.number().nullable() }).nullable(),
  worst: z.object({ lowestC: z.number().nullable(), highestC: z.number().nullable() }),
  window: z.object({
    state: z.enum(['not_packed', 'open', 'closed']),
    from: printedInstant.nullable(),
    to: printedInstant.nullable(),
  }),
  counts: z.object({
    valid: z.int(),
    faults: z.int(),
    conflicts: z.int(),
    outOfWindow: z.int().nullable().meta({ description: 'null: archived' }),
  }),
  archived: z
    .object({
      archives: z.array(z.string()),
      evaluationVersion: z.int().nullable(),
      waits: z.boolean(),
      detail: z.string(),
    })
    .nullable()
    .meta({ description: 'readings are archived: the stored evaluation stands in for them' }),
  budget: missing,
})

const sensor = z.object({
  placementId: z.int(),
  sensorId: z.int(),
  channel: z.string(),
  role: z.string(),
  from: printedInstant,
  to: printedInstant.nullable(),
  dataUntil: printedInstant.nullable(),
  last: z
    .object({ lowestC: z.number(), highestC: z.number() })
    .nullable()
    .meta({ description: 'the newest reading, corrected; the two differ where it contradicts itself' }),
  observations: z.array(measured).meta({ description: 'the newest of each quantity beside temperature' }),
  sequence: z
    .object({
      restarts: z.int(),
      missing: z.array(z.object({ from: z.int(), to: z.int() })),
      missingSince: printedInstant.nullable(),
      asked: z.int(),
    })
    .nullable()
    .meta({ description: 'messages missing by their numbers, and how often they were asked for; null: not numbered' }),
  calibration: z.object({
    id: z.int().nullable(),
    certificate: z.string().nullable(),
    dueAt: printedInstant.nullable(),
    problem: z.string().nullable().meta({ description: 'why it cannot carry a verdict' }),
  }),
})

/** The one answer about a shipment. */
export const shipmentStatus = z
  .object({
    shipmentId: z.int(),
    reference: z.string(),
    asOf: printedInstant,
    recomputed: z
      .object({ at: printedInstant, detail: z.string() })
      .nullable()
      .meta({ description: 'null: as it stands; else the answer of asOf, from what was known by then' }),
    evaluationVersion: z
      .int()
      .nullable()
      .meta({ description: 'the stored version this extends to asOf; null: none was stored yet' }),
    profileVersion: z.object({ profileId: z.int(), version: z.int(), name: z.string(), example: z.boolean() }),
    temperature,
    custody,
    identity: missing,
    sensors: z.array(sensor),
    container: containerAnswer,
    units: z.array(unit),
    receipt: receiptLine,
    review: z.object({
      state: z.enum(['none', 're_review']).meta({
        description: 're_review: somebody relied on what came out otherwise; only a signed decision ends it',
      }),
      open: z.array(reReview),
    }),
    lots: z
      .array(lotStanding.extend({ lot: z.string().nullable(), units: z.array(z.string()) }))
      .meta({ description: 'what the sponsor says about the lots of the units, now, also after receipt' }),
    recordHash: z.string().meta({ description: 'over evaluation, custody and receipt; independent of asOf' }),
  })
  .openapi('ShipmentStatus')

/** One status is printed for everyone, and whoever is still to read a label must not learn what another read off it. */
const IDENTITY_ELSEWHERE = 'How labels stand is told to each asker by /shipments/{id}/identity.'

/** Prints the answer: instants ISO 8601, temperatures degrees Celsius, durations seconds; unrounded. */
export function printStatus(found: ShipmentStatus): z.infer<typeof shipmentStatus> {
  return {
    shipmentId: found.shipmentId,
    reference: found.reference,
    asOf: isoInstant(found.asOf),
    recomputed: found.recomputedAt === null ? null : { at: isoInstant(found.recomputedAt), detail: RECOMPUTED },
    evaluationVersion: found.evaluationVersion,
    profileVersion: found.profile,
    temperature: printTemperature(found.temperature),
    custody: printCustody(found.custody),
    identity: { value: null, reason: IDENTITY_ELSEWHERE },
    sensors: found.sensors.map(printSensor),
    container: printContainer(found.container),
    units: found.units.map((one) => printUnit(one, found)),
    receipt: found.receipt && printReceiptLine(found.receipt),
    review: {
      state: found.reReviews.length > 0 ? 're_review' : 'none',
      open: found.reReviews.map(printReReview),
    },
    lots: found.lots.map(({ lot, units, ...standing }) => ({ lot, units, ...printLotStanding(standing) })),
    recordHash: found.recordHash,
  }
}

const RECOMPUTED =
  'Judged again from what the service knew by asOf: what came in or was corrected later is left out, and so are the ' +
  'message numbers of sensors, which are followed as of now only.'
function printTemperature(found: Temperature): z.infer<typeof temperature> {
  const { span, judged } = found
  return {
    status: found.status,
    severity: found.severity,
    complete: found.complete,
    presumed: found.presumed,
    dataUntil: isoOrNull(found.dataUntilAt),
    reasons: found.reasons,
    levels: (judged?.levels ?? []).map((result) => printLevel(result, found.levels)),
    gaps: (judged?.gaps ?? []).map(({ fromAt, toAt, open }) => ({
      from: isoInstant(fromAt),
      to: isoInstant(toAt),
      s: (toAt - fromAt) / 1000,
      open,
    })),
    coverage: judged && {
      coveredS: judged.coveredMs / 1000,
      unknownS: judged.unknownMs / 1000,
      percent: coveragePercent(judged.coveredMs, judged.coveredMs + judged.unknownMs),
    },
    worst: {
      lowestC: celsiusOrNull(judged?.lowestMilliC ?? null),
      highestC: celsiusOrNull(judged?.highestMilliC ?? null),
    },
    window: printWindow(span),
    counts: {
      valid: judged?.valid ?? 0,
      faults: judged?.faults ?? 0,
      conflicts: judged?.conflicts ?? 0,
      outOfWindow: found.outOfWindow,
    },
    archived: found.archived && printArchived(found.archived),
    budget: { value: null, reason: 'It is one of each unit: see /shipments/{id}/budget.' },
  }
}

function printArchived({ archives, version, waits }: StoredJudgement) {
  const names = archives.join(', ')
  const served = version === null ? 'nothing was judged before' : `what is served is evaluation ${version}`
  const then = 'Something it is judged by has changed since: restore the archive, then it is judged again.'
  const detail = `Its readings are archived (${names}): ${served}.${waits ? ` ${then}` : ''}`
  return { archives: [...archives], evaluationVersion: version, waits, detail }
}

function printWindow(span: Temperature['span']): z.infer<typeof temperature>['window'] {
  if (span === null) return { state: 'not_packed', from: null, to: null }
  const from = isoInstant(span.fromAt)
  return span.closed ? { state: 'closed', from, to: isoInstant(span.toAt) } : { state: 'open', from, to: null }
}

function printLevel(result: LevelResult, levels: Temperature['levels']): z.infer<typeof level> {
  const limits = levels.find(({ id }) => id === result.id)
  if (limits === undefined) throw new Error(`level ${result.id} was judged, and is none of the profile`)
  const { alarm } = result
  return {
    id: result.id,
    side: limits.side,
    limitC: exactC(limits.limitMilliC),
    alarm: { state: alarm.state, at: alarm.state === 'none' ? null : isoInstant(alarm.at) },
    totalConfirmedS: result.totalConfirmedMs / 1000,
    totalPresumedS: result.totalPresumedMs / 1000,
    events: result.events.map(printEvent),
  }
}

function printEvent(found: ExcursionEvent): z.infer<typeof event> {
  return {
    start: isoInstant(found.startAt),
    end: isoInstant(found.endAt),
    firstOutAt: isoOrNull(found.firstOutAt),
    lastOutAt: isoOrNull(found.lastOutAt),
    confirmedS: found.confirmedMs / 1000,
    presumedS: found.presumedMs / 1000,
    extremeC: celsiusOrNull(found.extremeMilliC),
    open: found.open,
  }
}

function printSensor(found: SensorStatus): z.infer<typeof sensor> {
  const { certificate, last } = found
  return {
    placementId: found.placementId,
    sensorId: found.sensorId,
    channel: found.channel,
    role: found.role,
    from: isoInstant(found.fromAt),
    to: isoOrNull(found.toAt),
    dataUntil: isoOrNull(last?.at ?? null),
    last: last && { lowestC: exactC(last.lowestMilliC), highestC: exactC(last.highestMilliC) },
    observations: found.observations.map(printMeasured),
    sequence: found.sequence && {
      restarts: found.sequence.restarts,
      missing: found.sequence.missing.map(([from, to]) => ({ from, to })),
      missingSince: isoOrNull(found.sequence.missingSinceAt),
      asked: found.sequence.asked,
    },
    calibration: {
      id: certificate?.id ?? null,
      certificate: certificate?.certificate ?? null,
      dueAt: isoOrNull(certificate?.dueAt ?? null),
      problem: found.calibration,
    },
  }
}
