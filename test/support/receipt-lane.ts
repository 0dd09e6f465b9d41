import { BOX_ITEMS, UNIT_ITEMS } from '../../src/domain/checklist.ts'
import { type Answer, type Api, FRIDGE_BODY, iso, type Json, named } from './api.ts'
import { BAG_GTIN, coi, label } from './labelled.ts'
import { addSensor, createLane, measure, openShipment } from './lane.ts'
import { own, personOf, type TestPerson } from './people.ts'

/** A lane whose shipments can be received without any finding, and the people who receive and decide. */
export type ReceiptLane = Awaited<ReturnType<typeof createReceiptLane>>

/** A warning close to the label, where the stability budget allows an hour; a critical level beyond. */
const LIMITS = {
  ...FRIDGE_BODY,
  levels: [
    { id: 'H1', side: 'high', limitC: 8, mode: 'cumulative', allowedS: 1800, severity: 'major' },
    { id: 'H2', side: 'high', limitC: 15, mode: 'single', allowedS: 0, severity: 'critical' },
    { id: 'L1', side: 'low', limitC: 2, mode: 'cumulative', allowedS: 1800, severity: 'major' },
  ],
  budgetBands: [{ id: 'COOL', aboveC: 8, uptoC: 15, allowedS: 3600 }],
}

export async function createReceiptLane(api: Api) {
  const lane = await createLane(api)
  const { admin, sponsor, centre, productId } = lane
  const profile = await api.post(sponsor.key, `/products/${productId}/profiles`, LIMITS)
  const approval = { approver: 'QA', source: 'SR-1', effectiveAt: iso(-10_000) }
  await api.post(sponsor.key, `/profiles/${profile.id}/approval`, approval)
  const box = { serial: named('box'), kind: 'pcm_box', qualifiedUntil: iso(500_000), holdTimeS: 86_400 }
  const container = await api.post(sponsor.key, '/containers', box)
  const of = personOf.bind(null, api, admin)
  const people = {
    receiver: await of({ organisationId: centre.id, roles: ['receiver'] }),
    verifier: await of({ organisationId: centre.id, roles: ['verifier'] }),
    physician: await of({ organisationId: centre.id, roles: ['physician'] }),
    siteQa: await of({ organisationId: centre.id, roles: ['receiver', 'qa_site'] }),
    sponsorQa: await of({ organisationId: sponsor.id, roles: ['qa_sponsor'] }),
    stranger: await of({ organisationId: lane.stranger.id, roles: ['receiver', 'qa_sponsor'] }),
  }
  const grant = { userName: people.siteQa.userName, role: 'qa_site' }
  await api.post(admin.key, `/organisations/${sponsor.id}/role-grants`, grant)
  return { ...lane, profileId: profile.id, containerId: container.id, people }
}

type Journey = {
  degrees?: readonly (number | null)[]
  units?: readonly string[]
  scanned?: boolean
  /** Whether the box is opened before the receipt; else it stays closed. */
  opened?: boolean
  seals?: readonly string[]
  more?: object
}

/** A journey up to the centre's door: packed, sealed, measured, received, opened, every label read by two people. */
export async function arrive(api: Api, lane: ReceiptLane, journey: Journey = {}) {
  const { degrees = [5, 5.1, 5, 4.9, 5], units = ['BAG-0007'], scanned = true, opened = true, seals = ['S1'] } = journey
  const ordered = { productId: lane.productId, consigneeId: lane.centre.id, coi: 'COI-7F3K-0001', coiScheme: 'example' }
  const expected = units.map((serial) => ({ gtin: BAG_GTIN, serial }))
  const order = await api.post(lane.centre.key, '/orders', { ...ordered, number: named('o'), expected })
  const bags = units.map((serial) => {
    return { code: serial, gtin: BAG_GTIN, serial, lot: 'LOT7A', expiryAt: '2027-12-31T23:59:59+01:00' }
  })
  const shipment = await openShipment(api, lane, {
    ...{ orderId: order.id, coi: 'COI-7F3K-0001', units: bags, containerId: lane.containerId, ...journey.more },
  })
  const path = `/shipments/${shipment.id}`
  const sensor = await addSensor(api, lane.sponsor)
  const say = (key: string, body: object) => api.post(key, `${path}/custody-events`, body)
  await say(lane.sponsor.key, { kind: 'packed', at: iso(0), units })
  await api.post(lane.sponsor.key, `${path}/placements`, { sensorId: sensor.id, from: iso(0) })
  await measure(api, sensor.id, degrees)
  await say(lane.sponsor.key, {
    kind: 'sealed',
    at: iso(5),
    seals: ['S1'],
    reason: 'the batch is shipped in quarantine',
  })
  await say(lane.centre.key, { kind: 'received', at: iso(55), units, seals })
  if (opened) await say(lane.centre.key, { kind: 'opened', at: iso(60) })
  for (const serial of scanned ? units : []) {
    for (const person of ['Anna Berg', 'Ben Falk']) {
      const body = { unit: serial, person, at: iso(60), parts: [label({ serial }), coi()] }
      await api.post(lane.centre.key, `${path}/scans`, body)
    }
  }
  return { shipment, sensor, path, units }
}

type Said = { said: 'yes' | 'no' | 'not_done'; remark?: string }
export type Answers = { [item: string]: Said }

const allYes = (items: readonly string[]): Answers => Object.fromEntries(items.map((id) => [id, { said: 'yes' }]))

/** A receipt with every answer good, unless said otherwise; signed by the receiver. */
export function receiptOf(lane: ReceiptLane, given: Receiving = {}) {
  const { units = ['BAG-0007'], box = {}, unit = {}, more = {}, by = lane.people.receiver, bag = {} } = given
  const transfer = { outAt: iso(60), storedAt: iso(61) }
  return {
    box: { ...allYes(BOX_ITEMS), ...box },
    seals: ['S1'],
    units: units.map((code) => ({
      code,
      answers: { ...allYes(UNIT_ITEMS), ...unit },
      transfer,
      place: 'Tank 3',
      ...bag,
    })),
    signing: own(by, 'received'),
    ...more,
  }
}

export type Receiving = {
  units?: readonly string[]
  box?: Answers
  unit?: Answers
  /** Of each bag, beside its answers. */
  bag?: object
  more?: object
  by?: TestPerson
}

/** Records a receipt. */
export function receive(
  api: Api,
  lane: ReceiptLane,
  { path, ...given }: Receiving & { path: string },
): Promise<Answer> {
  const { by = lane.people.receiver } = given
  return api.call(by.token, `POST ${path}/receipt`, { body: receiptOf(lane, given) })
}

/** Signs the newest receipt as its second person. */
export async function verify(
  api: Api,
  lane: ReceiptLane,
  { path, by = lane.people.verifier }: { path: string; by?: TestPerson },
): Promise<Answer> {
  const { receipt } = await api.get(by.token, `${path}/receipt`)
  const body = { revision: receipt?.revision ?? 1, signing: own(by, 'verified') }
  return api.call(by.token, `POST ${path}/receipt/verification`, { body })
}

/** Signs a decision on the evaluation that is the newest now, unless another is cited. */
export async function decide(api: Api, lane: ReceiptLane, asked: Deciding): Promise<Answer> {
  const { path, disposition, by = lane.people.sponsorQa, units = ['BAG-0007'], ...more } = asked
  const { evaluation } = await api.get(lane.sponsor.key, `${path}/receipt`)
  const meaning = disposition === 'returned' ? 'approved' : disposition
  const body = { disposition, units, reason: 'assessed', evaluation, signing: own(by, meaning), ...more }
  return api.call(by.token, `POST ${path}/dispositions`, { body })
}

export type Deciding = {
  path: string
  disposition: string
  by?: TestPerson
  units?: readonly string[]
  [more: string]: unknown
}

/** Records a deviation that covers findings of the first bag. */
export function deviate(api: Api, lane: ReceiptLane, { path, findings }: { path: string; findings: string[] }) {
  const body = { number: named('DEV'), system: 'QMS', units: ['BAG-0007'], findings, openedAt: iso(100) }
  return api.post(lane.centre.key, `${path}/deviations`, body)
}

/** The one unit of a receipt that most tests look at. */
export async function unitOf(api: Api, lane: ReceiptLane, path: string): Promise<Json> {
  const { units } = await api.get(lane.sponsor.key, `${path}/receipt`)
  const [unit] = units
  return { ...unit, codes: unit.findings?.map(({ code }: Json) => code) ?? null }
}

/** What is wrong with a shipment that is received; nothing unless said so. */
export type Wrong = Receiving & { degrees?: readonly number[]; scans?: readonly object[] }

const NO: { said: 'no' } = { said: 'no' }
export const SEAL_BROKEN: Wrong = { box: { seals_intact: NO } }
export const DAMAGED: Wrong = { unit: { bag_intact: NO } }

/** A shipment that was received; `scans` are what a third person read off the label. */
export async function received(api: Api, lane: ReceiptLane, wrong: Wrong = {}): Promise<string> {
  const { degrees, scans = [], ...receiving } = wrong
  const { path } = await arrive(api, lane, degrees === undefined ? {} : { degrees })
  for (const parts of scans) {
    const body = { unit: 'BAG-0007', person: 'Cleo Dahl', at: iso(60), parts: [parts, coi()] }
    await api.post(lane.centre.key, `${path}/scans`, body)
  }
  const answer = await receive(api, lane, { path, ...receiving })
  if (answer.status !== 201) throw new Error(answer.text)
  return path
}

/** The physician's request for the first bag. */
export function requested(api: Api, lane: ReceiptLane, path: string): Promise<Answer> {
  const { physician } = lane.people
  const body = { units: ['BAG-0007'], statement: 'no other dose', signing: own(physician, 'authored') }
  return api.call(physician.token, `POST ${path}/exceptional-releases`, { body })
}
