import { z } from 'zod'
import type { Tx } from '../../db/connect.ts'
import type { Assessment, SensorAssessment } from '../domain/assess.ts'
import { calibrationProblem } from '../domain/calibration.ts'
import type { Combined, ExcursionEvent, JudgedSpan } from '../domain/combine.ts'
import type { EvaluationContent } from '../domain/evaluation-content.ts'
import type { PlacementFacts, ShipmentFacts } from './judging-facts.ts'

/**
 * The assessment of a shipment whose readings are archived: what was judged last while they were here, never a new
 * judgement. Missing rows would be gaps that never were.
 */
export async function storedAssessment(tx: Tx, shipment: ShipmentFacts): Promise<Assessment> {
  const row = await tx
    .selectFrom('evaluation')
    .select(['version', 'content', 'statistics'])
    .where('shipment_id', '=', shipment.shipmentId)
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst()
  const waits = row === undefined || shipment.judgeFromAt !== null
  const judged = row && storedJudgement(row)
  const span = judged?.span ?? null
  return {
    shipment,
    span,
    combined: judged?.combined ?? null,
    sensors: shipment.placements.map((placement) => sensorOf(placement, shipment, span)),
    archived: { archives: shipment.archives, version: row?.version ?? null, reasons: judged?.reasons ?? [], waits },
  }
}

function sensorOf(placement: PlacementFacts, shipment: ShipmentFacts, span: JudgedSpan | null): SensorAssessment {
  const { rules, certificates, calibrationId, doubts } = placement
  const judged = span && {
    fromAt: rules.fromAt,
    toAt: Math.max(rules.fromAt, Math.min(span.toAt, rules.toAt)),
    profile: shipment.profile,
    doubts,
  }
  const calibration = judged && calibrationProblem(certificates, calibrationId, judged)
  return { placement, last: null, calibration, suspect: false, differing: [] }
}

const instant = z.int()
const event = z.object({
  startAt: instant,
  endAt: instant,
  firstOutAt: instant.nullable(),
  lastOutAt: instant.nullable(),
  confirmedMs: z.int(),
  presumedMs: z.int(),
  extremeMilliC: z.int().nullable(),
  open: z.boolean(),
})
const openEvent = z.object({ startAt: instant, firstOutAt: instant.nullable(), open: z.boolean() })
const alarm = z.union([
  z.object({ state: z.literal('none') }),
  z.object({ state: z.enum(['confirmed', 'presumed']), at: instant }),
])

const content = z.object({
  status: z.enum(['in_range', 'excursion_below_alarm', 'indeterminate', 'alarm']),
  severity: z.enum(['warning', 'major', 'critical']).nullable(),
  complete: z.boolean(),
  presumed: z.boolean(),
  reasons: z.array(z.string()),
  window: z.object({ fromAt: instant, toAt: instant.nullable() }).nullable(),
  levels: z.array(z.object({ id: z.string(), alarm, events: z.array(z.union([event, openEvent])) })),
  gaps: z.array(z.object({ fromAt: instant, toAt: instant.nullable() })),
}) satisfies z.ZodType<EvaluationContent>

/** What a stored evaluation says. */
export function storedContent(stored: unknown): EvaluationContent {
  return content.parse(stored)
}

const statistics = z
  .object({
    horizonAt: instant,
    dataUntilAt: instant.nullable(),
    coveredMs: z.int(),
    unknownMs: z.int(),
    lowestMilliC: z.int().nullable(),
    highestMilliC: z.int().nullable(),
    valid: z.int(),
    faults: z.int(),
    conflicts: z.int(),
    levels: z.array(
      z.object({
        id: z.string(),
        totalConfirmedMs: z.int(),
        totalPresumedMs: z.int(),
        openEvent: event.nullable(),
      }),
    ),
    gaps: z.array(z.object({ fromAt: instant, toAt: instant, open: z.boolean() })),
  })
  .nullable()

type Stored = { span: JudgedSpan | null; combined: Combined | null; reasons: string[] }

function storedJudgement(row: { content: unknown; statistics: unknown }): Stored {
  const said = content.parse(row.content)
  const counted = statistics.parse(row.statistics)
  if (said.window === null || counted === null) return { span: null, combined: null, reasons: said.reasons }
  const { fromAt, toAt } = said.window
  const span = { fromAt, toAt: toAt ?? counted.horizonAt, closed: toAt !== null }
  const { horizonAt: _horizon, levels, gaps, ...counts } = counted
  const { status, severity, complete, presumed, reasons } = said
  const combined: Combined = {
    ...{ status, severity, complete, presumed },
    ...counts,
    gaps,
    duplicates: 0,
    levels: said.levels.map(({ id, alarm: state, events }) => {
      const totals = levels.find((level) => level.id === id)
      return {
        id,
        alarm: state,
        totalConfirmedMs: totals?.totalConfirmedMs ?? 0,
        totalPresumedMs: totals?.totalPresumedMs ?? 0,
        events: events.flatMap((one) => wholeEvent(one, totals?.openEvent ?? null)),
      }
    }),
  }
  return { span, combined, reasons }
}

/** Of an open event the content has only the beginning; its extent as of then is among the statistics. */
function wholeEvent(
  stored: z.infer<typeof event> | z.infer<typeof openEvent>,
  open: ExcursionEvent | null,
): ExcursionEvent[] {
  return 'endAt' in stored ? [stored] : open === null ? [] : [open]
}
