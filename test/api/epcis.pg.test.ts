import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { OWN_FIELDS } from '../../src/documents/epcis-context.ts'
import { KINDS } from '../../src/documents/epcis-kinds.ts'
import { type Api, createApi, iso, type Json } from '../support/api.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import {
  createEpcisLane,
  type EpcisLane,
  openEpcisShipment,
  richJourney,
  send,
  state,
} from '../support/epcis-journey.ts'
import { schemaProblems } from '../support/epcis-schema.ts'
import { walkPages } from '../support/epcis-walk.ts'
import { PUBLIC_URL } from '../support/limits.ts'

let database: TestDatabase
let api: Api
let lane: EpcisLane
let journey: Awaited<ReturnType<typeof richJourney>>
let document: Json
let events: Json[]

beforeAll(async () => {
  database = await testDatabase()
  api = await createApi(database)
  lane = await createEpcisLane(api)
  journey = await richJourney(api, lane)
  document = await api.get(lane.maker.key, `${journey.path}/epcis`)
  events = document.epcisBody.eventList
})
afterAll(() => database.drop())

describe('the document of a shipment', () => {
  test('is valid by GS1’s schema, with every kind of custody event, pairings, alarms, faults and summaries', () => {
    expect(schemaProblems(document)).toEqual([])
    expect(document['@context']).toEqual([
      'https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld',
      { cc: `${PUBLIC_URL}/epcis/` },
    ])
    const told = new Set(events.map(({ bizStep, action, disposition = '-' }) => `${bizStep} ${action} ${disposition}`))
    const expected = Object.values(KINDS).map((kind) => `${kind.bizStep} ${kind.action} ${kind.disposition ?? '-'}`)
    expect([...told].sort()).toEqual(
      [...new Set([...expected, 'inspecting OBSERVE non_conformant', 'sensor_reporting OBSERVE -'])].sort(),
    )
    const exceptions = JSON.stringify(events)
    for (const said of ['ALARM_CONDITION', 'ERROR_CONDITION', 'minValue', 'did_not_occur', 'incorrect_data']) {
      expect(exceptions).toContain(said)
    }
  })

  test('is JSON-LD with the headers of the standard', async () => {
    const answer = await api.call(lane.centre.key, `GET ${journey.path}/epcis`)
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'application/ld+json',
      'gs1-epcis-version': '2.0',
      'gs1-cbv-version': '2.0',
      'gs1-epc-format': 'Always_GS1_Digital_Link',
      'gs1-extensions': `cc=${PUBLIC_URL}/epcis/`,
    })
    expect(answer.text).toBe(JSON.stringify(document))
  })

  test('is the same bytes for every party and at any time, and nothing for anyone else', async () => {
    api.clock.now += 3_600_000
    const texts = [lane.maker, lane.carrier, lane.centre].map(
      async ({ key }) => (await api.call(key, `GET ${journey.path}/epcis`)).text,
    )
    expect(new Set(await Promise.all(texts)).size).toBe(1)
    const answer = await api.call(lane.stranger.key, `GET ${journey.path}/epcis`)
    expect([answer.status, answer.body.type]).toEqual([404, expect.stringMatching(/not-found$/)])
  })

  test('sums up each leg with the readings that were known, and again when more came', () => {
    const summaries = events.filter((event) => event['cc:leg'] === 2 && JSON.stringify(event).includes('uom'))
    const values = summaries.map(({ sensorElementList: [{ sensorReport }], errorDeclaration }) => {
      const { minValue, maxValue } = sensorReport[0]
      return [minValue, maxValue, errorDeclaration === undefined ? 'told' : 'declared']
    })
    // the certificate adds half a degree; 1.5 and 16 were read out late
    expect(values).toEqual([
      [5, 9, 'told'],
      [5, 9, 'declared'],
      [2, 16.5, 'told'],
    ])
  })

  test('tells what a correction changed where it was made', () => {
    const arrivals = events.filter(({ bizStep, eventTime }) => bizStep === 'arriving' && eventTime < iso(90))
    expect(arrivals.map(({ eventTime, errorDeclaration }) => [eventTime, errorDeclaration?.reason])).toEqual([
      [iso(16), undefined],
      [iso(16), 'incorrect_data'],
      [iso(15), undefined],
    ])
  })

  test('names nothing of its own that the context does not explain', async () => {
    const names = [...JSON.stringify(document).matchAll(/"cc:(\w+)":/g)].map(([, name = '']) => name)
    expect([...new Set(names)].filter((name) => !Object.hasOwn(OWN_FIELDS, name))).toEqual([])
    const { status, body, headers } = await api.call(null, 'GET /epcis/context.jsonld')
    expect([status, headers.get('content-type')]).toEqual([200, 'application/ld+json'])
    for (const name of names) expect(body['@context'][`cc:${name}`]['@id']).toBe(`${PUBLIC_URL}/epcis/${name}`)
  })

  test('of a shipment of which nothing happened is empty and valid', async () => {
    const shipment = await openEpcisShipment(api, lane)
    const empty = await api.get(lane.maker.key, `/shipments/${shipment.id}/epcis`)
    expect(schemaProblems(empty)).toEqual([])
    expect(empty.epcisBody.eventList).toEqual([])
  })
})

const walk = (key: string, query: string) => walkPages(api, { key, query })

const BOX = 'https://id.gs1.org/00/195213210000000428'

describe('a query', () => {
  const QUESTIONS: [string, (event: Json) => boolean][] = [
    ['EQ_bizStep=accepting', ({ bizStep }) => bizStep === 'accepting'],
    ['EQ_bizStep=sensor_reporting', ({ bizStep }) => bizStep === 'sensor_reporting'],
    ['eventType=AssociationEvent', ({ type }) => type === 'AssociationEvent'],
    ['EQ_disposition=conformant|non_conformant', ({ disposition }) => /conformant/.test(disposition)],
    ['EQ_action=DELETE', ({ action }) => action === 'DELETE'],
    ['EXISTS_errorDeclaration=', ({ errorDeclaration }) => errorDeclaration !== undefined],
    [`GE_eventTime=${iso(90)}`, ({ eventTime }) => eventTime >= iso(90)],
    [`LT_eventTime=${iso(16)}`, ({ eventTime }) => eventTime < iso(16)],
    ['EQ_readPoint=urn:epc:id:sgln:9521321.00002.0', ({ readPoint }) => readPoint?.id.endsWith('414/9521321000025')],
    [
      'EQ_bizLocation=https://id.gs1.org/414/9521321000049/254/TANK',
      ({ bizLocation }) => bizLocation?.id.endsWith('/TANK'),
    ],
    [
      'MATCH_parentID=https://id.gs1.org/8003/09521321000773DS9',
      ({ parentID }) => parentID === 'https://id.gs1.org/8003/09521321000773DS9',
    ],
  ]

  /** Other tests have shipments of their own. */
  const ofJourney = (list: Json[]) => list.filter(({ eventID }) => events.some((event) => event.eventID === eventID))
  const isAboutBox = ({ epcList = [], parentID }: Json) => [...epcList, parentID].includes(BOX)

  test.each(QUESTIONS)('%s finds what meets it, and nothing else', async (text, meets) => {
    const expected = events.filter(meets)
    expect(expected.length).toBeGreaterThan(0)
    const found = await walk(lane.maker.key, `?${text}&perPage=10`)
    expect(ofJourney(found)).toEqual(expected)
    expect(found.every(meets)).toBe(true)
  })

  test('by when it was recorded takes up where one left off', async () => {
    const { recordTime } = events[20]
    const ofBox = `MATCH_anyEPC=${BOX}`
    const before = await walk(lane.maker.key, `?${ofBox}&LT_recordTime=${recordTime}`)
    const since = await walk(lane.maker.key, `?${ofBox}&GE_recordTime=${recordTime}`)
    expect(before.length).toBeGreaterThan(0)
    expect(since[0].recordTime >= recordTime).toBe(true)
    expect([...before, ...since]).toEqual(events.filter(isAboutBox))
  })

  test('by a thing finds the events of its shipment only', async () => {
    const { serial } = journey.sensor
    const giai = serial.replace('(8004)', '')
    const found = await walk(lane.maker.key, `?MATCH_epc=https://id.gs1.org/8004/${giai}`)
    expect(found.length).toBeGreaterThan(2)
    expect(found.every(({ type }) => type === 'AssociationEvent')).toBe(true)
    const bag = events.find(({ bizStep }) => bizStep === 'repackaging').epcList[0]
    const ofBag = await walk(lane.maker.key, `?MATCH_epc=${encodeURIComponent(bag)}`)
    expect(ofBag).toEqual(events.filter(({ epcList = [], childEPCs = [] }) => [...epcList, ...childEPCs].includes(bag)))
    expect(await walk(lane.maker.key, '?MATCH_epc=https://id.gs1.org/00/095213210000000421')).toEqual([])
  })

  test('by a logger finds what was said of one that was never placed, in any word about it', async () => {
    const { id } = await openEpcisShipment(api, lane)
    const paired = { kind: 'logger_paired', details: { sensorId: 4711 } }
    await state(api, lane, { shipmentId: id, minute: 280, ...paired })
    const replacement = { kind: 'logger_paired', at: iso(279), details: { sensorId: [4711, 4712] } }
    await state(api, lane, {
      shipmentId: id,
      minute: 281,
      kind: 'correction',
      reason: 'two',
      corrects: 1,
      replacement,
    })
    const about = (sensor: number) => walk(lane.maker.key, `?MATCH_epc=${PUBLIC_URL}/id/sensor/${sensor}`)
    expect((await about(4711)).map(({ errorDeclaration }) => errorDeclaration?.reason)).toEqual([
      undefined,
      'incorrect_data',
      undefined,
    ])
    expect(await about(4712)).toHaveLength(1)
    expect(await walk(lane.stranger.key, `?MATCH_epc=${PUBLIC_URL}/id/sensor/4711`)).toEqual([])
  })

  test('finds nothing of anyone else’s', async () => {
    expect(await walk(lane.stranger.key, '')).toEqual([])
    expect(await walk(lane.stranger.key, `?MATCH_anyEPC=${BOX}`)).toEqual([])
    expect(await walk(lane.stranger.key, `?EQ_eventID=${events[0].eventID}`)).toEqual([])
  })

  test('that is not understood is refused as the standard says', async () => {
    const { status, headers, body } = await api.call(lane.maker.key, 'GET /epcis/events?EQ_quantity=1')
    expect([status, headers.get('content-type')]).toEqual([400, 'application/problem+json'])
    expect(body).toMatchObject({ type: 'epcisException:QueryParameterException', status: 400 })
    expect(body.detail).toMatch(/^EQ_quantity: not supported/)
  })

  test.each(['bm9uZQ', 'x', Buffer.from('[1,1,1,"custody",1,"a"]').toString('base64url')])(
    'with a token that no page gave is refused: %s',
    async (token) => {
      const { status, body } = await api.call(lane.maker.key, `GET /epcis/events?nextPageToken=${token}`)
      expect([status, body.type]).toEqual([400, 'epcisException:QueryParameterException'])
    },
  )
})

describe('one event', () => {
  const get = (key: string, id: string) => api.call(key, `GET /epcis/events/${encodeURIComponent(id)}`)

  test('is found by its id, with the declaration that it was wrong', async () => {
    const wrong = events.find(({ errorDeclaration }) => errorDeclaration?.reason === 'incorrect_data')
    const { status, body } = await get(lane.centre.key, wrong.eventID)
    expect(status).toBe(200)
    expect(schemaProblems(body)).toEqual([])
    const list = body.epcisBody.queryResults.resultsBody.eventList
    expect(list).toEqual(events.filter(({ eventID }) => eventID === wrong.eventID))
    expect(list).toHaveLength(2)
    for (const { eventID } of events) expect((await get(lane.maker.key, eventID)).status).toBe(200)
  })

  test('does not exist for anyone else, nor where nothing is recorded under its id', async () => {
    const { eventID } = events[0]
    const unknown = [
      await get(lane.stranger.key, eventID),
      await get(lane.maker.key, `${eventID.slice(0, -1)}${eventID.endsWith('0') ? '1' : '0'}`),
      await get(lane.maker.key, 'urn:uuid:00000000-0000-4000-8000-000000000001'),
      await get(lane.maker.key, 'nothing'),
    ]
    for (const { status, body } of unknown) {
      expect([status, body.type]).toEqual([404, 'epcisException:NoSuchNameException'])
    }
  })
})

test('what arrives later adds to what was told and changes nothing of it', async () => {
  const told = (await api.get(lane.maker.key, `${journey.path}/epcis`)).epcisBody.eventList
  await send(api, journey.sensor.id, [[33, 20]])
  const now = (await api.get(lane.maker.key, `${journey.path}/epcis`)).epcisBody.eventList
  expect(now.slice(0, told.length)).toEqual(told)
  expect(now.length).toBeGreaterThan(told.length)
})
