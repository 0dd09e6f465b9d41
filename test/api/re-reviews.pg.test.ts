import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Api, iso, type Json } from '../support/api.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { arrive, createDelivery, type Delivery, delivered, placedOn, statusOf } from '../support/delivery.ts'
import type { Lane } from '../support/lane.ts'
import { MINUTE } from '../support/limits.ts'
import { own, type Signers, type TestPerson } from '../support/people.ts'

let database: TestDatabase
let there: Delivery
let api: Api
let lane: Lane
let people: Signers
let qa: TestPerson

beforeAll(async () => {
  database = await testDatabase()
  there = await createDelivery(database)
  ;({ api, lane, people, qa } = there)
})
afterAll(() => database.drop())

const decide = (path: string, evaluationVersion: number, more: object = {}) =>
  api.call(qa.token, `POST ${path}/re-reviews`, {
    body: { evaluationVersion, conclusion: 'stands', reason: 'within budget', signing: own(qa, 'reviewed'), ...more },
  })

describe('a re-review ends', () => {
  const reviewed = async () => {
    const { path, sensor } = await delivered(there)
    await arrive(there, sensor.id, { minute: 20, c: 16 })
    return { path, sensor, version: (await statusOf(there, path)).evaluationVersion as number }
  }

  test('by the signed decision of the sponsor’s QA, and both stay readable', async () => {
    const { path, version } = await reviewed()
    expect((await decide(path, version)).status).toBe(201)
    expect((await statusOf(there, path)).review).toEqual({ state: 'none', open: [] })
    const found = await api.get(lane.centre.key, `${path}/re-reviews`)
    expect(found.items[0]).toMatchObject({ decisionId: found.decisions[0].id })
    expect(found.decisions[0]).toMatchObject({
      conclusion: 'stands',
      evaluationVersion: version,
      signature: { printedName: qa.printedName, role: 'qa_sponsor', meaning: 'reviewed', fault: null },
    })
  })

  test('never by itself, even where the data get better again', async () => {
    const { path, sensor } = await delivered(there)
    await arrive(there, sensor.id, { minute: 20, c: 16 })
    expect((await statusOf(there, path)).review.state).toBe('re_review')
    await api.post(lane.sponsor.key, `/placements/${await placedOn(there, path)}/correction`, {
      reason: 'from then',
      from: iso(25),
    })
    await api.post(lane.sponsor.key, `${path}/custody-events`, {
      kind: 'correction',
      at: iso(66),
      corrects: 1,
      reason: 'packed later',
      replacement: { kind: 'packed', at: iso(25), units: ['BAG-1'] },
    })
    const after = await statusOf(there, path)
    expect([after.temperature.status, after.review.state]).toEqual(['in_range', 're_review'])
  })

  test('and is opened anew where the ground of the decision changes in turn; all before are listed again', async () => {
    const { path, sensor, version } = await reviewed()
    await decide(path, version)
    api.clock.now += MINUTE
    await arrive(there, sensor.id, { minute: 35, c: 17 })
    const { review } = await statusOf(there, path)
    expect(review.state).toBe('re_review')
    expect(review.open[0].grounds.map(({ relied }: Json) => relied.what)).toEqual(['re_review_decision'])
    expect(review.open[0].reliedOnBy.map(({ what }: Json) => what)).toEqual([
      'handover_release',
      'handover_accept',
      'received',
      're_review_decision',
    ])
  })

  test.each<[string, string, () => Promise<[string, object]>]>([
    ['by a machine', 'machine-cannot-sign', async () => [lane.sponsor.key, {}]],
    [
      'by whoever has no such role',
      'meaning-not-allowed',
      async () => [people.otherQa.token, { signing: own(people.otherQa, 'reviewed') }],
    ],
    ['on a version that is not the current one', 'changed-meanwhile', async () => [qa.token, { evaluationVersion: 1 }]],
    ['signed as something else', 'invalid', async () => [qa.token, { signing: own(qa, 'approved') }]],
    [
      'by who received the shipment',
      'own-receipt',
      async () => {
        const granted = { userName: people.receiver.userName, role: 'qa_site' }
        await api.post(lane.admin.key, `/organisations/${lane.sponsor.id}/role-grants`, granted)
        return [people.receiver.token, { signing: own(people.receiver, 'reviewed') }]
      },
    ],
    [
      'by whoever does not see the shipment',
      'not-found',
      async () => [people.stranger.token, { signing: own(people.stranger, 'reviewed') }],
    ],
  ])('not %s', async (_how, type, prepare) => {
    const { path, version } = await reviewed()
    const [key, more] = await prepare()
    const body = {
      evaluationVersion: version,
      conclusion: 'stands',
      reason: 'r',
      signing: own(qa, 'reviewed'),
      ...more,
    }
    const answer = await api.call(key, `POST ${path}/re-reviews`, { body })
    expect(answer.body.type).toMatch(new RegExp(`${type}$`))
    expect((await statusOf(there, path)).review.state).toBe('re_review')
  })

  test('only where one is open', async () => {
    const { path } = await delivered(there)
    const { evaluationVersion } = await statusOf(there, path)
    expect((await decide(path, evaluationVersion)).body.type).toMatch(/already-decided$/)
  })

  test('in the eyes of those whom the shipment concerns, and of nobody else', async () => {
    const { path } = await reviewed()
    const seen = [lane.sponsor, lane.centre, lane.stranger].map(({ key }) => api.call(key, `GET ${path}/re-reviews`))
    expect((await Promise.all(seen)).map(({ status }) => status)).toEqual([200, 200, 404])
  })
})
