import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Api, createApi, type Json, keyOf } from '../support/api.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { BAG_LABEL, coi, label, openLabelled, scan } from '../support/labelled.ts'
import { createLane, type Lane } from '../support/lane.ts'

let database: TestDatabase
let api: Api
let lane: Lane
beforeAll(async () => {
  database = await testDatabase()
  api = await createApi(database)
  lane = await createLane(api)
})
afterAll(() => database.drop())

const WRONG = [label({ lot: 'LOT7B' }), coi()]
/** What only the first reading can have told. */
const SECRET = /LOT7B|mismatch/

/** Everything that a key can read about a shipment, as one text. */
async function everythingSeen(key: string, { path, id }: { path: string; id: number }, person: string | null) {
  const asking = person === null ? '' : `person=${encodeURIComponent(person)}`
  const reads = [
    ...[path, `${path}/status`, `${path}/custody-events`, `${path}/scans?${asking}`, `${path}/identity?${asking}`],
    `${path}/identity?organisationId=${lane.centre.id}&${asking}`,
    `/audit-entries?subjectKind=shipment&subjectId=${id}`,
  ]
  const answers = await Promise.all(reads.map((read) => api.call(key, `GET ${read}`)))
  for (const { status, text } of answers) expect(status, text).toBe(200)
  return answers.map(({ text }) => text).join('\n')
}

async function readWrongly(): Promise<{ path: string; id: number }> {
  const { path, shipment } = await openLabelled(api, lane)
  await scan(api, path, { by: lane.centre, person: 'Anna Berg', parts: WRONG })
  return { path, id: shipment.id }
}

describe('nobody of the centre learns what another read', () => {
  test('before having read the label, under any key, whoever is named', async () => {
    const read = await readWrongly()
    const auditor = await keyOf(api, lane.admin, { id: lane.centre.id, role: 'auditor' })
    for (const key of [lane.centre.key, auditor]) {
      for (const person of [null, 'Ben Falk']) expect(await everythingSeen(key, read, person)).not.toMatch(SECRET)
    }
    const { items } = await api.get(lane.centre.key, `${read.path}/scans?person=Ben%20Falk`)
    expect(items).toMatchObject([{ unit: 'BAG-0007', person: 'Anna Berg', hidden: true, parts: null, remark: null }])
    const identity = await api.get(lane.centre.key, `${read.path}/identity?person=Ben%20Falk`)
    expect(identity).toMatchObject({ hidden: ['BAG-0007'], units: [{ unit: 'BAG-0008' }] })
  })

  test('but sees it at once with the own reading', async () => {
    const { path, id } = await readWrongly()
    const { body } = await scan(api, path, { by: lane.centre, person: 'Ben Falk' })
    expect(body.unit).toMatchObject({ result: 'mismatch', readers: 2, blindReaders: 2 })
    expect(await everythingSeen(lane.centre.key, { path, id }, 'ben  falk')).toMatch(SECRET)
    expect(await everythingSeen(lane.centre.key, { path, id }, 'Carla Wolf')).not.toMatch(SECRET)
  })

  test('by reading another label: each bag and the box are kept apart', async () => {
    const read = await readWrongly()
    const parts = [label({ serial: 'BAG-0008' }), coi()]
    await scan(api, read.path, { by: lane.centre, person: 'Ben Falk', unit: 'BAG-0008', parts })
    await scan(api, read.path, { by: lane.centre, person: 'Ben Falk', unit: null, parts: [coi()] })
    expect(await everythingSeen(lane.centre.key, read, 'Ben Falk')).not.toMatch(SECRET)
  })

  test('of the box either', async () => {
    const { path } = await openLabelled(api, lane)
    await scan(api, path, { by: lane.centre, person: 'Anna Berg', unit: null, parts: [coi('COI-2')] })
    expect((await api.get(lane.centre.key, `${path}/identity?person=Ben%20Falk`)).box).toBeNull()
    expect((await api.get(lane.centre.key, `${path}/identity?person=Anna%20Berg`)).box).not.toBeNull()
  })
})

test('the first person sees what they read themselves', async () => {
  const read = await readWrongly()
  expect(await everythingSeen(lane.centre.key, read, 'Anna Berg')).toMatch(SECRET)
})

test('the other parties see it, each organisation’s check by itself', async () => {
  const read = await readWrongly()
  expect(await everythingSeen(lane.sponsor.key, read, null)).toMatch(SECRET)
  const own = await scan(api, read.path, { by: lane.sponsor, person: 'Ben Falk' })
  expect(own.body.unit).toMatchObject({ result: 'unverified', readers: 1, open: ['no_second_person'] })
  const second = await scan(api, read.path, { by: lane.centre, person: 'Ben Falk' })
  expect(second.body.unit).toMatchObject({ result: 'mismatch', readers: 2 })
})

test('the same person cannot be the second, however the name is typed', async () => {
  const { path } = await openLabelled(api, lane)
  for (const person of ['Anna Berg', 'ANNA BERG', ' anna   berg']) {
    const { body } = await scan(api, path, { by: lane.centre, person })
    expect(body.unit).toMatchObject({ result: 'unverified', readers: 1, open: ['no_second_person'] })
  }
})

test('who looked first is no second person, and a third who has not can be', async () => {
  const { path } = await openLabelled(api, lane)
  await scan(api, path, { by: lane.centre, person: 'Anna Berg' })
  await scan(api, path, { by: lane.centre, person: 'Ben Falk', parts: [] })
  const { body } = await scan(api, path, { by: lane.centre, person: 'Ben Falk' })
  expect(body.unit).toMatchObject({ result: 'unverified', open: ['second_person_saw_the_first'], blindReaders: 1 })
  const third = await scan(api, path, { by: lane.centre, person: 'Carla Wolf' })
  expect(third.body.unit).toMatchObject({ result: 'match', readers: 3, blindReaders: 2 })
})

test('a label that matches is shown to everyone: it says what was expected', async () => {
  const { path } = await openLabelled(api, lane)
  for (const person of ['Anna Berg', 'Ben Falk']) await scan(api, path, { by: lane.centre, person, parts: BAG_LABEL })
  const { units, hidden } = await api.get(lane.centre.key, `${path}/identity`)
  expect([units[0].result, hidden]).toEqual(['match', []])
})

test('of two who read at the same time both are recorded, and one is told the result of both', async () => {
  const { path } = await openLabelled(api, lane)
  const people = ['Anna Berg', 'Ben Falk', 'Carla Wolf']
  const answers = await Promise.all(people.map((person) => scan(api, path, { by: lane.centre, person })))
  expect(answers.map(({ status }) => status)).toEqual([201, 201, 201])
  expect(answers.map(({ body }: Json) => body.unit.readers).sort()).toEqual([1, 2, 3])
})
