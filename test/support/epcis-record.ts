import { createHash } from 'node:crypto'
import { termsOf } from '../../src/documents/epcis-terms.ts'
import {
  CUSTODY_KINDS,
  type CustodyEvent,
  type CustodyKind,
  type CustodyStatement,
} from '../../src/domain/custody-event.ts'
import type { RecordedEntry, ShipmentRecord } from '../../src/domain/shipment-record.ts'
import { MINUTE, PUBLIC_URL, T0 } from './limits.ts'

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

export const TERMS = termsOf(PUBLIC_URL, sha256)

export const [MAKER, HUB, CARRIER, CENTRE] = ['9521321000018', '9521321000025', '9521321000032', '9521321000049']

/** One box with a bag that has GS1 keys, one that has none, a container and a logger with theirs. */
export const RECORD: ShipmentRecord = {
  shipment: {
    id: 17,
    reference: 'SHP-0001',
    sscc: '195213210000000428',
    coi: 'COI-7F3K-0001',
    senderOrg: MAKER,
    consigneeOrg: CENTRE,
  },
  container: { id: 5, grai: '09521321000773DS9' },
  units: [
    { code: 'BAG-0007', gtin: '09521321001237', serial: 'BAG-0007', din: 'G123489654321' },
    { code: 'BAG/8', gtin: null, serial: null, din: null },
  ],
  sites: [
    { id: 3, org: MAKER, name: 'Clean room', gln: MAKER, timeZone: 'Europe/Berlin', knownAt: T0 - MINUTE },
    { id: 4, org: CARRIER, name: 'Example hub', gln: HUB, timeZone: 'Europe/Berlin', knownAt: T0 - MINUTE },
    { id: 6, org: CENTRE, name: 'Pharmacy', gln: null, timeZone: 'America/New_York', knownAt: T0 - MINUTE },
  ],
  sensors: [
    { id: 42, serial: '(8004)9521321LOG42', knownAt: T0 - MINUTE },
    { id: 43, serial: 'SN-43', knownAt: T0 - MINUTE },
  ],
  ledger: [],
  placements: [],
  evaluations: [],
}

type Stated = Partial<CustodyStatement> & { kind: CustodyKind; recordedAt?: number }

/** Statements of the maker, a minute apart from T0 on, recorded when they happened, unless they say otherwise. */
export function ledgerOf(statements: readonly Stated[]): RecordedEntry[] {
  return statements.map((stated, index) => {
    const at = stated.at ?? T0 + index * MINUTE
    const event: CustodyEvent = { byOrg: MAKER, units: [], recordedAt: at, ...stated, at, seq: index + 1 }
    return { event, hash: sha256(JSON.stringify(event)) }
  })
}

/** Data with which every kind has something to tell. */
export const SAID = {
  units: ['BAG-0007', 'BAG/8'],
  place: MAKER,
  seals: ['S-1'],
  handoverId: 'H1',
  toOrg: CARRIER,
  reason: 'why',
  witness: 'u-31',
  details: { sensorId: 42, rma: '77', waybill: '020-12345675' },
} as const

export const KINDS_TOLD = CUSTODY_KINDS.filter((kind) => kind !== 'correction')
