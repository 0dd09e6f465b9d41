import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { appendDueRoots } from '../../src/actions/due-roots.ts'
import { recordMessages } from '../../src/actions/record-messages.ts'
import { type Api, createApi, iso, type Json, named } from '../support/api.ts'
import { asOwner, type TestDatabase, testDatabase } from '../support/database.ts'
import { createLane, type Lane, travel } from '../support/lane.ts'
import { MINUTE, T0 } from '../support/limits.ts'
import { createSigners, own, personOf, releaseTo, type Signers, type TestPerson } from '../support/people.ts'
import { message } from '../support/world.ts'

let database: TestDatabase
let api: Api
let lane: Lane
let people: Signers
let qa: TestPerson

beforeAll(async () => {
  database = await testDatabase()
  api = await createApi(database)
  api.clock.now = T0 + 60 * MINUTE
  lane = await createLane(api)
  people = await createSigners(api, lane)
  qa = await personOf(api, lane.admin, { organisationId: lane.sponsor.id, roles: ['qa_sponsor'] })
})
afterAll(() => database.drop())

/**
 * Packed at 0, measured every quarter of an hour up to 60, handed over at 62 with two signatures, received at 64 by a
 * person and opened at 65: what was read of the time from 15 to 45 is given.
 */
async function received(degrees: readonly (number | null)[] = [5, 5, 5, 5, 5]) {
  api.clock.now = T0 + 61 * MINUTE
  const journey = await travel(api, lane, degrees)
  const { path } = journey
  api.clock.now = T0 + 62 * MINUTE
  await api.post(people.packer.token, `${path}/custody-events`, {
    ...releaseTo(lane.centre.id),
    at: iso(62),
    signing: own(people.packer, 'released_custody'),
    secondSigning: { ...own(people.receiver, 'accepted_custody'), userName: people.receiver.userName },
  })
  api.clock.now = T0 + 64 * MINUTE
  await api.post(people.receiver.token, `${path}/custody-events`, {
    kind: 'received',
    at: iso(64),
    signing: own(people.receiver, 'received'),
  })
  api.clock.now = T0 + 65 * MINUTE
  await api.post(lane.centre.key, `${path}/custody-events`, { kind: 'opened', at: iso(65) })
  api.clock.now += MINUTE
  return journey
}

const arrive = (sensorId: number, minute: number, c: number) =>
  recordMessages(api.ctx, [message(sensorId, [{ at: T0 + minute * MINUTE, c }], api.clock.now)])
/** The placement that stands: `opened` ended the one that was made. */
const placedOn = async (path: string): Promise<number> =>
  (await api.get(lane.sponsor.key, `${path}/placements`)).items.find(({ supersededAt }: Json) => supersededAt === null)
    .id
const statusOf = (path: string, key = lane.centre.key): Promise<Json> => api.get(key, `${path}/status`)
const decide = (path: string, evaluationVersion: number, more: object = {}) =>
  api.call(qa.token, `POST ${path}/re-reviews`, {
    body: { evaluationVersion, conclusion: 'stands', reason: 'within budget', signing: own(qa, 'reviewed'), ...more },
  })

describe('late data that change what was relied on', () => {
  test('stamp a superseding evaluation and put the shipment in re-review, with everyone who relied on the old one', async () => {
    const { path, sensor } = await received()
    const before = await statusOf(path)
    expect(before.review).toEqual({ state: 'none', open: [] })
    await arrive(sensor.id, 20, 16)
    const after = await statusOf(path)
    expect(after.temperature).toMatchObject({ status: 'alarm', severity: 'critical' })
    expect(after.review.state).toBe('re_review')
    const [open] = after.review.open
    expect(open).toMatchObject({ evaluationVersion: after.evaluationVersion, decisionId: null })
    expect(
      open.reliedOnBy.map(({ what, people: signed }: Json) => [
        what,
        signed.map(({ name, role }: Json) => `${name}, ${role}`),
      ]),
    ).toEqual([
      ['handover_release', [`${people.packer.printedName}, packer`]],
      ['handover_accept', [`${people.receiver.printedName}, receiver`]],
      ['received', [`${people.receiver.printedName}, receiver`]],
    ])
    expect(open.grounds[2]).toMatchObject({
      relied: { what: 'received', at: iso(64) },
      was: { status: 'in_range', severity: null },
      is: { status: 'alarm', severity: 'critical' },
    })
    expect(open.grounds[2].differences.map(({ text }: Json) => text)).toContain('The status was in_range and is alarm.')
    expect(open.notify).toEqual([
      { organisationId: lane.sponsor.id, because: ['relied', 'sponsor'] },
      { organisationId: lane.centre.id, because: ['relied', 'consignee'] },
    ])
    const { items } = await api.get(lane.centre.key, `${path}/custody-events?limit=100`)
    const roots = items.filter(({ kind }: Json) => kind === 'readings_root')
    expect(roots.at(-1).evaluation.version).toBe(after.evaluationVersion)
    expect(await api.get(lane.centre.key, `${path}/ledger/verification`)).toMatchObject({
      valid: true,
      stampedUpTo: items.at(-1).seq,
    })
    const old = await api.get(lane.centre.key, `${path}/evaluations/${open.reliedOnBy[0].evaluationVersion}`)
    expect(old.content.status).toBe('in_range')
  })

  test('are found by the service itself, with nobody asking', async () => {
    const { path, sensor } = await received()
    await arrive(sensor.id, 20, 16)
    await appendDueRoots(api.ctx)
    expect((await api.get(lane.centre.key, `${path}/re-reviews`)).items).toHaveLength(1)
  })

  test('concern only who relied before them: not what was known when it was relied on', async () => {
    const { path, sensor } = await travel(api, lane, [5, 5, 16, 5])
    const event = (body: object) => api.post(lane.sponsor.key, `${path}/custody-events`, body)
    await event({ ...releaseTo(lane.centre.id), at: iso(50) })
    await arrive(sensor.id, 60, 5)
    expect((await statusOf(path)).review.state).toBe('none')
  })

  test('do not make news of what happened after the moment of relying', async () => {
    api.clock.now = T0 + 46 * MINUTE
    const { path, sensor } = await travel(api, lane, [5, 5, 5, 5])
    await api.post(lane.sponsor.key, `${path}/custody-events`, { ...releaseTo(lane.centre.id), at: iso(46) })
    api.clock.now = T0 + 61 * MINUTE
    await arrive(sensor.id, 60, 16)
    const after = await statusOf(path)
    expect([after.temperature.status, after.review.state]).toEqual(['alarm', 'none'])
    await arrive(sensor.id, 40, 16)
    expect((await statusOf(path)).review.state).toBe('re_review')
  })

  test('that only make it better are told by the new evaluation, and ask for nothing', async () => {
    const { path, sensor } = await received([5, 5])
    expect((await statusOf(path)).temperature.status).toBe('indeterminate')
    for (const minute of [30, 45, 60]) await arrive(sensor.id, minute, 5)
    const after = await statusOf(path)
    expect([after.temperature.status, after.review.state]).toEqual(['in_range', 'none'])
  })

  test('are compared once: asking again, or more of the same, opens no further one', async () => {
    const { path, sensor } = await received()
    await arrive(sensor.id, 20, 16)
    await statusOf(path)
    await appendDueRoots(api.ctx)
    await arrive(sensor.id, 5, 5)
    await statusOf(path)
    expect((await api.get(lane.centre.key, `${path}/re-reviews`)).items).toHaveLength(1)
  })
})

describe('a re-review is opened, too, by', () => {
  const reviewOf = async (path: string) => (await statusOf(path)).review
  test('a corrected placement', async () => {
    const { path } = await received()
    await api.post(lane.sponsor.key, `/placements/${await placedOn(path)}/correction`, {
      reason: 'placed later',
      from: iso(40),
    })
    const review = await reviewOf(path)
    expect(review.state).toBe('re_review')
    expect(review.open[0].grounds[0].is).toMatchObject({ status: 'indeterminate' })
  })

  test('a corrected certificate', async () => {
    const { path, sensor } = await received([5, 7.4, 7.4, 7.4, 5])
    const certificate = { certificate: 'C-2', laboratory: 'Lab', calibratedAt: iso(-9000), dueAt: iso(500_000) }
    const points = [-10, 30].map((atC) => ({ atC, correctionC: 1 }))
    await api.post(lane.sponsor.key, `/sensors/${sensor.id}/calibrations`, {
      ...certificate,
      uncertaintyC: 0.3,
      points,
    })
    await api.post(lane.sponsor.key, `/calibrations/${sensor.calibration.id}/supersession`, { reason: 'wrong sheet' })
    expect((await reviewOf(path)).state).toBe('re_review')
  })

  test('a calibration after the journey that found the sensor out of tolerance; the wrong sheet taken back ends the doubt', async () => {
    const { path, sensor } = await received()
    expect((await statusOf(path)).temperature.status).toBe('in_range')
    const certificate = { certificate: 'C-3', laboratory: 'Lab', calibratedAt: iso(66), dueAt: iso(500_000) }
    const points = [-10, 30].map((atC) => ({ atC, correctionC: 0 }))
    const failed = { ...certificate, uncertaintyC: 0.3, points, asFound: 'out_of_tolerance' }
    const added = await api.post(lane.sponsor.key, `/sensors/${sensor.id}/calibrations`, failed)
    const doubted = await statusOf(path)
    expect(doubted.temperature).toMatchObject({ status: 'indeterminate', reasons: ['CALIBRATION_INVALID'] })
    expect(doubted.sensors[0].calibration.problem).toBe('found_out_of_tolerance')
    expect(doubted.review.state).toBe('re_review')
    expect(doubted.review.open[0].grounds[0]).toMatchObject({
      was: { status: 'in_range' },
      is: { status: 'indeterminate' },
    })
    await api.post(lane.sponsor.key, `/calibrations/${added.id}/supersession`, { reason: 'another sensor' })
    const cleared = await statusOf(path)
    expect([cleared.temperature.status, cleared.review.state]).toEqual(['in_range', 're_review'])
  })

  test('a recall after the receipt, which names the unit', async () => {
    const lot = named('lot')
    const path = (await received()).path
    await asOwner(database, `update unit set lot = '${lot}' where shipment_id = ${path.split('/').at(-1)}`)
    const body = { productId: lane.productId, lot, said: { kind: 'recall' }, reason: 'r', signing: own(qa, 'rejected') }
    await api.post(qa.token, '/lot-decisions', body)
    const { state, open } = await reviewOf(path)
    expect(state).toBe('re_review')
    expect(open[0].grounds.map(({ relied }: Json) => relied.what)).toEqual(['received'])
    expect(open[0].grounds[0].differences).toContainEqual(
      expect.objectContaining({ about: 'finding', of: 'BAG-1', text: 'New for BAG-1: RECALLED.' }),
    )
  })
})

describe('a re-review ends', () => {
  const reviewed = async () => {
    const { path, sensor } = await received()
    await arrive(sensor.id, 20, 16)
    return { path, sensor, version: (await statusOf(path)).evaluationVersion as number }
  }

  test('by the signed decision of the sponsor’s QA, and both stay readable', async () => {
    const { path, version } = await reviewed()
    expect((await decide(path, version)).status).toBe(201)
    expect((await statusOf(path)).review).toEqual({ state: 'none', open: [] })
    const found = await api.get(lane.centre.key, `${path}/re-reviews`)
    expect(found.items[0]).toMatchObject({ decisionId: found.decisions[0].id })
    expect(found.decisions[0]).toMatchObject({
      conclusion: 'stands',
      evaluationVersion: version,
      signature: { printedName: qa.printedName, role: 'qa_sponsor', meaning: 'reviewed', fault: null },
    })
  })

  test('never by itself, even where the data get better again', async () => {
    const { path, sensor } = await received()
    await arrive(sensor.id, 20, 16)
    expect((await statusOf(path)).review.state).toBe('re_review')
    await api.post(lane.sponsor.key, `/placements/${await placedOn(path)}/correction`, {
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
    const after = await statusOf(path)
    expect([after.temperature.status, after.review.state]).toEqual(['in_range', 're_review'])
  })

  test('and is opened anew where what the decision stood on changes in turn; everyone before is listed again', async () => {
    const { path, sensor, version } = await reviewed()
    await decide(path, version)
    api.clock.now += MINUTE
    await arrive(sensor.id, 35, 17)
    const { review } = await statusOf(path)
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
    expect((await statusOf(path)).review.state).toBe('re_review')
  })

  test('only where one is open', async () => {
    const { path } = await received()
    const { evaluationVersion } = await statusOf(path)
    expect((await decide(path, evaluationVersion)).body.type).toMatch(/already-decided$/)
  })

  test('in the eyes of those whom the shipment concerns, and of nobody else', async () => {
    const { path } = await reviewed()
    const seen = [lane.sponsor, lane.centre, lane.stranger].map(({ key }) => api.call(key, `GET ${path}/re-reviews`))
    expect((await Promise.all(seen)).map(({ status }) => status)).toEqual([200, 200, 404])
  })
})

test('the status of the past knows of no re-review that was opened later', async () => {
  const { path, sensor } = await received()
  const before = await statusOf(path)
  api.clock.now += 2 * MINUTE
  await arrive(sensor.id, 20, 16)
  expect((await statusOf(path)).review.state).toBe('re_review')
  const then = await api.get(lane.centre.key, `${path}/status?asOf=${encodeURIComponent(before.asOf)}`)
  const told = ({ recomputed: _how, ...answer }: Json) => answer
  expect(told(then)).toEqual(told(before))
  expect(then.recomputed).not.toBeNull()
})
