import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PROBLEMS } from '../../src/api/problem.ts'
import type { ReceiptRefusalCode } from '../../src/domain/refusal.ts'
import { type Answer, type Api, createApi, iso } from '../support/api.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { label } from '../support/labelled.ts'
import { own } from '../support/people.ts'
import {
  arrive,
  createReceiptLane,
  DAMAGED,
  decide,
  deviate,
  type ReceiptLane,
  receive,
  received,
  requested,
  SEAL_BROKEN,
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

/** How a client meets each refusal of departure, receipt and disposition. */
const PROVOKE: Record<ReceiptRefusalCode, () => Promise<() => Promise<Answer>>> = {
  not_received: async () => {
    const { path } = await arrive(api, lane)
    return () => decide(api, lane, { path, disposition: 'released' })
  },
  already_decided: async () => {
    const path = await received(api, lane)
    await verify(api, lane, { path })
    return () => decide(api, lane, { path, disposition: 'released' })
  },
  already_ended: async () => {
    const path = await received(api, lane, SEAL_BROKEN)
    await decide(api, lane, { path, disposition: 'returned', method: 'to the sponsor' })
    return () => decide(api, lane, { path, disposition: 'rejected' })
  },
  own_receipt: async () => {
    const path = await received(api, lane, { ...SEAL_BROKEN, by: lane.people.siteQa })
    return () => decide(api, lane, { path, disposition: 'rejected', by: lane.people.siteQa })
  },
  same_person: async () => {
    const path = await received(api, lane, { by: lane.people.siteQa })
    return () => verify(api, lane, { path, by: lane.people.siteQa })
  },
  reason_required: async () => {
    const { path } = await arrive(api, lane)
    const body = { kind: 'resealed', at: iso(6), seals: ['S1'] }
    return () => api.call(lane.sponsor.key, `POST ${path}/custody-events`, { body: { ...body, kind: 'sealed' } })
  },
  witness_required: async () => {
    const path = await received(api, lane, SEAL_BROKEN)
    return () => decide(api, lane, { path, disposition: 'destroyed' })
  },
  deviation_required: async () => {
    const path = await received(api, lane, SEAL_BROKEN)
    return () => decide(api, lane, { path, disposition: 'released' })
  },
  identity_unresolved: async () => {
    const path = await received(api, lane, { scans: [label({ serial: 'BAG-0008' })] })
    return () => decide(api, lane, { path, disposition: 'released' })
  },
  tasks_open: async () => {
    const path = await received(api, lane, { degrees: [5] })
    return () => decide(api, lane, { path, disposition: 'released' })
  },
  needs_exceptional_release: async () => {
    const path = await received(api, lane, DAMAGED)
    await deviate(api, lane, { path, findings: ['UNIT_DAMAGED'] })
    return () => decide(api, lane, { path, disposition: 'released' })
  },
  exceptional_incomplete: async () => {
    const path = await received(api, lane, DAMAGED)
    await deviate(api, lane, { path, findings: ['UNIT_DAMAGED'] })
    await requested(api, lane, path)
    return () => decide(api, lane, { path, disposition: 'released_exceptionally', exceptionalRelease: 1 })
  },
  qa_decides: async () => verifyingHeld('qa_decides'),
  verdict_not_accept: async () => verifyingHeld('verdict_not_accept'),
  decides_elsewhere: async () => {
    const path = await received(api, lane)
    const body = { kind: 'released', at: iso(70), units: ['BAG-0007'] }
    return () => api.call(lane.centre.key, `POST ${path}/custody-events`, { body })
  },
}

/** Signs as second person, asking that the bag becomes available. */
async function verifyingHeld(why: 'qa_decides' | 'verdict_not_accept'): Promise<() => Promise<Answer>> {
  const path = await received(
    api,
    lane,
    why === 'qa_decides' ? SEAL_BROKEN : { box: { papers_complete: { said: 'no' } } },
  )
  if (why === 'qa_decides') await receive(api, lane, { path })
  const { verifier } = lane.people
  const revision = why === 'qa_decides' ? 2 : 1
  const body = { revision, units: ['BAG-0007'], signing: own(verifier, 'verified') }
  return () => api.call(verifier.token, `POST ${path}/receipt/verification`, { body })
}

describe('each refusal has its problem document, and nothing is half-written:', () => {
  test.each(Object.keys(PROVOKE).filter(isProvoked))('%s', async (code) => {
    const attempt = await PROVOKE[code]()
    const before = await counts()
    const answer = await attempt()
    const { status, title } = PROBLEMS[code]
    expect(answer.body).toMatchObject({ type: expect.stringMatching(`${code.replaceAll('_', '-')}$`), title, status })
    expect(answer.status).toBe(status)
    expect(answer.body.detail).toMatch(/^[A-Z].{10,}\.$/)
    expect(await counts()).toEqual(before)
  })
})

function isProvoked(text: string): text is ReceiptRefusalCode {
  return text in PROVOKE
}
