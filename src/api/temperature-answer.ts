import { z } from '@hono/zod-openapi'
import type { Temperature } from '../actions/shipment-status.ts'
import type { StoredJudgement } from '../domain/assess.ts'
import type { ExcursionEvent, LevelResult } from '../domain/combine.ts'
import { coveragePercent, exactC, isoInstant } from '../domain/units.ts'
import { celsiusOrNull, isoOrNull, printedInstant } from './inputs.ts'

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

/** A part of an answer that is told elsewhere, or by nobody yet. */
export const missing = z.object({ value: z.null(), reason: z.string() })

/** The condition in the status of a shipment. */
export const temperature = z.object({
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

/** Prints it. */
export function printTemperature(found: Temperature): z.infer<typeof temperature> {
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
