import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { appendDueRoots } from '../../src/actions/due-roots.ts'
import { type Api, iso, type Json, named } from '../support/api.ts'
import { asOwner, type TestDatabase, testDatabase } from '../support/database.ts'
import { arrive, createDelivery, type Delivery, delivered, placedOn, statusOf } from '../support/delivery.ts'
import { type Lane, travel } from '../support/lane.ts'
import { MINUTE, T0 } from '../support/limits.ts'
import { own, releaseTo, type Signers, type TestPerson } from '../support/people.ts'

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

describe('late data that change what was relied on', () => {
  test('stamp a superseding evaluation and put the shipment in re-review, with all who relied on the old', async () => {
    const { path, sensor } = await delivered(there)
    const before = await statusOf(there, path)
    expect(before.review).toEqual({ state: 'none', open: [] })
    await arrive(there, sensor.id, { minute: 20, c: 16 })
    const after = await statusOf(there, path)
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
    const { path, sensor } = await delivered(there)
    await arrive(there, sensor.id, { minute: 20, c: 16 })
    await appendDueRoots(api.ctx)
    expect((await api.get(lane.centre.key, `${path}/re-reviews`)).items).toHaveLength(1)
  })

  test('concern only who relied before them: not what was known when it was relied on', async () => {
    const { path, sensor } = await travel(api, lane, [5, 5, 16, 5])
    const event = (body: object) => api.post(lane.sponsor.key, `${path}/custody-events`, body)
    await event({ ...releaseTo(lane.centre.id), at: iso(50) })
    await arrive(there, sensor.id, { minute: 60, c: 5 })
    expect((await statusOf(there, path)).review.state).toBe('none')
  })

  test('do not make news of what happened after the moment of relying', async () => {
    api.clock.now = T0 + 46 * MINUTE
    const { path, sensor } = await travel(api, lane, [5, 5, 5, 5])
    await api.post(lane.sponsor.key, `${path}/custody-events`, { ...releaseTo(lane.centre.id), at: iso(46) })
    api.clock.now = T0 + 61 * MINUTE
    await arrive(there, sensor.id, { minute: 60, c: 16 })
    const after = await statusOf(there, path)
    expect([after.temperature.status, after.review.state]).toEqual(['alarm', 'none'])
    await arrive(there, sensor.id, { minute: 40, c: 16 })
    expect((await statusOf(there, path)).review.state).toBe('re_review')
  })

  test('that only make it better are told by the new evaluation, and ask for nothing', async () => {
    const { path, sensor } = await delivered(there, [5, 5])
    expect((await statusOf(there, path)).temperature.status).toBe('indeterminate')
    for (const minute of [30, 45, 60]) await arrive(there, sensor.id, { minute, c: 5 })
    const after = await statusOf(there, path)
    expect([after.temperature.status, after.review.state]).toEqual(['in_range', 'none'])
  })

  test('are compared once: asking again, or more of the same, opens no further one', async () => {
    const { path, sensor } = await delivered(there)
    await arrive(there, sensor.id, { minute: 20, c: 16 })
    await statusOf(there, path)
    await appendDueRoots(api.ctx)
    await arrive(there, sensor.id, { minute: 5, c: 5 })
    await statusOf(there, path)
    expect((await api.get(lane.centre.key, `${path}/re-reviews`)).items).toHaveLength(1)
  })
})

describe('a re-review is opened, too, by', () => {
  const reviewOf = async (path: string) => (await statusOf(there, path)).review
  test('a corrected placement', async () => {
    const { path } = await delivered(there)
    await api.post(lane.sponsor.key, `/placements/${await placedOn(there, path)}/correction`, {
      reason: 'placed later',
      from: iso(40),
    })
    const review = await reviewOf(path)
    expect(review.state).toBe('re_review')
    expect(review.open[0].grounds[0].is).toMatchObject({ status: 'indeterminate' })
  })

  test('a corrected certificate', async () => {
    const { path, sensor } = await delivered(there, [5, 7.4, 7.4, 7.4, 5])
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

  test('a calibration after the journey that found the sensor out of tolerance', async () => {
    const { path, sensor } = await delivered(there)
    expect((await statusOf(there, path)).temperature.status).toBe('in_range')
    const certificate = { certificate: 'C-3', laboratory: 'Lab', calibratedAt: iso(66), dueAt: iso(500_000) }
    const points = [-10, 30].map((atC) => ({ atC, correctionC: 0 }))
    const failed = { ...certificate, uncertaintyC: 0.3, points, asFound: 'out_of_tolerance' }
    const added = await api.post(lane.sponsor.key, `/sensors/${sensor.id}/calibrations`, failed)
    const doubted = await statusOf(there, path)
    expect(doubted.temperature).toMatchObject({ status: 'indeterminate', reasons: ['CALIBRATION_INVALID'] })
    expect(doubted.sensors[0].calibration.problem).toBe('found_out_of_tolerance')
    expect(doubted.review.state).toBe('re_review')
    expect(doubted.review.open[0].grounds[0]).toMatchObject({
      was: { status: 'in_range' },
      is: { status: 'indeterminate' },
    })
    await api.post(lane.sponsor.key, `/calibrations/${added.id}/supersession`, { reason: 'another sensor' })
    const cleared = await statusOf(there, path)
    expect([cleared.temperature.status, cleared.review.state]).toEqual(['in_range', 're_review'])
  })

  test('a recall after the receipt, which names the unit', async () => {
    const lot = named('lot')
    const path = (await delivered(there)).path
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

test('the status of the past knows of no re-review that was opened later', async () => {
  const { path, sensor } = await delivered(there)
  const before = await statusOf(there, path)
  api.clock.now += 2 * MINUTE
  await arrive(there, sensor.id, { minute: 20, c: 16 })
  expect((await statusOf(there, path)).review.state).toBe('re_review')
  const then = await api.get(lane.centre.key, `${path}/status?asOf=${encodeURIComponent(before.asOf)}`)
  const told = ({ recomputed: _how, ...answer }: Json) => answer
  expect(told(then)).toEqual(told(before))
  expect(then.recomputed).not.toBeNull()
})
