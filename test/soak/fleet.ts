import { z } from 'zod'
import { type ApiClient, apiClient } from '../../simulators/client.ts'
import { SCENARIO_LIMITS } from '../../simulators/scenario-limits.ts'
import { profileBody } from '../../simulators/world.ts'
import { openParty, openSensor } from '../support/journey.ts'
import type { RunningService } from '../support/service.ts'
import { SoakSensor } from './traffic.ts'

/** Two sensors ride with each shipment, as product and as backup. */
export type SoakShipment = { id: number; sensors: SoakSensor[] }

export type SoakFleet = { shipments: SoakShipment[]; sponsor: ApiClient; centre: ApiClient }

const created = z.object({ id: z.int() })
const OPENED_AT_ONCE = 10

/** A reading a minute, under the limits of 2 to 8 C. */
export const SOAK_LIMITS = {
  ...SCENARIO_LIMITS.fridge.limits,
  name: 'Soak 2-8 C',
  nominalIntervalMs: 60_000,
  maxGapMs: 180_000,
}

type Wanted = { shipments: number; seed: number; startAt: number }

/** Registers shipments packed at `startAt`, each with its placed and calibrated sensors. */
export async function openFleet(service: RunningService, { shipments, seed, startAt }: Wanted): Promise<SoakFleet> {
  const sponsor = await openParty(service, 'sponsor')
  const centre = await openParty(service, 'treatment_centre')
  const product = await sponsor.api.post('/products', { name: 'Soak product' }, created)
  const profile = await sponsor.api.post(`/products/${product.id}/profiles`, profileBody(SOAK_LIMITS), created)
  const at = new Date(startAt).toISOString()
  const open = async (number: number): Promise<SoakShipment> => {
    const shipment = await sponsor.api.post(
      '/shipments',
      {
        reference: `SOAK-${number}`,
        productId: product.id,
        profileId: profile.id,
        consigneeId: centre.id,
        units: [{ code: 'BAG-1' }],
      },
      created,
    )
    await sponsor.api.tell(`/shipments/${shipment.id}/custody-events`, { kind: 'packed', at, units: ['BAG-1'] })
    const sensors: SoakSensor[] = []
    for (const [place, role] of ['product', 'product_backup'].entries()) {
      const { id } = await openSensor(sponsor, `SOAK-${number}-${place}`, startAt)
      await sponsor.api.tell(`/shipments/${shipment.id}/placements`, { sensorId: id, role, from: at })
      sensors.push(new SoakSensor(id, { seed, shipment: number, place }))
    }
    return { id: shipment.id, sensors }
  }
  const opened: SoakShipment[] = []
  for (let from = 0; from < shipments; from += OPENED_AT_ONCE) {
    const numbers = Array.from({ length: Math.min(OPENED_AT_ONCE, shipments - from) }, (_, index) => from + index)
    opened.push(...(await Promise.all(numbers.map(open))))
  }
  return { shipments: opened, sponsor: sponsor.api, centre: centre.api }
}

/** Receives and opens every shipment at an instant: from then on its window is closed. */
export async function openBoxes({ shipments, centre }: SoakFleet, openedAt: number): Promise<void> {
  const at = new Date(openedAt).toISOString()
  for (let from = 0; from < shipments.length; from += OPENED_AT_ONCE) {
    const some = shipments.slice(from, from + OPENED_AT_ONCE)
    await Promise.all(
      some.map(async ({ id }) => {
        for (const kind of ['received', 'opened']) await centre.tell(`/shipments/${id}/custody-events`, { kind, at })
      }),
    )
  }
}

/** A client that waits longer than any outage of a soak. */
export function patient(service: RunningService, api: ApiClient): ApiClient {
  return apiClient({ apiUrl: service.apiUrl, key: api.key, patienceMs: 120_000 })
}
