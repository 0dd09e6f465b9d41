import { type Answer, UNIT_ITEMS, type UnitAnswers } from '../domain/checklist.ts'
import {
  type BoxFacts,
  type HoldTime,
  judgeReceipt,
  type ReceiptVerdict,
  type ReceivedUnit,
  type UnitFacts,
} from '../domain/receipt.ts'
import {
  clockTrust,
  custodyFacts,
  type DataState,
  dataState,
  displayDisagrees,
  heldMs,
  temperatureFacts,
} from '../domain/receipt-facts.ts'
import type { ReceiptSaid, SaidUnit } from '../domain/receipt-record.ts'
import { receiptIdentity } from '../domain/shipment-identity.ts'
import { chargeOfGround, type ReceiptGround } from './receipt-ground.ts'
import { unitAnswers } from './stored-receipt.ts'

/** The verdict on each unit and on the shipment, and whether readings are complete. */
export type JudgedReceipt = ReceiptVerdict & { data: DataState }

/** What a receiver said, judged on what the service knows as of the ground's instant. Reads nothing. */
export function judgedReceipt(said: ReceiptSaid, ground: ReceiptGround): JudgedReceipt {
  const data = dataOf(said, ground)
  const known = receiptIdentity(ground.identity)
  const facts: BoxFacts = { ...boxFacts(said, ground), ...known.box, ...unitsInBox(said, ground), data: data.state }
  const units = allUnits(said, ground).map((unit) => ({ code: unit.code, received: receivedUnit(unit, ground) }))
  return { ...judgeReceipt({ box: { answers: said.box, facts }, units }), data }
}

function dataOf({ receivedAt, dataOwner, dataAbsent }: ReceiptSaid, ground: ReceiptGround): DataState {
  const { content, window, readOutUntilAt, asOf } = ground
  const { gaps } = temperatureFacts(content)
  const windowToAt = window.state === 'closed' ? window.toAt : null
  const facts = { gaps, windowToAt, readOutUntilAt, declaredAbsent: dataAbsent, receivedAt, owner: dataOwner }
  return dataState(facts, asOf)
}

type KnownOfBox = Omit<BoxFacts, 'data' | 'unitsMissing' | 'unitsUnexpected' | 'isContainer' | 'isLogger'>

function boxFacts(said: ReceiptSaid, ground: ReceiptGround): KnownOfBox {
  const { content, container, sealsExpected, sealsSeen } = ground
  return {
    receivedAt: said.receivedAt,
    isConsignee: ground.byOrg === ground.destinationOrg,
    seals: { expected: sealsExpected, found: said.seals ?? sealsSeen },
    containerQualifiedUntilAt: container?.qualifiedUntilAt ?? null,
    holdTime: holdTime(said, ground),
    ...custodyFacts(ground.custody),
    temperature: temperatureFacts(content),
    displayDisagrees: displayed(said, ground),
    readoutDiffers: content.reasons.includes('READOUT_DIFFERS'),
    windowChanged: ground.windowChanged,
    calibrationInvalid: content.reasons.includes('CALIBRATION_INVALID'),
    sensorSuspect: content.reasons.includes('SENSOR_SUSPECT'),
    clockUntrusted:
      said.loggerClock !== null && clockTrust(said.loggerClock.showsAt - said.loggerClock.at) === 'untrusted',
  }
}

/** From the last charge until the unit left the container; on and on for one that stays in it. */
function holdTime(said: ReceiptSaid, { container, window, events, asOf }: ReceiptGround): HoldTime {
  if (container?.kind === 'active_container') return 'unlimited'
  const outAt = said.units.flatMap(({ transfer }) => (isTimed(transfer) ? [transfer.outAt] : []))
  const stays = said.units.some(({ transfer }) => transfer === 'stays_in_container')
  const unitOutAt = window.state === 'closed' ? window.toAt : stays ? asOf : Math.min(asOf, ...outAt)
  const chargedAt = chargeOfGround({ events }, unitOutAt)
  return {
    qualifiedMs: container?.holdMs ?? null,
    elapsedMs: heldMs(chargedAt === null ? [] : [chargedAt], unitOutAt),
  }
}

type Timed = { readonly outAt: number; readonly storedAt: number }

function isTimed(transfer: SaidUnit['transfer']): transfer is Timed {
  return transfer !== null && transfer !== 'stays_in_container'
}

/** Of several loggers any may be the one whose display was read. */
function displayed({ displayMilliC }: ReceiptSaid, { sensors, storageClass }: ReceiptGround): boolean | null {
  const last = sensors.flatMap((sensor) => sensor.last ?? [])
  if (displayMilliC === null || last.length === 0) return null
  return last.every((one) => displayDisagrees(displayMilliC, one, storageClass))
}

/** Read off a label or said to be in the box. */
function unitsInBox({ units }: ReceiptSaid, { codes, identity }: ReceiptGround) {
  const said = units.filter(({ inBox }) => inBox).map(({ code }) => code)
  const strange = [...new Set([...said, ...identity.unexpected])].filter((code) => !codes.includes(code))
  return {
    unitsMissing: units.filter(({ code, inBox }) => !inBox && codes.includes(code)).map(({ code }) => code),
    unitsUnexpected: strange,
  }
}

const NOT_DONE: Answer = { said: 'not_done', remark: null }
/** About a unit of which the receiver said nothing. */
const NOTHING_SAID: UnitAnswers = unitAnswers.parse(Object.fromEntries(UNIT_ITEMS.map((id) => [id, NOT_DONE])))
/** The packing list in its order, then whatever else is there. */
function allUnits({ units }: ReceiptSaid, { codes, identity }: ReceiptGround): SaidUnit[] {
  const named = units.map(({ code }) => code)
  return [...new Set([...codes, ...named, ...identity.unexpected])].map(
    (code) =>
      units.find((unit) => unit.code === code) ?? {
        code,
        inBox: true,
        answers: NOTHING_SAID,
        transfer: null,
        place: null,
      },
  )
}

function receivedUnit(unit: SaidUnit, ground: ReceiptGround): ReceivedUnit | null {
  if (!unit.inBox) return null
  const { answers, code } = unit
  const known = receiptIdentity(ground.identity).units.get(code)
  const facts: UnitFacts = {
    identity: known?.identity ?? 'unverified',
    expiry: known?.expiry ?? null,
    ...lotFacts(answers, ground.lots.get(code)),
    transfer: transferOf(unit, ground),
    budget: ground.budgets.get(code) ?? 'none',
  }
  return { answers, facts }
}

type LotFacts = Pick<UnitFacts, 'lotStatus' | 'batchStatus'>

/** The papers speak for the sponsor as long as the service has no word of the sponsor's about the batch. */
function lotFacts({ batch_released: papers }: UnitAnswers, lot: LotFacts | undefined): LotFacts {
  const { lotStatus, batchStatus } = lot ?? { lotStatus: 'ok', batchStatus: 'unknown' }
  return { lotStatus, batchStatus: batchStatus === 'unknown' && papers.said === 'yes' ? 'released' : batchStatus }
}

function transferOf({ transfer }: SaidUnit, { terms: { maxTransferMs } }: ReceiptGround): UnitFacts['transfer'] {
  if (transfer === 'stays_in_container') return transfer
  return { tookMs: transfer && transfer.storedAt - transfer.outAt, maxMs: maxTransferMs }
}
