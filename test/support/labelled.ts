import type { Answer, Api, Json, Party } from './api.ts'
import { iso, named } from './api.ts'
import { type Lane, openShipment } from './lane.ts'

export const BAG_GTIN = '09521321001237'

/** What the label of the bag says, as its DataMatrix and its chain of identity are scanned. */
export const BAG_LABEL = [label(), coi()]

/** The DataMatrix of a bag of the lot. */
export function label({ serial = 'BAG-0007', lot = 'LOT7A', expiry = '271231' } = {}) {
  return { entry: 'scanned', raw: `]d201${BAG_GTIN}17${expiry}10${lot}\u001d21${serial}` }
}

/** The code of the chain of identity. */
export function coi(code = 'COI-7F3K-0001') {
  return { entry: 'scanned', of: 'coi', raw: code }
}

/** A shipment of two bags to the centre, with the order that the centre has entered for it. */
export async function openLabelled(api: Api, lane: Lane, more: object = {}): Promise<{ shipment: Json; path: string }> {
  const ordered = { productId: lane.productId, consigneeId: lane.centre.id, coi: 'COI-7F3K-0001', coiScheme: 'example' }
  const expected = [
    { gtin: BAG_GTIN, serial: 'BAG-0007' },
    { gtin: BAG_GTIN, serial: 'BAG-0008' },
  ]
  const order = await api.post(lane.centre.key, '/orders', { ...ordered, number: named('o'), expected })
  const units = ['BAG-0007', 'BAG-0008'].map((serial) => ({
    ...{ code: serial, gtin: BAG_GTIN, serial, lot: 'LOT7A', expiryAt: '2027-12-31T23:59:59+01:00' },
  }))
  const shipment = await openShipment(api, lane, { orderId: order.id, coi: 'COI-7F3K-0001', units, ...more })
  return { shipment, path: `/shipments/${shipment.id}` }
}

type Scanning = { by: Party; person?: string; unit?: string | null; parts?: unknown; headers?: Record<string, string> }

/** Records a scan of the first bag, unless another is meant. */
export function scan(api: Api, path: string, { by, headers, ...said }: Scanning): Promise<Answer> {
  const body = { unit: 'BAG-0007', at: iso(60), parts: BAG_LABEL, ...said }
  return api.call(by.key, `POST ${path}/scans`, { body, ...(headers && { headers }) })
}
