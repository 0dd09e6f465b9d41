import {
  type Answer,
  BOX_ITEMS,
  type BoxAnswers,
  type BoxItem,
  UNIT_ITEMS,
  type UnitAnswers,
  type UnitItem,
} from '../../src/domain/checklist.ts'
import {
  type BoxFacts,
  judgeReceipt,
  type ReceivedBox,
  type ReceivedUnit,
  type UnitFacts,
} from '../../src/domain/receipt.ts'
import { T0 } from '../support/limits.ts'

export const YES: Answer = { said: 'yes', remark: null }
export const NO: Answer = { said: 'no', remark: 'seen by the window' }
export const NOT_DONE: Answer = { said: 'not_done', remark: null }

/** Every question answered well, but those named. */
export function boxAnswers(change: Partial<Record<BoxItem, Answer>> = {}): BoxAnswers {
  return { ...all(BOX_ITEMS), ...change }
}

export function unitAnswers(change: Partial<Record<UnitItem, Answer>> = {}): UnitAnswers {
  return { ...all(UNIT_ITEMS), ...change }
}

function all<Item extends string>(items: readonly Item[]): Record<Item, Answer> {
  return Object.fromEntries(items.map((item) => [item, YES])) as Record<Item, Answer>
}

export const HOUR = 3_600_000

/** A box about which nothing is to be found. */
export const GOOD_BOX: BoxFacts = {
  receivedAt: T0,
  isConsignee: true,
  seals: { expected: ['S-1', 'S-2'], found: ['S-2', 'S-1'] },
  unitsMissing: [],
  unitsUnexpected: [],
  isContainer: true,
  isLogger: true,
  containerQualifiedUntilAt: T0,
  holdTime: { qualifiedMs: 240 * HOUR, elapsedMs: 240 * HOUR },
  custody: 'intact',
  integrity: 'ok',
  temperature: { status: 'in_range', severity: null, presumed: false, gaps: false, belowAlarm: false },
  data: 'complete',
  displayDisagrees: false,
  readoutDiffers: false,
  windowChanged: false,
  calibrationInvalid: false,
  sensorSuspect: false,
  clockUntrusted: false,
}

/** A unit about which nothing is to be found. */
export const GOOD_UNIT: UnitFacts = {
  identity: 'match',
  expiry: { earliestAt: T0, latestAt: T0 },
  lotStatus: 'ok',
  batchStatus: 'released',
  transfer: { tookMs: 120_000, maxMs: 120_000 },
  budget: 'within',
}

export type Change = {
  box?: Partial<BoxFacts>
  unit?: Partial<UnitFacts>
  boxSaid?: Partial<Record<BoxItem, Answer>>
  unitSaid?: Partial<Record<UnitItem, Answer>>
}

export function boxWith({ box = {}, boxSaid = {} }: Change): ReceivedBox {
  return { facts: { ...GOOD_BOX, ...box }, answers: boxAnswers(boxSaid) }
}

export function unitWith({ unit = {}, unitSaid = {} }: Change): ReceivedUnit {
  return { facts: { ...GOOD_UNIT, ...unit }, answers: unitAnswers(unitSaid) }
}

/** The one unit of a receipt that is good but for the change. */
export function judged(change: Change) {
  const { units } = judgeReceipt({ box: boxWith(change), units: [{ code: 'BAG-1', received: unitWith(change) }] })
  const [unit] = units
  if (unit === undefined) throw new Error('a receipt of one unit judged none')
  return unit
}
