import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Api, createApi, iso } from '../support/api.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { own } from '../support/people.ts'
import {
  createReceiptLane,
  DAMAGED,
  decide,
  deviate,
  type ReceiptLane,
  received,
  requested,
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

const wordOf = (path: string, token: string, body: object) =>
  api.call(token, `POST ${path}/exceptional-releases/1/steps`, { body: { statement: 'as assessed', ...body } })

describe('an exceptional release', () => {
  test('takes request, evaluation and confirmation, then QA of the sponsor', async () => {
    const { physician, sponsorQa } = lane.people
    const path = await received(api, lane, DAMAGED)
    await deviate(api, lane, { path, findings: ['UNIT_DAMAGED'] })
    const begun = await requested(api, lane, path)
    expect(begun.body).toMatchObject({
      number: 1,
      findings: ['UNIT_DAMAGED'],
      steps: [{ step: 'request', form: 'signed' }],
    })
    const early = await wordOf(path, physician.token, { step: 'confirmation', signing: own(physician, 'approved') })
    expect(early.body.type).toMatch(/exceptional-incomplete$/)
    const verbal = { step: 'evaluation', form: 'verbal', name: 'Dr. Phone', by: 'manufacturer', at: iso(2880) }
    expect((await wordOf(path, sponsorQa.token, verbal)).body.steps[1]).toMatchObject({
      formText: 'verbal, not a signature',
      signatureId: null,
    })
    const owed = await api.get(lane.centre.key, `${path}/status`)
    expect(owed.receipt.outstanding).toMatchObject([{ name: 'Dr. Phone', dueAt: iso(2880 + 1440), isOverdue: false }])
    const form = { form: 'attached_form', name: 'Dr. Ward', at: iso(2880), attachment: { reference: 'Form 7' } }
    const confirmed = { step: 'confirmation', ...form, authorityNotice: 'AUTH-1' }
    expect((await wordOf(path, physician.token, confirmed)).status).toBe(201)
    const done = await decide(api, lane, { path, disposition: 'released_exceptionally', exceptionalRelease: 1 })
    expect(done.status, done.text).toBe(201)
    expect(await unitOf(api, lane, path)).toMatchObject({ standing: { state: 'released_exceptionally', usable: true } })
    const signed = { step: 'evaluation_signature', signing: own(sponsorQa, 'reviewed') }
    expect((await wordOf(path, sponsorQa.token, signed)).status).toBe(201)
    expect((await api.get(lane.centre.key, `${path}/receipt`)).outstanding).toEqual([])
  })

  test.each<[string, object, RegExp]>([
    ['a verbal request', { form: 'verbal', name: 'N', at: iso(1) }, /request is signed or attached_form/],
    ['a form that is nowhere', { form: 'attached_form', name: 'N', at: iso(1) }, /attachment/],
    ['a word that is to be signed, unsigned', {}, /signing/],
  ])('does not begin with %s', async (_what, given, detail) => {
    const path = await received(api, lane, DAMAGED)
    const body = { units: ['BAG-0007'], statement: 's', ...given }
    const answer = await api.call(lane.people.physician.token, `POST ${path}/exceptional-releases`, { body })
    expect(answer.status).toBe(422)
    expect(answer.body.detail).toMatch(detail)
  })

  test('is signed by a physician only', async () => {
    const path = await received(api, lane, DAMAGED)
    const { receiver } = lane.people
    const body = { units: ['BAG-0007'], statement: 's', signing: own(receiver, 'authored') }
    const answer = await api.call(receiver.token, `POST ${path}/exceptional-releases`, { body })
    expect(answer.body.type).toMatch(/meaning-not-allowed$/)
  })
})
