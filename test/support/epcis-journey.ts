import { transaction } from '../../db/connect.ts'
import { appendCustody } from '../../src/actions/append-custody.ts'
import { loadLedger } from '../../src/actions/custody-ledger.ts'
import { lockShipments } from '../../src/actions/locks.ts'
import { recordMessages } from '../../src/actions/record-messages.ts'
import type { Actor } from '../../src/domain/actor.ts'
import type { CustodyStatement } from '../../src/domain/custody-event.ts'
import { type Api, administrator, FRIDGE_BODY, iso, type Json, keyOf, named, type Party } from './api.ts'
import { CARRIER, CENTRE, HUB, MAKER } from './epcis-record.ts'
import { CERTIFICATE } from './lane.ts'
import { MINUTE, T0 } from './limits.ts'
import { message } from './world.ts'

/** Maker, carrier and centre with their numbers and places, and someone who has nothing to do with them. */
export type EpcisLane = Awaited<ReturnType<typeof createEpcisLane>>

export async function createEpcisLane(api: Api) {
  const admin = await administrator(api)
  const party = async (role: 'sponsor' | 'carrier' | 'treatment_centre', gln?: string): Promise<Party> => {
    const { id } = await api.post(admin.key, '/organisations', { name: named(role), gln })
    return { id, key: await keyOf(api, admin, { id, role }) }
  }
  const maker = await party('sponsor', MAKER)
  const carrier = await party('carrier', CARRIER)
  const centre = await party('treatment_centre', CENTRE)
  const stranger = await party('sponsor')
  const site = (owner: Party, place: { name: string; gln: string; timeZone: string }) =>
    api.post(admin.key, `/organisations/${owner.id}/sites`, place)
  await site(maker, { name: 'Clean room', gln: MAKER, timeZone: 'Europe/Berlin' })
  await site(carrier, { name: 'Example hub', gln: HUB, timeZone: 'Europe/Berlin' })
  await site(centre, { name: 'Pharmacy', gln: CENTRE, timeZone: 'America/New_York' })
  const product = await api.post(maker.key, '/products', { name: named('product') })
  const profile = await api.post(maker.key, `/products/${product.id}/profiles`, FRIDGE_BODY)
  await api.post(maker.key, `/profiles/${profile.id}/approval`, {
    approver: 'QA',
    source: 'Stability report SR-1',
    effectiveAt: iso(-10_000),
  })
  const container = { serial: named('c'), kind: 'pcm_box', grai: '09521321000773DS9' }
  const { id: containerId } = await api.post(maker.key, '/containers', container)
  return { admin, maker, carrier, centre, stranger, productId: product.id, profileId: profile.id, containerId }
}

export type EpcisLaneParty = 'maker' | 'carrier' | 'centre'

/** A shipment of the lane, with whatever else is said about it. */
export async function openEpcisShipment(api: Api, lane: EpcisLane, more: object = {}): Promise<Json> {
  return api.post(lane.maker.key, '/shipments', {
    reference: named('SHP'),
    productId: lane.productId,
    profileId: lane.profileId,
    consigneeId: lane.centre.id,
    containerId: lane.containerId,
    coi: 'COI-7F3K-0001',
    coiScheme: 'example',
    parties: [{ organisationId: lane.carrier.id, role: 'carrier' }],
    units: [{ code: 'BAG-1', gtin: '09521321001237', serial: named('B'), din: 'G123489654321' }, { code: 'BAG-2' }],
    ...more,
  })
}

type Placed = { id: number; role?: string }

/** A calibrated logger of the maker, placed from the beginning until the window ends. */
export async function placeLogger(api: Api, lane: EpcisLane, { id, role = 'product' }: Placed): Promise<Json> {
  const sensor = await api.post(lane.maker.key, '/sensors', {
    serial: `(8004)9521321${named('LOG').replace(' ', '')}`,
    model: 'T1',
  })
  await api.post(lane.maker.key, `/sensors/${sensor.id}/calibrations`, CERTIFICATE)
  const placement = { sensorId: sensor.id, from: iso(0), role }
  return { ...sensor, placement: await api.post(lane.maker.key, `/shipments/${id}/placements`, placement) }
}

async function correct(api: Api, lane: EpcisLane, { placement, change }: { placement: Json; change: object }) {
  api.clock.now += 1000
  await api.post(lane.maker.key, `/placements/${placement.id}/correction`, { reason: 'test', ...change })
}

/** What a party states, at minutes after T0. */
export async function state(api: Api, lane: EpcisLane, said: Stated): Promise<Json> {
  const { by = 'maker', shipmentId, minute, ...rest } = said
  const body = { at: iso(minute), ...rest }
  api.clock.now += 1000
  return api.post(lane[by].key, `/shipments/${shipmentId}/custody-events`, body)
}

export type Stated = { by?: EpcisLaneParty; shipmentId: number; minute: number; kind: string; [field: string]: unknown }

type Decided = { shipmentId: number; event: Omit<CustodyStatement, 'byOrg' | 'signatures'> }

/** A decision as it stands in a ledger, whatever it rests on: how it is made is told by its own tests. */
async function decide(api: Api, { centre }: EpcisLane, { shipmentId, event }: Decided): Promise<void> {
  const actor: Actor = {
    kind: 'machine',
    id: '1',
    organisationId: centre.id,
    role: 'treatment_centre',
    requestId: null,
  }
  api.clock.now += 1000
  const stated = { ...event, byOrg: CENTRE, actor: 'machine:1', recordedAt: api.clock.now }
  await transaction(api.ctx.db, async (tx) => {
    await lockShipments(tx, [shipmentId])
    const ledger = await loadLedger(tx, shipmentId)
    await appendCustody(tx, api.ctx, { actor, shipmentId, event: stated, signers: [], evaluation: null, ledger })
  })
}

/** Values of a sensor, at minutes after T0; null where it reports a fault. */
export async function send(api: Api, sensorId: number, values: readonly (readonly [number, number | null])[]) {
  const samples = values.map(([minute, c]) => ({ at: T0 + minute * MINUTE, c }))
  api.clock.now += 1000
  await recordMessages(api.ctx, [message(sensorId, samples, api.clock.now)])
}

/** What the logger sent on the way, with a fault, and what only its memory showed. */
const SENT = [
  ...[[0, 4.5] as const, [15, 4.5] as const, [30, 8.5] as const, [45, 8.5] as const, [60, 8.5] as const],
  ...[[75, null] as const, [90, 4.5] as const],
]
const LATE = [[20, 1.5] as const, [78, 16] as const]

type Said = { kind: string; [field: string]: unknown }

/**
 * A whole journey in which every kind of custody event occurs, with an alarm, a fault, a handover in two halves, and
 * corrections of events and placements; data that
 * came late changed what the first version said.
 */
export async function richJourney(api: Api, lane: EpcisLane) {
  const shipment = await openEpcisShipment(api, lane, { sscc: '195213210000000428' })
  const shipmentId: number = shipment.id
  const sensor = await placeLogger(api, lane, shipment)
  const units = ['BAG-1', 'BAG-2']
  const details = { sensorId: sensor.id, waybill: '020-12345675', rma: '77' }
  const common = { shipmentId, units, details, reason: 'as planned', seals: ['S-1'], witness: 'u-31' }
  const say = (by: EpcisLaneParty, minute: number, said: Said) => state(api, lane, { ...common, by, minute, ...said })
  for (const [index, kind] of ['collection', 'packed', 'logger_paired', 'replenished', 'repacked'].entries()) {
    await say('maker', index - 1, { kind, place: `(414)${MAKER}(254)CRYO1` })
  }
  await say('maker', 5, { kind: 'sealed', place: 'Clean room' })
  const handing = { handoverId: 'H1', toOrganisationId: lane.carrier.id }
  await say('maker', 10, { kind: 'handover_release', ...handing })
  await say('carrier', 12, { kind: 'handover_accept', handoverId: 'H1' })
  const underWay = ['pickup', 'departed', 'arrived', 'customs_hold', 'seal_check', 'resealed', 'customs_released']
  for (const [index, kind] of [...underWay, 'readdressed'].entries()) {
    await say('carrier', 14 + index, { kind, place: HUB, toOrganisationId: lane.centre.id })
  }
  await send(api, sensor.id, SENT)
  await say('carrier', 91, { kind: 'delivered' })
  await say('carrier', 92, { kind: 'handover_release', handoverId: 'H2', toOrganisationId: lane.centre.id })
  await say('centre', 94, { kind: 'handover_accept', handoverId: 'H2' })
  await say('centre', 95, { kind: 'received', place: 'Pharmacy' })
  await say('centre', 105, { kind: 'opened', place: 'Pharmacy', details: { sealCheck: 'intact' } })
  const inside = ['unpacked', 'logger_unpaired', 'inspected', 'accepted', 'quarantined', 'stored', 'removed', 'thawed']
  const decided = ['administered', 'destroyed', 'returned']
  const odd = ['refused', 'lost', 'cancelled']
  for (const [index, kind] of [...inside, ...decided, ...odd].entries()) {
    await say('centre', 106 + index, { kind, place: `(414)${CENTRE}(254)TANK`, toOrganisationId: lane.maker.id })
  }
  for (const kind of ['released', 'rejected', 'released_exceptionally'] as const) {
    const at = T0 + 120 * MINUTE
    await decide(api, lane, { shipmentId, event: { kind, at, units, reason: 'as planned' } })
  }
  await send(api, sensor.id, LATE)
  const ledger = await api.get(lane.maker.key, `/shipments/${shipmentId}/custody-events?limit=500`)
  const seqOf = (kind: string) => ledger.items.find((entry: Json) => entry.kind === kind).seq
  await say('carrier', 130, {
    kind: 'correction',
    corrects: seqOf('arrived'),
    replacement: { kind: 'arrived', at: iso(15), place: HUB },
  })
  const spare = await placeLogger(api, lane, { id: shipmentId, role: 'tilt' })
  await correct(api, lane, { placement: spare.placement, change: { from: iso(2), role: 'lid' } })
  const mistaken = await placeLogger(api, lane, { id: shipmentId, role: 'tilt' })
  await correct(api, lane, { placement: mistaken.placement, change: { withdraw: true } })
  await say('centre', 131, { kind: 'correction', corrects: seqOf('lost'), replacement: null })
  return { shipmentId, sensor, path: `/shipments/${shipmentId}` }
}
