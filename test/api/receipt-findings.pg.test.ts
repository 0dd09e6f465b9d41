import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CHECKLIST } from '../../src/domain/checklist.ts'
import { type Api, createApi, iso, type Json } from '../support/api.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { coi, label } from '../support/labelled.ts'
import {
  type Answers,
  arrive,
  createReceiptLane,
  type ReceiptLane,
  type Receiving,
  receive,
  unitOf,
} from '../support/receipt-lane.ts'

let database: TestDatabase
let api: Api
let lane: ReceiptLane

beforeAll(async () => {
  database = await testDatabase()
  api = await createApi(database)
  lane = await createReceiptLane(api)
})
afterAll(() => database.drop())

const NO: { said: 'no' } = { said: 'no' }
const NOT_DONE: { said: 'not_done' } = { said: 'not_done' }

describe('every "no" has its finding, and "not done" blocks', () => {
  let path: string
  beforeAll(async () => {
    // with a gap, so that an answer about the read-out is asked for at all
    path = (await arrive(api, lane, { degrees: [5] })).path
  })

  test.each(Object.entries(CHECKLIST))('%s', async (id, { about, no }) => {
    const said = (answer: Answers[string]): Receiving =>
      about === 'box' ? { box: { [id]: answer } } : { unit: { [id]: answer } }
    expect((await receive(api, lane, { path, ...said({ ...NO, remark: 'as seen' }) })).status).toBe(201)
    const unit = await unitOf(api, lane, path)
    expect(unit.signed.findings).toContain(no)
    expect(unit.signed.verdict).not.toBe('ACCEPT')
    await receive(api, lane, { path, ...said(NOT_DONE) })
    expect((await unitOf(api, lane, path)).codes).toContain('CHECK_NOT_DONE')
  })
})

type Case = {
  journey?: Parameters<typeof arrive>[2]
  receiving?: Receiving
  before?: (path: string) => Promise<unknown>
}
const say = (key: string, path: string, body: object) => api.post(key, `${path}/custody-events`, body)

describe('what the service knows is found, all of it, and the worst decides', () => {
  test.each<[string, string[], string, () => Case]>([
    [
      'a critical alarm',
      ['CRITICAL_ALARM', 'BUDGET_EXCEEDED'],
      'REJECT_RECOMMENDED',
      () => ({ journey: { degrees: [5, 16, 5, 5, 5] } }),
    ],
    ['a major alarm', ['MAJOR_ALARM'], 'QUARANTINE', () => ({ journey: { degrees: [5, 9, 9, 9, 5] } })],
    [
      'a short excursion within the budget',
      ['EXCURSION_BELOW_ALARM'],
      'ACCEPT',
      () => ({ journey: { degrees: [5, 9, 5, 5, 5] } }),
    ],
    ['readings that are missing', ['DATA_PENDING'], 'INDETERMINATE', () => ({ journey: { degrees: [5] } })],
    [
      'readings that will not come',
      ['DATA_ABSENT'],
      'QUARANTINE',
      () => ({ journey: { degrees: [5] }, receiving: { more: { dataAbsent: 'the logger is lost' } } }),
    ],
    ['seals that differ', ['SEAL_MISMATCH'], 'QUARANTINE', () => ({ receiving: { more: { seals: ['S9'] } } })],
    ['no seals found', ['SEAL_MISMATCH'], 'QUARANTINE', () => ({ receiving: { more: { seals: [] } } })],
    [
      'a box without qualification',
      ['CONTAINER_UNQUALIFIED'],
      'QUARANTINE',
      () => ({ journey: { more: { containerId: null } } }),
    ],
    [
      'labels nobody scanned',
      ['EXPIRY_UNCLEAR', 'ID_UNVERIFIED'].slice(1),
      'INDETERMINATE',
      () => ({ journey: { scanned: false } }),
    ],
    [
      'the wrong bag',
      ['ID_MISMATCH'],
      'REJECT_RECOMMENDED',
      () => ({
        before: (path) =>
          api.post(lane.centre.key, `${path}/scans`, {
            ...{ unit: 'BAG-0007', person: 'Cleo Dahl', at: iso(60), parts: [label({ serial: 'BAG-0008' }), coi()] },
          }),
      }),
    ],
    [
      'too long in the air',
      ['TRANSFER_TOO_LONG'],
      'QUARANTINE',
      () => ({ receiving: { bag: { transfer: { outAt: iso(60), storedAt: iso(62.1) } } } }),
    ],
    [
      'a transfer nobody timed',
      ['CHECK_NOT_DONE'],
      'INDETERMINATE',
      () => ({ receiving: { bag: { transfer: undefined } } }),
    ],
    ['a bag that is not there', ['UNIT_MISSING'], 'QUARANTINE', () => ({ receiving: { bag: { inBox: false } } })],
    ['a bag too many', ['UNIT_UNEXPECTED'], 'QUARANTINE', () => ({ receiving: { units: ['BAG-0007', 'BAG-0099'] } })],
    [
      'another temperature on the display',
      ['DISPLAY_DISAGREES'],
      'INDETERMINATE',
      () => ({ receiving: { more: { displayC: '9.9' } } }),
    ],
    [
      'a clock that is wrong',
      ['CLOCK_UNTRUSTED'],
      'INDETERMINATE',
      () => ({ receiving: { more: { loggerClock: { shows: iso(66), at: iso(60) } } } }),
    ],
    [
      'a shipment that was sent elsewhere meanwhile',
      ['WRONG_CONSIGNEE'],
      'QUARANTINE',
      () => ({
        before: (path) => {
          const told = { kind: 'readdressed', at: iso(20), toOrganisationId: lane.sponsor.id, reason: 'r' }
          return say(lane.sponsor.key, path, told)
        },
      }),
    ],
    [
      'a broken chain of custody',
      ['CUSTODY_BROKEN'],
      'QUARANTINE',
      () => ({
        before: (path) => say(lane.sponsor.key, path, { kind: 'handover_accept', at: iso(9), handoverId: 'H' }),
      }),
    ],
  ])('%s', async (_what, findings, verdict, given) => {
    const { journey, receiving, before } = given()
    const { path } = await arrive(api, lane, journey)
    await before?.(path)
    const { status, text } = await receive(api, lane, { path, ...receiving })
    expect(status, text).toBe(201)
    const unit = await unitOf(api, lane, path)
    expect({
      codes: unit.codes.filter((code: string) => !CARRIED.includes(code)).sort(),
      verdict: unit.verdict,
    }).toEqual({
      codes: [...findings].filter((code) => !CARRIED.includes(code)).sort(),
      verdict,
    })
    for (const code of findings) expect(unit.codes).toContain(code)
    for (const found of unit.findings) {
      expect(found.what).toMatch(/\.$/)
      expect(found.clearedBy).not.toBe('')
    }
  })

  /** What other findings bring along: a level without a confirmed alarm has an event, a chain that seals broke. */
  const CARRIED = ['EXCURSION_BELOW_ALARM', 'MAJOR_ALARM', 'CUSTODY_BROKEN', 'CUSTODY_INCOMPLETE', 'BUDGET_EXCEEDED']

  test('a confirmed alarm hides nothing', async () => {
    const { path } = await arrive(api, lane, { degrees: [16] })
    await receive(api, lane, { path, unit: { bag_intact: NO }, box: { seals_intact: NO }, more: { seals: ['S9'] } })
    const unit = await unitOf(api, lane, path)
    expect(unit.verdict).toBe('REJECT_RECOMMENDED')
    for (const code of ['CRITICAL_ALARM', 'UNIT_DAMAGED', 'SEAL_BROKEN', 'SEAL_MISMATCH', 'DATA_PENDING']) {
      expect(unit.codes).toContain(code)
    }
  })

  test('a time of opening typed afterwards that leaves out a bad reading is found', async () => {
    const { path } = await arrive(api, lane, { degrees: [5, 5, 5, 5, 16], opened: false })
    await say(lane.centre.key, path, { kind: 'opened', at: iso(58) })
    await receive(api, lane, { path })
    expect(await unitOf(api, lane, path)).toMatchObject({ codes: ['WINDOW_CHANGED'], verdict: 'QUARANTINE' })
  })

  test('a file that was taken back leaves nothing out of the window', async () => {
    const { path, sensor } = await arrive(api, lane, { degrees: [5, 5, 5, 5, 5], opened: false })
    const asked = { body: `Time,Temperature (°C)\n${iso(59)},16\n`, headers: { 'Content-Type': 'text/csv' } }
    const { id } = (await api.call(lane.sponsor.key, `POST /readings/import?sensorId=${sensor.id}`, asked)).body
    await api.post(lane.sponsor.key, `/readings/imports/${id}/supersession`, { reason: 'of another box' })
    await say(lane.centre.key, path, { kind: 'opened', at: iso(58) })
    await receive(api, lane, { path })
    expect((await unitOf(api, lane, path)).codes).not.toContain('WINDOW_CHANGED')
  })

  test('each unit has its own verdict, and the shipment shows the worst', async () => {
    const units = ['BAG-0007', 'BAG-0008']
    const { path } = await arrive(api, lane, { units })
    const [good, bad] = units.map((code) => ({ code }))
    const body = { units, unit: {} }
    await receive(api, lane, { path, ...body })
    const again = await api.get(lane.centre.key, `${path}/receipt`)
    expect(again.counts).toEqual({ ACCEPT: 2, INDETERMINATE: 0, QUARANTINE: 0, REJECT_RECOMMENDED: 0 })
    const damage = { number: 'D', system: 'QMS', units: [bad?.code], findings: ['UNIT_DAMAGED'], openedAt: iso(70) }
    await api.post(lane.centre.key, `${path}/deviations`, damage)
    expect(good?.code).toBe('BAG-0007')
    await api.post(lane.centre.key, `${path}/scans`, {
      ...{
        unit: 'BAG-0008',
        person: 'Cleo Dahl',
        at: iso(60),
        parts: [label({ serial: 'BAG-0008', lot: 'X' }), coi()],
      },
    })
    const now = await api.get(lane.sponsor.key, `${path}/receipt`)
    expect(now.units.map(({ code, verdict }: Json) => [code, verdict])).toEqual([
      ['BAG-0007', 'ACCEPT'],
      ['BAG-0008', 'REJECT_RECOMMENDED'],
    ])
    expect(now.verdict).toBe('REJECT_RECOMMENDED')
    // what was signed stays as it was signed
    expect(now.units[1].signed).toEqual({ code: 'BAG-0008', verdict: 'ACCEPT', findings: [] })
  })
})
