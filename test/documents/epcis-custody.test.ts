import { describe, expect, test } from 'vitest'
import { epcisDocument, epcisEvents } from '../../src/documents/epcis.ts'
import type { EpcisEvent } from '../../src/documents/epcis-event.ts'
import { CUSTODY_KINDS, type CustodyKind } from '../../src/domain/custody-event.ts'
import { CARRIER, CENTRE, HUB, KINDS_TOLD, ledgerOf, MAKER, RECORD, SAID, TERMS } from '../support/epcis-record.ts'
import { schemaProblems } from '../support/epcis-schema.ts'
import { MINUTE, PUBLIC_URL, T0 } from '../support/limits.ts'

type Statements = Parameters<typeof ledgerOf>[0]

function told(statements: Statements, record = RECORD): EpcisEvent[] {
  const events = epcisEvents({ ...record, ledger: ledgerOf(statements) }, TERMS).map(({ event }) => event)
  expect(schemaProblems(epcisDocument(events, { publicUrl: PUBLIC_URL, knownAt: '2026-03-02T10:00:00Z' }))).toEqual([])
  return events
}

function last(statements: Statements, record = RECORD): EpcisEvent {
  const event = told(statements, record).at(-1)
  if (event === undefined) throw new Error('nothing was told')
  return event
}

/** Kind: type, action, business step, disposition, where it is afterwards, what it is about, persistent disposition. */
const TABLE: Record<Exclude<CustodyKind, 'correction'>, string> = {
  collection: 'Object ADD commissioning active site donation',
  packed: 'Aggregation ADD packing in_progress site units',
  logger_paired: 'Association ADD assembling - - logger',
  logger_unpaired: 'Association DELETE removing - - logger',
  sealed: 'Object OBSERVE packing container_closed site box',
  resealed: 'Object OBSERVE packing container_closed site box',
  handover_release: 'Object OBSERVE other in_transit - box',
  handover_accept: 'Object OBSERVE accepting in_transit - box',
  replenished: 'Object OBSERVE other - site box',
  repacked: 'Object OBSERVE repackaging - site units',
  readdressed: 'Object OBSERVE other in_transit - box',
  refused: 'Object OBSERVE other in_transit - box',
  lost: 'Object OBSERVE other unknown - box',
  cancelled: 'Object OBSERVE void_shipping - - box',
  stored: 'Object OBSERVE storing - position units',
  removed: 'Object OBSERVE storing - site units',
  thawed: 'Object OBSERVE other - site units',
  pickup: 'Object OBSERVE loading in_transit - box',
  departed: 'Object OBSERVE departing in_transit - box',
  arrived: 'Object OBSERVE arriving in_transit site box',
  customs_hold: 'Object OBSERVE holding in_transit site box',
  customs_released: 'Object OBSERVE inspecting in_transit site box',
  delivered: 'Object OBSERVE arriving in_transit - box',
  received: 'Object OBSERVE receiving in_progress site box',
  seal_check: 'Object OBSERVE inspecting - site box',
  opened: 'Object OBSERVE inspecting container_open site box',
  unpacked: 'Aggregation DELETE unpacking completeness_verified site units',
  inspected: 'Object OBSERVE inspecting conformant site units',
  accepted: 'Object OBSERVE inspecting conformant site units',
  quarantined: 'Object OBSERVE holding unavailable position units +unavailable',
  released: 'Object OBSERVE storing available position units -unavailable',
  rejected: 'Object OBSERVE inspecting non_conformant site units',
  released_exceptionally: 'Object OBSERVE storing available position units +non_conformant -unavailable',
  returned: 'Object OBSERVE shipping returned - units',
  destroyed: 'Object DELETE destroying destroyed - units',
  administered: 'Object DELETE dispensing dispensed - units',
}

const ABOUT: Record<string, string> = {
  'https://id.gs1.org/00/195213210000000428': 'box',
  [`${PUBLIC_URL}/id/isbt128/din/G123489654321,${PUBLIC_URL}/id/shipment/17/unit/BAG%2F8`]: 'donation',
  [`https://id.gs1.org/01/09521321001237/21/BAG-0007,${PUBLIC_URL}/id/shipment/17/unit/BAG%2F8`]: 'units',
  'https://id.gs1.org/8004/9521321LOG42': 'logger',
}

function described(event: EpcisEvent): string {
  const things = event.type === 'ObjectEvent' ? event.epcList : (event.childEPCs ?? [])
  const persistent = event.type === 'ObjectEvent' ? event.persistentDisposition : undefined
  const where = {
    [`https://id.gs1.org/414/${MAKER}`]: 'site',
    [`https://id.gs1.org/414/${MAKER}/254/CRYO1`]: 'position',
  }
  const bizLocation = event.bizLocation === undefined ? '-' : where[event.bizLocation.id]
  return [
    event.type.replace('Event', ''),
    event.action,
    event.bizStep,
    event.disposition ?? '-',
    bizLocation,
    ABOUT[things.join()],
    ...(persistent?.set ?? []).map((one) => `+${one}`),
    ...(persistent?.unset ?? []).map((one) => `-${one}`),
  ].join(' ')
}

describe('every kind of custody event is told as domain page 5.2 says, in words of CBV:', () => {
  test.each(KINDS_TOLD)('%s', (kind) => {
    const event = last([{ ...SAID, kind, place: `(414)${MAKER}(254)CRYO1` }])
    expect(described(event)).toBe(TABLE[kind])
  })

  test('no kind is without its row, and a correction has its own form', () => {
    expect(Object.keys(TABLE)).toEqual(CUSTODY_KINDS.filter((kind) => kind !== 'correction'))
  })

  test('kinds that EPCIS terms do not tell apart say which they are', () => {
    const terms = (kind: CustodyKind) => last([{ ...SAID, kind }])
    const seen = new Map<string, CustodyKind>()
    for (const kind of KINDS_TOLD) {
      const { bizStep, disposition = '', action, ...rest } = terms(kind)
      const own = [bizStep, disposition, action, rest['cc:custodyKind'] ?? ''].join(' ')
      // delivered is arriving at the consignee: its place tells
      if (kind !== 'delivered') expect([kind, seen.get(own)]).toEqual([kind, undefined])
      seen.set(own, kind)
    }
  })
})

describe('what an event says beside its terms:', () => {
  test('its time in UTC, the offset of the place beside it, when it was recorded', () => {
    const event = last([{ kind: 'arrived', place: HUB, recordedAt: T0 + 5 * MINUTE }])
    expect(event).toMatchObject({
      eventTime: '2026-03-02T10:00:00.000Z',
      eventTimeZoneOffset: '+01:00',
      recordTime: '2026-03-02T10:05:00.000Z',
    })
  })

  test.each([
    ['what was stated', { tzOffset: '-03:30', place: HUB }, '-03:30'],
    ['the clocks of the place, by its own number', { place: HUB }, '+01:00'],
    ['the clocks of the place, by its name', { place: 'Pharmacy' }, '-05:00'],
    ['UTC, where nobody knows', { place: 'behind the gate' }, '+00:00'],
    ['the clocks of the place, where what was stated is no offset', { tzOffset: '+99:00', place: HUB }, '+01:00'],
  ])('its offset is %s', (_what, said, offset) => {
    expect(last([{ kind: 'arrived', ...said }]).eventTimeZoneOffset).toBe(offset)
  })

  test.each([
    ['a number', HUB, `https://id.gs1.org/414/${HUB}`, true],
    ['a Digital Link of anyone', `https://x.example/414/${HUB}/254/A1`, `https://id.gs1.org/414/${HUB}/254/A1`, true],
    ['an EPC URN', 'urn:epc:id:sgln:9521321.00002.0', `https://id.gs1.org/414/${HUB}`, true],
    ['the number of no registered site', '9521321000056', 'https://id.gs1.org/414/9521321000056', false],
    ['a name of a site with a number', 'Example hub', `https://id.gs1.org/414/${HUB}`, true],
    ['a name of a site without', 'Pharmacy', `${PUBLIC_URL}/id/site/6`, true],
    ['any text', 'gate 4, left', `${PUBLIC_URL}/id/place/gate%204%2C%20left`, false],
  ])('its place, said as %s', (_form, place, readPoint, isKnown) => {
    const event = last([{ kind: 'arrived', place }])
    expect(event.readPoint?.id).toBe(readPoint)
    expect(event.bizLocation !== undefined).toBe(isKnown)
  })

  test('a delivery without a place was made at the consignee’s', () => {
    expect(last([{ kind: 'delivered' }]).readPoint?.id).toBe(`https://id.gs1.org/414/${CENTRE}`)
    const own = { ...RECORD, shipment: { ...RECORD.shipment, consigneeOrg: 'organisation:9' } }
    expect(last([{ kind: 'delivered' }], own).readPoint?.id).toBe(`${PUBLIC_URL}/id/organisation/9`)
  })

  test('a site that was registered later says nothing in what was told before', () => {
    const later = RECORD.sites.map((site) => ({ ...site, knownAt: T0 + 1 }))
    const event = last([{ kind: 'arrived', place: 'Example hub' }], { ...RECORD, sites: later })
    expect(event.readPoint?.id).toBe(`${PUBLIC_URL}/id/place/Example%20hub`)
    expect(event.eventTimeZoneOffset).toBe('+00:00')
  })

  test('a logger that was placed later is told by its number, as before', () => {
    const later = RECORD.sensors.map((sensor) => ({ ...sensor, knownAt: T0 + 1 }))
    const event = last([{ kind: 'logger_paired', details: { sensorId: 42 } }], { ...RECORD, sensors: later })
    expect(event).toMatchObject({ type: 'AssociationEvent', childEPCs: [`${PUBLIC_URL}/id/sensor/42`] })
  })

  test('things without a GS1 key, or with one that is none, have an address of this installation', () => {
    const plain = {
      ...RECORD,
      shipment: { ...RECORD.shipment, sscc: null },
      container: { id: 5, grai: '09521321000773' },
      units: [{ code: 'BAG-0007', gtin: '09521321001237', serial: 'Ümlaut', din: null }],
    }
    expect(last([{ kind: 'sealed' }], plain)).toMatchObject({ epcList: [`${PUBLIC_URL}/id/shipment/17`] })
    expect(last([{ kind: 'logger_paired', details: { sensorId: 43 } }], plain)).toMatchObject({
      parentID: `${PUBLIC_URL}/id/container/5`,
      childEPCs: [`${PUBLIC_URL}/id/sensor/43`],
    })
    expect(last([{ kind: 'inspected', units: ['BAG-0007'] }], plain)).toMatchObject({
      epcList: [`${PUBLIC_URL}/id/shipment/17/unit/BAG-0007`],
    })
  })

  test('what was packed or paired without a name cannot join anything: it was seen to', () => {
    const box = 'https://id.gs1.org/00/195213210000000428'
    expect(last([{ kind: 'packed' }])).toMatchObject({ type: 'ObjectEvent', action: 'OBSERVE', epcList: [box] })
    const container = 'https://id.gs1.org/8003/09521321000773DS9'
    const paired = { type: 'ObjectEvent', action: 'OBSERVE', epcList: [container], bizStep: 'assembling' }
    expect(last([{ kind: 'logger_paired' }])).toMatchObject(paired)
    // all that was in it left it
    expect(last([{ kind: 'unpacked' }])).toMatchObject({ type: 'AggregationEvent', action: 'DELETE', parentID: box })
  })

  test('an inspection that found something does not find conformity', () => {
    const found = { kind: 'inspected', units: ['BAG-0007'], details: { findings: ['UNIT_DAMAGED'] } } as const
    expect(last([found])).toMatchObject({ disposition: 'non_conformant', 'cc:findings': ['UNIT_DAMAGED'] })
  })

  test('nobody’s name goes out but what was written for partners', () => {
    const details = { attestedBy: { printedName: 'Jane Roe', meaning: 'packed' }, anything: 'else', weightG: 8600 }
    const acknowledgement = { name: 'John Doe', company: 'Example Couriers', code: 'ONE-TIME-4711', waybill: '020-1' }
    const event = last([{ kind: 'packed', units: ['BAG-0007'], actor: 'person:7', details, acknowledgement }])
    expect(JSON.stringify(event)).not.toMatch(/Jane|John|else|4711|person/)
    expect(event).toMatchObject({
      'cc:weightG': 8600,
      'cc:acknowledgedFor': 'Example Couriers',
      bizTransactionList: [{ type: 'bol', bizTransaction: `${PUBLIC_URL}/id/awb/020-1` }],
    })
  })
})

describe('whose hands it passes through:', () => {
  const party = (gln: string) => `https://id.gs1.org/417/${gln}`
  const hands = ({ sourceList, destinationList }: EpcisEvent) => ({
    from: sourceList?.map(({ source }) => source),
    to: destinationList?.map(({ destination }) => destination),
  })
  const release = { kind: 'handover_release', handoverId: 'H1', toOrg: CARRIER } as const
  const accept = { kind: 'handover_accept', handoverId: 'H1', byOrg: CARRIER } as const

  test('a release is told when it is stated, and its acceptance with both parties and the time of the release', () => {
    const [given, taken] = told([release, accept])
    if (given === undefined || taken === undefined) throw new Error('two events were expected')
    expect(hands(given)).toEqual({ from: [party(MAKER)], to: [party(CARRIER)] })
    expect(hands(taken)).toEqual({ from: [party(MAKER)], to: [party(CARRIER)] })
    expect([given['cc:releasedAt'], taken['cc:releasedAt']]).toEqual([undefined, '2026-03-02T10:00:00.000Z'])
    expect(taken.eventTime).toBe('2026-03-02T10:01:00.000Z')
  })

  test('an acceptance recorded before its release is not changed by it', () => {
    const alone = told([accept])
    const both = told([accept, { ...release, at: T0 - MINUTE, recordedAt: T0 + 2 * MINUTE }])
    expect(both.slice(0, 1)).toEqual(alone)
    expect(hands(both[0] ?? last([accept]))).toEqual({ from: undefined, to: [party(CARRIER)] })
  })

  test('the receiver has it from who held it before, though the handover to it was recorded', () => {
    const journey: Statements = [
      { kind: 'packed' },
      release,
      accept,
      { kind: 'handover_release', handoverId: 'H2', byOrg: CARRIER, toOrg: CENTRE },
      { kind: 'handover_accept', handoverId: 'H2', byOrg: CENTRE },
      { kind: 'received', byOrg: CENTRE },
    ]
    expect(hands(last(journey))).toEqual({ from: [party(CARRIER)], to: [party(CENTRE)] })
  })
})
