import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PROBLEMS } from '../../src/api/problem.ts'
import type { ReceiptRefusalCode } from '../../src/domain/refusal.ts'
import { type Answer, type Api, createApi, iso, type Json } from '../support/api.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { coi, label } from '../support/labelled.ts'
import { measure } from '../support/lane.ts'
import { other, own } from '../support/people.ts'
import {
  arrive,
  createReceiptLane,
  decide,
  deviate,
  type ReceiptLane,
  type Receiving,
  receive,
  unitOf,
  verify,
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

type Given = Receiving & { degrees?: readonly number[]; scans?: readonly object[] }

/** A shipment that was received; nothing is wrong with it unless said so. */
async function received({ degrees, scans = [], ...receiving }: Given = {}): Promise<string> {
  const { path } = await arrive(api, lane, degrees === undefined ? {} : { degrees })
  for (const parts of scans) {
    const body = { unit: 'BAG-0007', person: 'Cleo Dahl', at: iso(60), parts: [parts, coi()] }
    await api.post(lane.centre.key, `${path}/scans`, body)
  }
  const answer = await receive(api, lane, { path, ...receiving })
  if (answer.status !== 201) throw new Error(answer.text)
  return path
}

const NO: { said: 'no' } = { said: 'no' }
const SEAL_BROKEN: Given = { box: { seals_intact: NO } }
const DAMAGED: Given = { unit: { bag_intact: NO } }

const wordOf = (path: string, number: number, body: object, token: string) =>
  api.call(token, `POST ${path}/exceptional-releases/${number}/steps`, { body: { statement: 'as assessed', ...body } })

async function requested(path: string): Promise<Answer> {
  const { physician } = lane.people
  const body = { units: ['BAG-0007'], statement: 'no other dose', signing: own(physician, 'authored') }
  return api.call(physician.token, `POST ${path}/exceptional-releases`, { body })
}

/** How a client meets each refusal of departure, receipt and disposition. */
const PROVOKE: Record<ReceiptRefusalCode, () => Promise<() => Promise<Answer>>> = {
  not_received: async () => {
    const { path } = await arrive(api, lane)
    return () => decide(api, lane, { path, disposition: 'released' })
  },
  already_decided: async () => {
    const path = await received()
    await verify(api, lane, path)
    return () => decide(api, lane, { path, disposition: 'released' })
  },
  already_ended: async () => {
    const path = await received(SEAL_BROKEN)
    await decide(api, lane, { path, disposition: 'returned', method: 'to the sponsor' })
    return () => decide(api, lane, { path, disposition: 'rejected' })
  },
  own_receipt: async () => {
    const path = await received({ ...SEAL_BROKEN, by: lane.people.siteQa })
    return () => decide(api, lane, { path, disposition: 'rejected', by: lane.people.siteQa })
  },
  same_person: async () => {
    const path = await received({ by: lane.people.siteQa })
    return () => verify(api, lane, path, lane.people.siteQa)
  },
  reason_required: async () => {
    const { path } = await arrive(api, lane)
    const body = { kind: 'resealed', at: iso(6), seals: ['S1'] }
    return () => api.call(lane.sponsor.key, `POST ${path}/custody-events`, { body: { ...body, kind: 'sealed' } })
  },
  witness_required: async () => {
    const path = await received(SEAL_BROKEN)
    return () => decide(api, lane, { path, disposition: 'destroyed' })
  },
  deviation_required: async () => {
    const path = await received(SEAL_BROKEN)
    return () => decide(api, lane, { path, disposition: 'released' })
  },
  identity_unresolved: async () => {
    const path = await received({ scans: [label({ serial: 'BAG-0008' })] })
    return () => decide(api, lane, { path, disposition: 'released' })
  },
  tasks_open: async () => {
    const path = await received({ degrees: [5] })
    return () => decide(api, lane, { path, disposition: 'released' })
  },
  needs_exceptional_release: async () => {
    const path = await received(DAMAGED)
    await deviate(api, lane, { path, findings: ['UNIT_DAMAGED'] })
    return () => decide(api, lane, { path, disposition: 'released' })
  },
  exceptional_incomplete: async () => {
    const path = await received(DAMAGED)
    await deviate(api, lane, { path, findings: ['UNIT_DAMAGED'] })
    await requested(path)
    return () => decide(api, lane, { path, disposition: 'released_exceptionally', exceptionalRelease: 1 })
  },
  qa_decides: async () => verifyingHeld('qa_decides'),
  verdict_not_accept: async () => verifyingHeld('verdict_not_accept'),
  decides_elsewhere: async () => {
    const path = await received()
    const body = { kind: 'released', at: iso(70), units: ['BAG-0007'] }
    return () => api.call(lane.centre.key, `POST ${path}/custody-events`, { body })
  },
}

/** Signs as second person, asking that the bag becomes available. */
async function verifyingHeld(why: 'qa_decides' | 'verdict_not_accept'): Promise<() => Promise<Answer>> {
  const path = await received(why === 'qa_decides' ? SEAL_BROKEN : { box: { papers_complete: NO } })
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

async function counts() {
  const { rows } = await sql<object>`select (select count(*) from custody_event) as events,
    (select count(*) from signature) as signatures, (select count(*) from receipt) as receipts,
    (select count(*) from receipt_verification) as verifications, (select count(*) from disposition) as dispositions,
    (select count(*) from exceptional_release_step) as steps`.execute(database.db.kysely)
  return rows
}

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
    const path = await received(SEAL_BROKEN)
    const before = await counts()
    expect((await attempt(path)).body.type).toMatch(new RegExp(`${type}$`))
    expect(await counts()).toEqual(before)
  })

  test('by a machine is none', async () => {
    const path = await received(SEAL_BROKEN)
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
    const path = await received(SEAL_BROKEN)
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
    await receive(api, lane, { path, units, box: { box_intact: NO } })
    const { body } = await decide(api, lane, { path, disposition: 'rejected', units })
    expect(body.event).toMatchObject({ units, signatures: [{ meaning: 'rejected' }] })
    const view = await api.get(lane.centre.key, `${path}/receipt`)
    expect(view.units.map((unit: Json) => unit.standing.state)).toEqual(['rejected', 'rejected'])
  })

  test('destroys with a witness, and returns to the sponsor', async () => {
    const path = await received(SEAL_BROKEN)
    const witness = other(lane.people.verifier, 'witnessed')
    const asked = { path, disposition: 'destroyed', method: 'autoclaved', secondSigning: witness }
    const own_ = await decide(api, lane, { ...asked, secondSigning: other(lane.people.sponsorQa, 'witnessed') })
    expect(own_.body.type).toMatch(/same-person$/)
    const { body } = await decide(api, lane, asked)
    expect(body.event).toMatchObject({
      ...{ kind: 'destroyed', witness: lane.people.verifier.printedName, details: { method: 'autoclaved' } },
      signatures: [{ meaning: 'destroyed' }, { meaning: 'witnessed' }],
    })
    const other_ = await received(SEAL_BROKEN)
    const returned = await decide(api, lane, { path: other_, disposition: 'returned', method: 'to the sponsor' })
    expect(returned.body.event).toMatchObject({ kind: 'returned', signatures: [{ meaning: 'approved' }] })
    expect(await unitOf(api, lane, other_)).toMatchObject({ standing: { state: 'returned', usable: false } })
  })

  test('quarantines what was available, and alone ends that', async () => {
    const path = await received()
    await verify(api, lane, path)
    const held = await decide(api, lane, { path, disposition: 'quarantined', by: lane.people.siteQa, evaluation: null })
    expect(held.status, held.text).toBe(201)
    await receive(api, lane, { path })
    expect((await verify(api, lane, path)).body.accepted).toEqual([])
    expect(await unitOf(api, lane, path)).toMatchObject({
      standing: { state: 'held', quarantined: true, usable: false },
    })
    expect((await decide(api, lane, { path, disposition: 'released' })).status).toBe(201)
    expect(await unitOf(api, lane, path)).toMatchObject({ standing: { state: 'released', quarantined: false } })
  })

  test('has its decision stand, flagged, when the receipt is said again otherwise', async () => {
    const path = await received(SEAL_BROKEN)
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
    const path = await received({ ...SEAL_BROKEN, ...DAMAGED })
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

describe('an exceptional release', () => {
  test('takes request, evaluation and confirmation, then QA of the sponsor; nothing is destroyed by itself', async () => {
    const { physician, sponsorQa } = lane.people
    const path = await received(DAMAGED)
    await deviate(api, lane, { path, findings: ['UNIT_DAMAGED'] })
    const begun = await requested(path)
    expect(begun.body).toMatchObject({
      number: 1,
      findings: ['UNIT_DAMAGED'],
      steps: [{ step: 'request', form: 'signed' }],
    })
    const early = await wordOf(path, 1, { step: 'confirmation', signing: own(physician, 'approved') }, physician.token)
    expect(early.body.type).toMatch(/exceptional-incomplete$/)
    const verbal = { step: 'evaluation', form: 'verbal', name: 'Dr. Phone', by: 'manufacturer', at: iso(2880) }
    expect((await wordOf(path, 1, verbal, sponsorQa.token)).body.steps[1]).toMatchObject({
      formText: 'verbal, not a signature',
      signatureId: null,
    })
    const owed = await api.get(lane.centre.key, `${path}/status`)
    expect(owed.receipt.outstanding).toMatchObject([{ name: 'Dr. Phone', dueAt: iso(2880 + 1440), isOverdue: false }])
    const form = { form: 'attached_form', name: 'Dr. Ward', at: iso(2880), attachment: { reference: 'Form 7' } }
    const confirmed = { step: 'confirmation', ...form, authorityNotice: 'AUTH-1' }
    expect((await wordOf(path, 1, confirmed, physician.token)).status).toBe(201)
    const done = await decide(api, lane, { path, disposition: 'released_exceptionally', exceptionalRelease: 1 })
    expect(done.status, done.text).toBe(201)
    expect(await unitOf(api, lane, path)).toMatchObject({ standing: { state: 'released_exceptionally', usable: true } })
    const signed = { step: 'evaluation_signature', signing: own(sponsorQa, 'reviewed') }
    expect((await wordOf(path, 1, signed, sponsorQa.token)).status).toBe(201)
    expect((await api.get(lane.centre.key, `${path}/receipt`)).outstanding).toEqual([])
  })

  test.each<[string, object, RegExp]>([
    ['a verbal request', { form: 'verbal', name: 'N', at: iso(1) }, /request is signed or attached_form/],
    ['a form that is nowhere', { form: 'attached_form', name: 'N', at: iso(1) }, /attachment/],
    ['a word that is to be signed, unsigned', {}, /signing/],
  ])('does not begin with %s', async (_what, given, detail) => {
    const path = await received(DAMAGED)
    const body = { units: ['BAG-0007'], statement: 's', ...given }
    const answer = await api.call(lane.people.physician.token, `POST ${path}/exceptional-releases`, { body })
    expect(answer.status).toBe(422)
    expect(answer.body.detail).toMatch(detail)
  })

  test('is signed by a physician only', async () => {
    const path = await received(DAMAGED)
    const { receiver } = lane.people
    const body = { units: ['BAG-0007'], statement: 's', signing: own(receiver, 'authored') }
    const answer = await api.call(receiver.token, `POST ${path}/exceptional-releases`, { body })
    expect(answer.body.type).toMatch(/meaning-not-allowed$/)
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
  const path = await received(SEAL_BROKEN)
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
