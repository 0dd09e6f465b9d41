import { z } from '@hono/zod-openapi'
import type { SensorStatus } from '../actions/sensor-status.ts'
import type { ShipmentStatus } from '../actions/shipment-status.ts'
import { exactC, isoInstant } from '../domain/units.ts'
import { containerAnswer, printContainer } from './container-answer.ts'
import { custody, printCustody } from './custody-answer.ts'
import { isoOrNull, printedInstant } from './inputs.ts'
import { lotStanding, printLotStanding } from './lot-answer.ts'
import { measured, printMeasured } from './measured-answer.ts'
import { printReReview, reReview } from './re-review-answer.ts'
import { printReceiptLine, printUnit, receiptLine, unit } from './status-unit-answer.ts'
import { missing, printTemperature, temperature } from './temperature-answer.ts'

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
    .meta({ description: 'messages missing by their numbers; asked: how often since none was; null: not numbered' }),
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
    review: z.object({
      state: z.enum(['none', 're_review']).meta({
        description: 're_review: somebody relied on what came out otherwise; only a signed decision ends it',
      }),
      open: z.array(reReview),
    }),
    lots: z
      .array(lotStanding.extend({ lot: z.string().nullable(), units: z.array(z.string()) }))
      .meta({ description: 'what the sponsor says about the lots of the units, now, also after receipt' }),
    receipt: receiptLine,
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
