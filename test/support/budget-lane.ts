import { recordMessages } from '../../src/actions/record-messages.ts'
import { type Api, administrator, FRIDGE_BODY, iso, type Json, named, type Party, party } from './api.ts'
import { addSensor } from './lane.ts'
import { MINUTE, T0 } from './limits.ts'
import { message } from './world.ts'

/** A sponsor's product with a stability budget, a depot that passes units on, a centre, and a stranger; over HTTP. */
export type BudgetLane = Awaited<ReturnType<typeof createBudgetLane>>

/** 8 to 15 for an hour, 15 to 25 for half of one; nothing below the label, and nothing beyond 25. */
export const BUDGET_BODY = {
  ...FRIDGE_BODY,
  mktPolicy: 'informative',
  budgetBands: [
    { id: 'COOL', aboveC: 8, uptoC: 15, allowedS: 3600 },
    { id: 'RT', aboveC: 15, uptoC: 25, allowedS: 1800 },
  ],
}

export async function createBudgetLane(api: Api) {
  const admin = await administrator(api)
  const sponsor = await party(api, admin, 'sponsor')
  const depot = await party(api, admin, 'distributor')
  const centre = await party(api, admin, 'treatment_centre')
  const stranger = await party(api, admin, 'sponsor')
  const product = await api.post(sponsor.key, '/products', { name: named('product') })
  const profile = await api.post(sponsor.key, `/products/${product.id}/profiles`, BUDGET_BODY)
  return { admin, sponsor, depot, centre, stranger, productId: product.id, profileId: profile.id }
}

/** One unit's ride with a shipment of its own. */
export type Ride = { path: string; shipmentId: number; sensorId: number; unitId: number; from: Party; to: Party }

type RideOptions = { from?: Party; to?: Party; packedMinute?: number | null; unit?: object; profileId?: number }

/** A shipment from sponsor to depot with one unit and one sensor; readings 15 minutes apart from its packing on. */
export async function ride(api: Api, lane: BudgetLane, given: RideOptions & { code: string; degrees?: number[] }) {
  const { from = lane.sponsor, to = lane.depot, packedMinute = 0, unit = {}, code, degrees = [] } = given
  const shipment = await api.post(from.key, '/shipments', {
    ...{ reference: named('shipment'), productId: lane.productId, profileId: given.profileId ?? lane.profileId },
    ...{ consigneeId: to.id, units: [{ code, ...unit }] },
  })
  const path = `/shipments/${shipment.id}`
  const sensor = await addSensor(api, lane.sponsor)
  await api.post(lane.sponsor.key, `${path}/placements`, { sensorId: sensor.id, from: iso(packedMinute ?? 0) })
  if (packedMinute !== null) {
    await api.post(from.key, `${path}/custody-events`, { kind: 'packed', at: iso(packedMinute), units: [code] })
  }
  if (degrees.length > 0) await measured(api, sensor.id, { degrees, fromMinute: packedMinute ?? 0 })
  const { units } = await api.get(from.key, `${path}/status`)
  return { path, shipmentId: shipment.id, sensorId: sensor.id, unitId: units[0].id, from, to }
}

/** Lets readings arrive; the sensor's certificate adds half a degree, which is taken off here. */
export async function measured(
  api: Api,
  sensorId: number,
  { degrees, fromMinute }: { degrees: readonly number[]; fromMinute: number },
): Promise<void> {
  const samples = degrees.map((c, index) => ({ at: T0 + (fromMinute + index * 15) * MINUTE, c: c - 0.5 }))
  await recordMessages(api.ctx, [message(sensorId, samples, api.clock.now)])
}

/** The consignee takes the unit out: the window ends. */
export async function unpack(api: Api, { path, to }: Ride, minute: number): Promise<Json> {
  return api.post(to.key, `${path}/custody-events`, { kind: 'unpacked', at: iso(minute), reason: 'arrived' })
}

/** The first unit of a shipment's budget. */
export async function unitBudget(api: Api, key: string, { path }: Pick<Ride, 'path'>): Promise<Json> {
  return (await api.get(key, `${path}/budget`)).units[0]
}

/** Seconds per band: consumed and presumed earlier, consumed and presumed here. */
export function bandsOf(unit: Json): Record<string, number[]> {
  return Object.fromEntries(
    unit.bands.map(({ id, earlier, here }: Json) => [
      id,
      [earlier.consumedS, earlier.presumedS, here.consumedS, here.presumedS],
    ]),
  )
}

/** The entries of a unit's ledger as band, seconds consumed and presumed, and the index of the entry it reverses. */
export async function ledgerOf(api: Api, key: string, { unitId }: Pick<Ride, 'unitId'>): Promise<unknown[]> {
  const { items } = await api.get(key, `/units/${unitId}/budget?limit=500`)
  return items.map(({ band, consumedS, presumedS, reverses, source }: Json) => {
    const reversed = items.findIndex(({ id }: Json) => id === reverses)
    return [source, band, consumedS, presumedS, ...(reverses === null ? [] : [`reverses ${reversed}`])]
  })
}
