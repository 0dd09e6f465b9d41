import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { PROBLEMS } from '../../src/api/problem.ts'
import type { SigningRefusalCode } from '../../src/domain/refusal.ts'
import { type Answer, type Api, createApi, iso, type Json, keyOf, named } from '../support/api.ts'
import { asOwner, type TestDatabase, testDatabase } from '../support/database.ts'
import { everything } from '../support/everything.ts'
import { createLane, type Lane, openShipment, travel } from '../support/lane.ts'
import { MINUTE } from '../support/limits.ts'
import {
  createSigners,
  crowded,
  other,
  own,
  PACKED,
  personOf,
  releaseTo,
  type Signers,
  type TestPerson,
  tokenOf,
} from '../support/people.ts'

let database: TestDatabase
let api: Api
let lane: Lane
let people: Signers
/** A shipment nothing was said about. */
let path: string
/** One that was handed over. */
let rooted: Awaited<ReturnType<typeof travel>>

beforeAll(async () => {
  database = await testDatabase()
  api = await createApi(database)
  lane = await createLane(api)
  people = await createSigners(api, lane)
  rooted = await travel(api, lane, [4, 5])
  await api.post(lane.sponsor.key, `${rooted.path}/custody-events`, releaseTo(lane.centre.id))
})
beforeEach(async () => {
  path = `/shipments/${(await openShipment(api, lane)).id}`
})
afterAll(() => database.drop())

const attempt = (token: string, body: object, headers: Record<string, string> = {}): Promise<Answer> =>
  api.call(token, `POST ${path}/custody-events`, { body, headers })

/** How a client meets each refusal of signing in and of signing. */
const PROVOKE: Record<SigningRefusalCode, () => Promise<Answer>> = {
  sign_in_failed: () => api.call(null, 'POST /sessions', { body: { userName: people.packer.userName, password: 'x' } }),
  password_unfit: () =>
    api.call(null, 'POST /password-changes', { body: { ...people.packer, newPassword: people.packer.password } }),
  signing_failed: () => attempt(people.packer.token, { ...PACKED, signing: { password: 'guess', meaning: 'packed' } }),
  locked_out: async () => {
    const person = await personOf(api, lane.admin, { organisationId: lane.sponsor.id, roles: ['packer'] })
    const wrong = { ...PACKED, signing: { password: 'guess', meaning: 'packed' } }
    for (let count = 0; count < 5; count++) await attempt(person.token, wrong)
    return attempt(person.token, { ...PACKED, signing: own(person, 'packed') })
  },
  person_disabled: async () => {
    const person = await personOf(api, lane.admin, { organisationId: lane.sponsor.id, roles: ['packer'] })
    await api.post(lane.admin.key, `/persons/${person.id}/disabling`, { reason: 'left' })
    return attempt(people.packer.token, { ...PACKED, signing: other(person, 'packed') })
  },
  password_change_required: async () => {
    const person = await personOf(api, lane.admin, { organisationId: lane.sponsor.id, roles: ['packer'] })
    const reset = await api.post(lane.admin.key, `/persons/${person.id}/password-reset`, { reason: 'forgot' })
    const signing = other({ ...person, password: reset.temporaryPassword }, 'packed')
    return attempt(people.packer.token, { ...PACKED, signing })
  },
  busy: () => crowded(() => attempt(people.packer.token, { ...PACKED, signing: own(people.packer, 'packed') })),
  machine_cannot_sign: () => attempt(lane.sponsor.key, { ...PACKED, signing: other(people.packer, 'packed') }),
  root_differs: async () => {
    await asOwner(database, `update reading set value_milli_c = 1 where sensor_id = ${rooted.sensor.id}`)
    const asked = `sensorId=${rooted.sensor.id}&at=${iso(0)}`
    return api.call(lane.centre.key, `GET ${rooted.path}/reading-proofs?${asked}`)
  },
  stamps_off: async () => {
    const { stampSecret } = api.ctx
    api.ctx.stampSecret = null
    const answer = await api.call(lane.admin.key, 'POST /service-keys', { body: { reason: 'yearly' } })
    api.ctx.stampSecret = stampSecret
    return answer
  },
  meaning_not_allowed: () => attempt(people.verifier.token, { ...PACKED, signing: own(people.verifier, 'packed') }),
}

test.each(Object.keys(PROVOKE).filter(isProvoked))(
  '%s has its problem document, and nothing is written',
  async (code) => {
    const before = await counts()
    const answer = await PROVOKE[code]()
    const { status, title } = PROBLEMS[code]
    expect(answer.body).toMatchObject({ type: expect.stringMatching(`${code.replaceAll('_', '-')}$`), title, status })
    expect(answer.status).toBe(status)
    expect(await counts()).toEqual(before)
  },
)

function isProvoked(text: string): text is SigningRefusalCode {
  return text in PROVOKE
}

async function counts() {
  const { rows } = await sql<{ events: number; signatures: number }>`select
    (select count(*) from custody_event) as events, (select count(*) from signature) as signatures`.execute(
    database.db.kysely,
  )
  return rows
}

describe('nothing is half-written', () => {
  const second = (more: object) => ({
    ...releaseTo(lane.centre.id),
    signing: own(people.packer, 'released_custody'),
    ...more,
  })
  test.each<[string, string, () => object]>([
    [
      'where the second person’s password is wrong',
      'signing-failed',
      () => second({ secondSigning: { ...other(people.receiver, 'accepted_custody'), password: 'guess' } }),
    ],
    ['where both are one person', 'same-person', () => second({ secondSigning: other(people.packer, 'witnessed') })],
    [
      'where the second is of an organisation it does not concern',
      'not-found',
      () => second({ secondSigning: other(people.stranger, 'witnessed') }),
    ],
    [
      'where the taker is not of the organisation it goes to',
      'meaning-not-allowed',
      () => second({ secondSigning: other(people.stranger, 'accepted_custody') }),
    ],
    [
      'where the meaning is not that of the event',
      'invalid',
      () => ({ ...releaseTo(lane.centre.id), signing: own(people.packer, 'packed') }),
    ],
    [
      'where the second means what only the first can',
      'invalid',
      () => second({ secondSigning: other(people.receiver, 'released_custody') }),
    ],
    [
      'where a first signature is missing',
      'invalid',
      () => ({ ...releaseTo(lane.centre.id), secondSigning: other(people.receiver, 'accepted_custody') }),
    ],
    ['where the event is no statement about the world', 'in-the-future', () => second({ at: iso(10_000) })],
  ])('%s', async (_where, type, body) => {
    const before = await counts()
    expect((await attempt(people.packer.token, body())).body.type).toMatch(new RegExp(`${type}$`))
    expect(await counts()).toEqual(before)
  })
})

describe('a failed signing', () => {
  const failures = async ({ id, token }: TestPerson) => {
    const { items } = await api.get(token, `/audit-entries?subjectKind=person&subjectId=${id}`)
    return items.filter(({ action }: Json) => action === 'signing_failed')
  }

  test('stays on record, with what was to be signed and by whose request', async () => {
    const wrong = { ...other(people.receiver, 'received'), password: 'guess' }
    await attempt(people.verifier.token, { kind: 'received', at: iso(1), signing: wrong })
    const key = await keyOf(api, lane.admin, { id: lane.centre.id, role: 'auditor' })
    const { items } = await api.get(key, `/audit-entries?subjectKind=person&subjectId=${people.receiver.id}`)
    expect(items[0]).toMatchObject({
      action: 'signing_failed',
      actorId: String(people.verifier.id),
      reason: 'wrong',
      after: { meaning: 'received', recordType: 'custody_event', recordId: path.split('/').at(-1), lockedUntil: null },
    })
  })

  test('counts with failed sign-ins: five in all lock the person out of both', async () => {
    const person = await personOf(api, lane.admin, { organisationId: lane.sponsor.id, roles: ['packer'] })
    const guess = { password: 'guess', meaning: 'packed' }
    for (let count = 0; count < 3; count++) await attempt(person.token, { ...PACKED, signing: guess })
    const body = { userName: person.userName, password: 'guess' }
    for (let count = 0; count < 2; count++) await api.call(null, 'POST /sessions', { body })
    for (const answer of [
      await attempt(person.token, { ...PACKED, signing: own(person, 'packed') }),
      await api.call(null, 'POST /sessions', { body: { ...body, password: person.password } }),
    ]) {
      expect(answer.body.type).toMatch(/locked-out$/)
    }
    // who is locked out goes on working, and signs again after a quarter hour
    expect((await api.call(person.token, `GET ${path}`)).status).toBe(200)
    api.clock.now += 15 * MINUTE
    expect((await attempt(person.token, { ...PACKED, signing: own(person, 'packed') })).status).toBe(201)
    expect(await failures(person)).toHaveLength(4)
  })

  test('does not spend the idempotency key: the same request with the right password is a new one', async () => {
    const headers = { 'Idempotency-Key': named('sign').replace(' ', '-') }
    const wrong = { ...PACKED, signing: { password: 'guess', meaning: 'packed' } }
    expect((await attempt(people.packer.token, wrong, headers)).status).toBe(403)
    const right = { ...PACKED, signing: own(people.packer, 'packed') }
    const first = await attempt(people.packer.token, right, headers)
    const again = await attempt(people.packer.token, right, headers)
    expect([first.status, again.status, again.headers.get('Idempotency-Replayed')]).toEqual([201, 201, 'true'])
    expect(again.body).toEqual(first.body)
  })

  test('by a role that may not is on record too', async () => {
    await attempt(people.verifier.token, { ...PACKED, signing: own(people.verifier, 'packed') })
    expect((await failures(people.verifier))[0]).toMatchObject({ reason: 'role', after: { meaning: 'packed' } })
  })
})

test('the password of a signature stands in no table and no log line', async () => {
  const headers = { 'Idempotency-Key': named('sign').replace(' ', '-') }
  await attempt(people.packer.token, { ...PACKED, signing: own(people.packer, 'packed') }, headers)
  await attempt(people.packer.token, { ...PACKED, signing: { password: 'my other secret', meaning: 'packed' } })
  const stored = await everything(database)
  for (const secret of [people.packer.password, 'my other secret']) {
    expect(stored.includes(secret)).toBe(false)
    expect(api.logged.join('').includes(secret)).toBe(false)
  }
})

test('a user name that nobody has stands in no table and no log line: it may be a password', async () => {
  const typed = 'my-password-in-the-wrong-field'
  const signing = { userName: typed, password: 'x', meaning: 'packed' }
  const { body } = await attempt(people.packer.token, { ...PACKED, signing })
  expect(body.type).toMatch(/signing-failed$/)
  expect((await everything(database)).includes(typed)).toBe(false)
  expect(api.logged.join('').includes(typed)).toBe(false)
})

test('what is kept of a request to recognise its repeat is keyed, so that it gives no password away', async () => {
  const tokens = [people.packer.token, await tokenOf(api, people.packer)]
  const body = { ...PACKED, signing: own(people.packer, 'packed') }
  const keys = ['keyed-1', 'keyed-2']
  for (const [index, token] of tokens.entries()) {
    expect((await attempt(token, body, { 'Idempotency-Key': keys[index] ?? '' })).status).toBe(201)
  }
  const kept = await database.db.kysely.selectFrom('idempotency').select('request_sha256').where('key', 'in', keys)
  // the same person and the same body: only the secret of the session makes the difference
  expect(new Set((await kept.execute()).map((row) => row.request_sha256)).size).toBe(2)
})
