import { z } from '@hono/zod-openapi'
import type { ReceiptInput } from '../actions/record-receipt.ts'
import { boxAnswers, unitAnswers } from '../actions/stored-receipt.ts'
import { type Answer, BOX_ITEMS, type BoxItem, UNIT_ITEMS, type UnitItem } from '../domain/checklist.ts'
import { exactMilliC } from '../fields.ts'
import { line, moment, prose } from './inputs.ts'
import { secondSigning, signing } from './signing-body.ts'

const MAX_UNITS = 500
const MAX_SEALS = 50
const MAX_G = 10_000_000

/** One answer: `yes` is always the good one; what is left out was not done. */
const answer = z.object({ said: z.enum(['yes', 'no', 'not_done']), remark: prose.nullish() })
const orNotDone = answer.optional()

const box = z
  .strictObject({
    right_consignee: orNotDone,
    outer_label_matches: orNotDone,
    box_intact: orNotDone,
    box_upright: orNotDone,
    indicators_quiet: orNotDone,
    seals_present: orNotDone,
    seals_intact: orNotDone,
    seal_numbers_match: orNotDone,
    container_matches: orNotDone,
    logger_matches: orNotDone,
    display_agrees: orNotDone,
    no_alarm_mark: orNotDone,
    coolant_left: orNotDone,
    all_units_there: orNotDone,
    no_unit_too_many: orNotDone,
    papers_complete: orNotDone,
    logger_read_out: orNotDone,
  } satisfies Record<BoxItem, typeof orNotDone>)
  .meta({ description: 'answers about the box; what is left out was not done' })

const aboutUnit = z
  .strictObject({
    unit_scanned: orNotDone,
    stored_at_once: orNotDone,
    product_matches: orNotDone,
    lot_matches: orNotDone,
    expiry_matches: orNotDone,
    not_expired: orNotDone,
    coi_matches: orNotDone,
    second_identifier_matches: orNotDone,
    second_person_agrees: orNotDone,
    bag_intact: orNotDone,
    batch_released: orNotDone,
  } satisfies Record<UnitItem, typeof orNotDone>)
  .meta({ description: 'answers about the bag; what is left out was not done' })

const transfer = z
  .object({ outAt: moment, storedAt: moment })
  .refine(({ outAt, storedAt }) => storedAt >= outAt, 'storedAt lies before outAt')
  .meta({ description: 'when the bag left the box, and when it was in storage; absent: nobody timed it' })

const unit = z
  .object({
    code: line,
    inBox: z.boolean().default(true).meta({ description: 'false: it is not in the box' }),
    answers: aboutUnit.default({}),
    transfer: transfer.optional(),
    storage: z
      .literal('container')
      .optional()
      .meta({ description: 'it stays in its container: monitoring goes on until it is opened' }),
    place: line.nullish().meta({ description: 'where it is now' }),
  })
  .refine((one) => one.storage === undefined || one.transfer === undefined, 'either it was stored, or it stays')

/** The body of a receipt. */
export const receiptBody = z
  .object({
    receivedAt: moment.optional().meta({ description: 'absent: the time of your `received` event' }),
    box: box.default({}),
    seals: z
      .array(line)
      .max(MAX_SEALS)
      .optional()
      .meta({ description: 'read off; empty: none found; absent: not looked' }),
    displayC: exactMilliC.optional().meta({ description: 'what the logger shows' }),
    loggerClock: z.object({ shows: moment, at: moment }).optional(),
    weightG: z.int().nonnegative().max(MAX_G).optional(),
    dataOwner: line.optional().meta({ description: 'who brings missing readings; absent: the receiver' }),
    dataAbsent: prose.optional().meta({ description: 'no more readings will come: why' }),
    units: z.array(unit).max(MAX_UNITS).refine(hasEachOnce, 'names a unit twice'),
    signing: signing.meta({ description: 'of the receiver, as "received"' }),
    secondSigning: secondSigning.optional().meta({ description: 'of the second person, as "verified"' }),
  })
  .openapi('NewReceipt')

function hasEachOnce(units: readonly { code: string }[]): boolean {
  return new Set(units.map(({ code }) => code)).size === units.length
}

/** The body as the action takes it. */
export function receiptInput(shipmentId: number, body: z.infer<typeof receiptBody>): ReceiptInput {
  return {
    shipmentId,
    receivedAt: body.receivedAt ?? null,
    box: boxAnswers.parse(answered(BOX_ITEMS, body.box)),
    seals: body.seals ?? null,
    displayMilliC: body.displayC ?? null,
    loggerClock: body.loggerClock === undefined ? null : { showsAt: body.loggerClock.shows, at: body.loggerClock.at },
    weightG: body.weightG ?? null,
    dataOwner: body.dataOwner ?? null,
    dataAbsentReason: body.dataAbsent ?? null,
    units: body.units.map((one) => ({
      code: one.code,
      inBox: one.inBox,
      answers: unitAnswers.parse(answered(UNIT_ITEMS, one.answers)),
      transfer: one.storage === 'container' ? 'stays_in_container' : (one.transfer ?? null),
      place: one.place ?? null,
    })),
    signing: body.signing,
    second: body.secondSigning ?? null,
  }
}

type Given<Id extends string> = { readonly [One in Id]?: z.infer<typeof orNotDone> }

function answered<Id extends string>(ids: readonly Id[], given: Given<Id>): Record<string, Answer> {
  return Object.fromEntries(
    ids.map((id) => [id, { said: given[id]?.said ?? 'not_done', remark: given[id]?.remark ?? null }]),
  )
}
