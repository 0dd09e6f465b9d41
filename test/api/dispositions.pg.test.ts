import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Answer, type Api, createApi, iso, type Json } from '../support/api.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { measure } from '../support/lane.ts'
import { other, own } from '../support/people.ts'
import {
  arrive,
  createReceiptLane,
  DAMAGED,
  decide,
  deviate,
  type ReceiptLane,
  receive,
  received,
  SEAL_BROKEN,
  unitOf,
  verify,
} from '../support/receipt-lane.ts'
import { signedCounts } from '../support/signed-counts.ts'

let database: TestDatabase
let api: Api
let lane: ReceiptLane

beforeAll(async () => {
  database = await testDatabase()
  api = await createApi(database)
  lane = await createReceiptLane(api)
})
afterAll(() => database.drop())

const counts = () => signedCounts(database)

describe('a signature on a decision', () => {
  const attempts: [string, string, (path: string) => Promise<Answer>][] = [
    [
      'of a role that may not',
      'meaning-not-allowed',
      (path) => decide(api, lane, { path, disposition: 'rejected', by: lane.people.verifier }),
    ],
    [
      'without the password',
      'signing-failed',
      (path) => {
        const signing = { password: 'guess', meaning: 'rejected' }
        return decide(api, lane, { path, disposition: 'rejected', signing })
      },
    ],
    [
      'with another meaning',
      'invalid',
      (path) => decide(api, lane, { path, disposition: 'rejected', signing: own(lane.people.sponsorQa, 'released') }),
    ],
    [
      'on an evaluation that is not the newest',
      'changed-meanwhile',
      async (path) => {
        const { evaluation } = await api.get(lane.sponsor.key, `${path}/receipt`)
        const former = { ...evaluation, version: evaluation.version - 1 }
        return decide(api, lane, { path, disposition: 'rejected', evaluation: former })
      },
    ],
    [
      'about a unit that is not there',
      'not-found',
      (path) => decide(api, lane, { path, disposition: 'rejected', units: ['BAG-0007', 'BAG-X'] }),
    ],
  ]
  test.each(attempts)('%s is refused, and nothing is written', async (_what, type, attempt) => {
    const path = await received(api, lane, SEAL_BROKEN)
    const before = await counts()
    expect((await attempt(path)).body.type).toMatch(new RegExp(`${type}$`))
    expect(await counts()).toEqual(before)
  })

  test('by a machine is none', async () => {
    const path = await received(api, lane, SEAL_BROKEN)
    const { evaluation } = await api.get(lane.sponsor.key, `${path}/receipt`)
    const body = { disposition: 'rejected', units: ['BAG-0007'], reason: 'r', evaluation }
    const signing = other(lane.people.sponsorQa, 'rejected')
    const answer = await api.call(lane.sponsor.key, `POST ${path}/dispositions`, { body: { ...body, signing } })
    expect(answer.body.type).toMatch(/machine-cannot-sign$/)
  })

  test('made on what was read before late data came is refused; read again, it is signed', async () => {
    const { path, sensor } = await arrive(api, lane, { degrees: [5, 5.1] })
    await receive(api, lane, { path, ...SEAL_BROKEN })
    const { evaluation } = await api.get(lane.sponsor.key, `${path}/receipt`)
    await measure(api, sensor.id, [5, 5.1, 9, 9, 9])
    const stale = await decide(api, lane, { path, disposition: 'rejected', evaluation })
    expect(stale.body.type).toMatch(/changed-meanwhile$/)
    expect((await decide(api, lane, { path, disposition: 'rejected' })).status).toBe(201)
  })
})

describe('QA', () => {
  test('releases what was held, with a deviation for what was found, named in the signed ledger entry', async () => {
    const path = await received(api, lane, SEAL_BROKEN)
    const { number } = await deviate(api, lane, { path, findings: ['SEAL_BROKEN'] })
    const { status, body } = await decide(api, lane, { path, disposition: 'released', by: lane.people.siteQa })
    expect(status).toBe(201)
    expect(body.event).toMatchObject({
      ...{ kind: 'released', units: ['BAG-0007'], reason: 'assessed' },
      details: { disposition: 1, recordSha256: body.recordSha256, deviations: [number] },
      signatures: [
        { meaning: 'released', role: 'qa_site', signerId: lane.people.siteQa.id, evaluation: body.evaluation },
      ],
    })
    expect(await unitOf(api, lane, path)).toMatchObject({ standing: { state: 'released', usable: true } })
    expect((await api.get(lane.centre.key, `${path}/ledger/verification`)).valid).toBe(true)
    const { dispositions } = await api.get(lane.centre.key, `${path}/receipt`)
    expect(dispositions).toMatchObject([
      { number: 1, disposition: 'released', deviations: [number], signer: { name: lane.people.siteQa.printedName } },
    ])
  })

  test('decides about several units by one signature', async () => {
    const units = ['BAG-0007', 'BAG-0008']
    const { path } = await arrive(api, lane, { units })
    await receive(api, lane, { path, units, box: { box_intact: { said: 'no' } } })
    const { body } = await decide(api, lane, { path, disposition: 'rejected', units })
    expect(body.event).toMatchObject({ units, signatures: [{ meaning: 'rejected' }] })
    const view = await api.get(lane.centre.key, `${path}/receipt`)
    expect(view.units.map((unit: Json) => unit.standing.state)).toEqual(['rejected', 'rejected'])
  })

  test('destroys with a witness, and returns to the sponsor', async () => {
    const path = await received(api, lane, SEAL_BROKEN)
    const witness = other(lane.people.verifier, 'witnessed')
    const asked = { path, disposition: 'destroyed', method: 'autoclaved', secondSigning: witness }
    const own_ = await decide(api, lane, { ...asked, secondSigning: other(lane.people.sponsorQa, 'witnessed') })
    expect(own_.body.type).toMatch(/same-person$/)
    const { body } = await decide(api, lane, asked)
    expect(body.event).toMatchObject({
      ...{ kind: 'destroyed', witness: lane.people.verifier.printedName, details: { method: 'autoclaved' } },
      signatures: [{ meaning: 'destroyed' }, { meaning: 'witnessed' }],
    })
    const other_ = await received(api, lane, SEAL_BROKEN)
    const returned = await decide(api, lane, { path: other_, disposition: 'returned', method: 'to the sponsor' })
    expect(returned.body.event).toMatchObject({ kind: 'returned', signatures: [{ meaning: 'approved' }] })
    expect(await unitOf(api, lane, other_)).toMatchObject({ standing: { state: 'returned', usable: false } })
  })

  test('quarantines what was available, and alone ends that', async () => {
    const path = await received(api, lane)
    await verify(api, lane, { path })
    const held = await decide(api, lane, { path, disposition: 'quarantined', by: lane.people.siteQa, evaluation: null })
    expect(held.status, held.text).toBe(201)
    await receive(api, lane, { path })
    expect((await verify(api, lane, { path })).body.accepted).toEqual([])
    expect(await unitOf(api, lane, path)).toMatchObject({
      standing: { state: 'held', quarantined: true, usable: false },
    })
    expect((await decide(api, lane, { path, disposition: 'released' })).status).toBe(201)
    expect(await unitOf(api, lane, path)).toMatchObject({ standing: { state: 'released', quarantined: false } })
  })

  test('has its decision stand, flagged, when the receipt is said again otherwise', async () => {
    const path = await received(api, lane, SEAL_BROKEN)
    await deviate(api, lane, { path, findings: ['SEAL_BROKEN'] })
    await decide(api, lane, { path, disposition: 'released' })
    await receive(api, lane, { path, ...DAMAGED })
    expect(await unitOf(api, lane, path)).toMatchObject({
      standing: { state: 'released', reReview: true, usable: false },
    })
    expect((await decide(api, lane, { path, disposition: 'rejected' })).status).toBe(201)
  })
})

describe('a deviation', () => {
  test('is classed by what it covers, shown at each finding, closed once, and recorded once', async () => {
    const path = await received(api, lane, { ...SEAL_BROKEN, ...DAMAGED })
    const made = await deviate(api, lane, { path, findings: ['SEAL_BROKEN', 'UNIT_DAMAGED'] })
    expect(made).toMatchObject({ classification: 'critical', closing: null })
    const again = { number: made.number, system: 'QMS', units: ['BAG-0007'], findings: ['EXPIRED'], openedAt: iso(1) }
    const twice = await api.call(lane.centre.key, `POST ${path}/deviations`, { body: again })
    expect(twice.body.type).toMatch(/already-exists$/)
    const unit = await unitOf(api, lane, path)
    expect(unit.findings.map(({ deviations }: Json) => deviations)).toEqual([[made.number], [made.number]])
    const closing = { closedAt: iso(200), conclusion: 'a torn seal, no effect' }
    const closed = await api.post(lane.sponsor.key, `${path}/deviations/${made.id}/closing`, closing)
    expect(closed.closing).toMatchObject(closing)
    const more = await api.call(lane.sponsor.key, `POST ${path}/deviations/${made.id}/closing`, { body: closing })
    expect(more.body.type).toMatch(/already-decided$/)
  })
})

describe('sealing', () => {
  test('answers with what is known to be wrong already, and keeps it in the event with the reason', async () => {
    const { path } = await arrive(api, lane)
    const { items } = await api.get(lane.centre.key, `${path}/custody-events`)
    const sealed = items.find(({ kind }: Json) => kind === 'sealed')
    expect(sealed).toMatchObject({ reason: 'the batch is shipped in quarantine' })
    expect(sealed.details.departureFindings).toEqual(['ID_UNVERIFIED', 'RELEASE_PENDING'])
    const check = await api.get(lane.sponsor.key, `${path}/departure-check?plannedArrivalAt=${iso(600_000)}`)
    const codes = check.findings.map(({ code }: Json) => code)
    for (const code of ['CALIBRATION_INVALID', 'CONTAINER_UNQUALIFIED', 'HOLD_TIME_EXCEEDED', 'DATA_GAP']) {
      expect(codes).toContain(code)
    }
  })
})

test('a decision is neither stated, nor corrected away, as a custody event', async () => {
  const path = await received(api, lane, SEAL_BROKEN)
  await decide(api, lane, { path, disposition: 'rejected' })
  const { items } = await api.get(lane.centre.key, `${path}/custody-events`)
  const { seq } = items.find(({ kind }: Json) => kind === 'rejected')
  const correction = { kind: 'correction', at: iso(90), corrects: seq, reason: 'r', replacement: null }
  const answer = await api.call(lane.sponsor.key, `POST ${path}/custody-events`, { body: correction })
  expect(answer.body.type).toMatch(/decides-elsewhere$/)
})

test('the service can neither change nor delete what people signed', async () => {
  const { kysely } = database.db
  await expect(kysely.updateTable('receipt').set({ revision: 9 }).execute()).rejects.toThrow(/permission/)
  await expect(kysely.deleteFrom('disposition').execute()).rejects.toThrow(/permission/)
  await expect(kysely.deleteFrom('deviation').execute()).rejects.toThrow(/permission/)
})

describe('the sponsor’s word about a lot', () => {
  const say = (said: object, meaning: string) => {
    const { sponsorQa } = lane.people
    const body = { productId: lane.productId, lot: 'LOT7A', said, reason: 'r', signing: own(sponsorQa, meaning) }
    return api.post(sponsorQa.token, '/lot-decisions', body)
  }

  test('rules over the papers, and a recall after a release takes the unit out of use until QA decides', async () => {
    await say({ kind: 'batch_status', batchStatus: 'pending' }, 'approved')
    const path = await received(api, lane, SEAL_BROKEN)
    expect((await unitOf(api, lane, path)).codes).toEqual(['RELEASE_PENDING', 'SEAL_BROKEN'])
    await say({ kind: 'batch_status', batchStatus: 'released' }, 'approved')
    expect((await unitOf(api, lane, path)).codes).toEqual(['SEAL_BROKEN'])
    await deviate(api, lane, { path, findings: ['SEAL_BROKEN'] })
    expect((await decide(api, lane, { path, disposition: 'released' })).status).toBe(201)
    expect(await unitOf(api, lane, path)).toMatchObject({ standing: { state: 'released', usable: true } })
    api.clock.now += 60_000
    await say({ kind: 'recall' }, 'rejected')
    expect(await unitOf(api, lane, path)).toMatchObject({
      ...{ verdict: 'REJECT_RECOMMENDED', codes: ['RECALLED', 'SEAL_BROKEN'] },
      standing: { state: 'released', reReview: true, usable: false },
    })
    expect((await decide(api, lane, { path, disposition: 'rejected' })).status).toBe(201)
  })
})
