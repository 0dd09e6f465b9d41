import { recordMessages } from '../../src/actions/record-messages.ts'
import { type Api, administrator, FRIDGE_BODY, iso, type Json, named, type Party, party } from './api.ts'
import { MINUTE, T0 } from './limits.ts'
import { message } from './world.ts'

/** A sponsor's product with its limits, a centre, and someone who has nothing to do with either; made over HTTP. */
export type Lane = Awaited<ReturnType<typeof createLane>>

export async function createLane(api: Api) {
  const admin = await administrator(api)
  const sponsor = await party(api, admin, 'sponsor')
  const centre = await party(api, admin, 'treatment_centre')
  const stranger = await party(api, admin, 'sponsor')
  const product = await api.post(sponsor.key, '/products', { name: named('product') })
  const profile = await api.post(sponsor.key, `/products/${product.id}/profiles`, FRIDGE_BODY)
  return { admin, sponsor, centre, stranger, productId: product.id, profileId: profile.id }
}

/** Opens a shipment from the sponsor to the centre. */
export async function openShipment(api: Api, lane: Lane, more: object = {}): Promise<Json> {
  const body = { reference: named('shipment'), productId: lane.productId, profileId: lane.profileId, ...more }
  return api.post(lane.sponsor.key, '/shipments', { consigneeId: lane.centre.id, units: [{ code: 'BAG-1' }], ...body })
}

/** Registers a sensor with a certificate that covers the limits. */
export async function addSensor(api: Api, owner: Party): Promise<Json> {
  const sensor = await api.post(owner.key, '/sensors', { serial: named('SN'), model: 'T1' })
  const calibration = await api.post(owner.key, `/sensors/${sensor.id}/calibrations`, CERTIFICATE)
  return { ...sensor, calibration }
}

/** Reads 0.5 too low at 5 degrees. */
export const CERTIFICATE = {
  certificate: 'C-1',
  laboratory: 'Lab',
  calibratedAt: iso(-10_000),
  dueAt: iso(500_000),
  uncertaintyC: 0.3,
  points: [
    { atC: 30, correctionC: '0.5' },
    { atC: -10, correctionC: '0.5' },
  ],
}

/** A packed shipment with a sensor placed from the beginning, and its readings in degrees, 15 minutes apart. */
export async function travel(api: Api, lane: Lane, degrees: readonly (number | null)[]) {
  const shipment = await openShipment(api, lane)
  const sensor = await addSensor(api, lane.sponsor)
  const path = `/shipments/${shipment.id}`
  await api.post(lane.sponsor.key, `${path}/custody-events`, { kind: 'packed', at: iso(0), units: ['BAG-1'] })
  const placement = await api.post(lane.sponsor.key, `${path}/placements`, { sensorId: sensor.id, from: iso(0) })
  await measure(api, sensor.id, degrees)
  return { shipment, sensor, placement, path }
}

/** Lets readings arrive, 15 minutes apart from T0 on. */
export async function measure(api: Api, sensorId: number, degrees: readonly (number | null)[]): Promise<void> {
  const samples = degrees.map((c, index) => ({ at: T0 + index * 15 * MINUTE, c }))
  await recordMessages(api.ctx, [message(sensorId, samples, api.clock.now)])
}
