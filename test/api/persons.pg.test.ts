import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Api, createApi, iso, type Json, keyOf, named } from '../support/api.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { everything } from '../support/everything.ts'
import { createLane, type Lane, travel } from '../support/lane.ts'
import { MINUTE } from '../support/limits.ts'
import { chooses, crowded, personOf, type TestPerson, tokenOf } from '../support/people.ts'

let database: TestDatabase
let api: Api
let lane: Lane
/** Administers the centre, as a machine. */
let adminKey: string

beforeAll(async () => {
  database = await testDatabase()
  api = await createApi(database)
  lane = await createLane(api)
  adminKey = await keyOf(api, lane.admin, { id: lane.centre.id, role: 'administrator' })
})
afterAll(() => database.drop())

const receiver = () => personOf(api, lane.admin, { organisationId: lane.centre.id, roles: ['receiver', 'verifier'] })

async function signIn(userName: string, password: string) {
  return api.call(null, 'POST /sessions', { body: { userName, password } })
}

const refused = (code: string, status: number) => ({
  status,
  body: { type: expect.stringMatching(`/${code.replaceAll('_', '-')}$`) },
})

describe('a new person', () => {
  test('gets a password that opens nothing but its own change', async () => {
    const userName = named('new').replace(' ', '.')
    const body = { userName: userName.toUpperCase(), printedName: 'Ada Berg', email: 'ada@example.org' }
    const { person, temporaryPassword } = await api.post(adminKey, `/organisations/${lane.centre.id}/persons`, body)
    expect(person).toMatchObject({ userName, printedName: 'Ada Berg', roles: [], disabledAt: null, lockedUntil: null })
    expect(await signIn(userName, temporaryPassword)).toMatchObject(refused('password_change_required', 403))
    const change = { userName, password: temporaryPassword, newPassword: 'short' }
    expect(await api.call(null, 'POST /password-changes', { body: change })).toMatchObject(
      refused('password_unfit', 422),
    )
    await chooses(api, { ...change, newPassword: 'a sentence of my own' })
    expect(await signIn(userName, temporaryPassword)).toMatchObject(refused('sign_in_failed', 401))
    expect((await signIn(userName, 'a sentence of my own')).status).toBe(201)
  })

  test('is refused under a name anyone has or had, with a site of others, or excluding roles', async () => {
    const someone = await receiver()
    const path = `/organisations/${lane.centre.id}/persons`
    await api.post(adminKey, `/persons/${someone.id}/disabling`, { reason: 'left' })
    const add = (more: object) =>
      api.call(adminKey, `POST ${path}`, {
        body: { userName: named('n').replace(' ', '-'), printedName: 'N', ...more },
      })
    expect(await add({ userName: someone.userName })).toMatchObject(refused('already_exists', 409))
    const site = await api.post(lane.admin.key, `/organisations/${lane.sponsor.id}/sites`, {
      name: named('s'),
      timeZone: 'UTC',
    })
    expect(await add({ siteId: site.id })).toMatchObject(refused('not_found', 404))
    expect(await add({ roles: ['administrator', 'qa_site'] })).toMatchObject(refused('invalid', 422))
    expect(await add({ userName: 'a b' })).toMatchObject(refused('invalid', 422))
  })
})

describe('a session', () => {
  test('lets a person use the API as themselves, within their roles, and the audit trail names them', async () => {
    const { token, id } = await receiver()
    const { path } = await travel(api, lane, [5])
    expect((await api.get(token, '/sessions/current')).person).toMatchObject({
      id,
      roles: [
        { role: 'receiver', organisationId: lane.centre.id },
        { role: 'verifier', organisationId: lane.centre.id },
      ],
    })
    const { event } = await api.post(token, `${path}/custody-events`, { kind: 'received', at: iso(5) })
    expect(event.actor).toBe(`person:${id}`)
    const { items } = await api.get(token, `/audit-entries?subjectKind=shipment&subjectId=${path.split('/')[2]}`)
    expect(items[0]).toMatchObject({ actorKind: 'person', actorId: String(id), role: 'receiver, verifier' })
    const denied = await api.call(token, 'POST /products', { body: { name: 'x' } })
    expect(denied).toMatchObject(refused('not_allowed', 403))
    expect(denied.body.detail).toMatch(/receiver, verifier.*qa_sponsor/)
  })

  test('ends with signing out, half an hour of silence, and twelve hours in any case', async () => {
    const person = await receiver()
    const works = async (token: string) => (await api.call(token, 'GET /shipments')).status === 200
    const begun = api.clock.now
    const [out, silent, long] = [await tokenOf(api, person), await tokenOf(api, person), person.token]
    expect((await api.call(out, 'DELETE /sessions/current')).status).toBe(200)
    expect(await works(out)).toBe(false)
    for (let minute = 25; minute < 12 * 60; minute += 25) {
      api.clock.now = begun + minute * MINUTE
      expect({ minute, works: await works(long) }).toEqual({ minute, works: true })
    }
    expect(await works(silent)).toBe(false)
    api.clock.now = begun + 12 * 60 * MINUTE
    expect(await works(long)).toBe(false)
  })

  test('ends with a new password, a reset and the disabling of its person', async () => {
    const person = await receiver()
    const works = async (token: string) => (await api.call(token, 'GET /shipments')).status === 200
    await chooses(api, { ...person, newPassword: 'another long sentence' })
    expect(await works(person.token)).toBe(false)
    const again = await tokenOf(api, { ...person, password: 'another long sentence' })
    const { temporaryPassword } = await api.post(adminKey, `/persons/${person.id}/password-reset`, { reason: 'forgot' })
    expect(await works(again)).toBe(false)
    await chooses(api, { ...person, password: temporaryPassword, newPassword: 'a third long sentence' })
    const last = await tokenOf(api, { ...person, password: 'a third long sentence' })
    await api.post(adminKey, `/persons/${person.id}/disabling`, { reason: 'left the company' })
    expect(await works(last)).toBe(false)
    expect(await signIn(person.userName, 'a third long sentence')).toMatchObject(refused('person_disabled', 403))
    expect(await signIn(person.userName, 'a wrong sentence')).toMatchObject(refused('sign_in_failed', 401))
  })

  test('is nothing a machine has', async () => {
    expect((await api.call(adminKey, 'GET /sessions/current')).status).toBe(404)
    expect((await api.call(adminKey, 'DELETE /sessions/current')).status).toBe(404)
  })
})

describe('a wrong password', () => {
  test('locks after five attempts for a quarter hour, right ones included; each is on record', async () => {
    const person = await receiver()
    for (let attempt = 1; attempt <= 5; attempt++) {
      expect(await signIn(person.userName, `guess ${attempt}`)).toMatchObject(refused('sign_in_failed', 401))
    }
    const until = new Date(api.clock.now + 15 * MINUTE).toISOString()
    const locked = await signIn(person.userName, person.password)
    expect(locked).toMatchObject(refused('locked_out', 403))
    expect(locked.body.detail).toContain(until)
    expect((await api.get(adminKey, `/persons/${person.id}`)).lockedUntil).toBe(until)
    const { items } = await api.get(adminKey, `/audit-entries?subjectKind=person&subjectId=${person.id}`)
    const failed = items.filter((entry: Json) => entry.action === 'sign_in_failed')
    expect(failed.map((entry: Json) => entry.after.lockedUntil)).toEqual([until, null, null, null, null])
    api.clock.now += 15 * MINUTE
    expect((await signIn(person.userName, person.password)).status).toBe(201)
  })

  test('of many at once is looked at five times only', async () => {
    const person = await receiver()
    const answers = await Promise.all(Array.from({ length: 12 }, (_, i) => signIn(person.userName, `guess ${i}`)))
    const types = answers.map(({ body }) => body.type.split('/').at(-1)).sort()
    expect(types).toEqual([...Array(7).fill('locked-out'), ...Array(5).fill('sign-in-failed')])
  })

  test('is forgotten once the right one is given; a reset opens a locked account at once', async () => {
    const person = await receiver()
    for (let round = 0; round < 3; round++) {
      for (let attempt = 0; attempt < 4; attempt++) await signIn(person.userName, 'guess')
      expect((await signIn(person.userName, person.password)).status).toBe(201)
    }
    for (let attempt = 0; attempt < 5; attempt++) await signIn(person.userName, 'guess')
    const { temporaryPassword } = await api.post(adminKey, `/persons/${person.id}/password-reset`, { reason: 'locked' })
    expect(await signIn(person.userName, temporaryPassword)).toMatchObject(refused('password_change_required', 403))
  })

  test('and an unknown user name are told in the same words, and the name is kept nowhere', async () => {
    const person = await receiver()
    const unknown = await signIn('my-password-in-the-wrong-field', 'x')
    const { body } = await signIn(person.userName, 'x')
    expect({ ...unknown.body, requestId: '' }).toEqual({ ...body, requestId: '' })
    expect(await everything(database)).not.toContain('my-password-in-the-wrong-field')
    expect(api.logged.join('')).not.toContain('my-password-in-the-wrong-field')
  })

  test('is not counted where the machine has no time to look at it', async () => {
    const person = await receiver()
    await crowded(async () => {
      for (let count = 0; count < 6; count++) {
        expect(await signIn(person.userName, 'guess')).toMatchObject(refused('busy', 503))
      }
    })
    expect((await signIn(person.userName, person.password)).status).toBe(201)
  })
})

test('no password and no token stands in the clear in any table or log line', async () => {
  const person = await receiver()
  const headers = { 'Idempotency-Key': named('key').replace(' ', '-') }
  const body = { reason: 'forgot' }
  const reset = await api.call(adminKey, `POST /persons/${person.id}/password-reset`, { body, headers })
  const wrong = named('a wrong password')
  await signIn(person.userName, wrong)
  const stored = await everything(database)
  for (const secret of [person.password, person.token, reset.body.temporaryPassword, wrong]) {
    expect(secret.length).toBeGreaterThan(10)
    expect(stored.includes(secret)).toBe(false)
    expect(api.logged.join('').includes(secret)).toBe(false)
  }
})

describe('people of another organisation', () => {
  let stranger: TestPerson
  beforeAll(async () => {
    stranger = await personOf(api, lane.admin, { organisationId: lane.stranger.id, roles: ['receiver'] })
  })

  test('do not exist for anyone else, party to the same shipment or not', async () => {
    const person = await receiver()
    await travel(api, lane, [5])
    const sponsorAdmin = await keyOf(api, lane.admin, { id: lane.sponsor.id, role: 'administrator' })
    for (const key of [lane.sponsor.key, sponsorAdmin, lane.stranger.key, stranger.token]) {
      expect((await api.call(key, `GET /persons/${person.id}`)).status).toBe(404)
      expect((await api.get(key, `/organisations/${lane.centre.id}/persons`)).items).toEqual([])
    }
    for (const [path, body] of [
      [`/persons/${person.id}/correction`, { reason: 'r', printedName: 'Me' }],
      [`/persons/${person.id}/disabling`, { reason: 'r' }],
      [`/persons/${person.id}/password-reset`, { reason: 'r' }],
    ] as const) {
      expect({ path, status: (await api.call(sponsorAdmin, `POST ${path}`, { body })).status }).toEqual({
        path,
        status: 404,
      })
      // one's own organisation's roles: its machine of another role, and a person who does not administer
      for (const key of [lane.centre.key, person.token]) {
        expect({ path, status: (await api.call(key, `POST ${path}`, { body })).status }).toEqual({ path, status: 403 })
      }
    }
    const body = { userName: 'mine', printedName: 'Mine' }
    const added = await api.call(sponsorAdmin, `POST /organisations/${lane.centre.id}/persons`, { body })
    expect(added.status).toBe(403)
    expect((await api.get(lane.admin.key, `/persons/${person.id}`)).id).toBe(person.id)
  })

  test('whose organisation one deals with can be given the roles that decide, and no others', async () => {
    const person = await receiver()
    await travel(api, lane, [5])
    const sponsorAdmin = await keyOf(api, lane.admin, { id: lane.sponsor.id, role: 'administrator' })
    const path = `/organisations/${lane.sponsor.id}/role-grants`
    const give = (userName: string, role: string) =>
      api.call(sponsorAdmin, `POST ${path}`, { body: { userName, role } })
    expect(await give(person.userName, 'packer')).toMatchObject(refused('invalid', 422))
    expect(await give(stranger.userName, 'qa_site')).toMatchObject(refused('not_found', 404))
    expect((await give(person.userName, 'qa_site')).status).toBe(201)
    expect(await give(person.userName, 'qa_site')).toMatchObject(refused('already_exists', 409))
    const roles = async () => (await api.get(person.token, `/persons/${person.id}`)).roles.map((r: Json) => r.role)
    expect(await roles()).toEqual(['receiver', 'verifier', 'qa_site'])
    // held for the sponsor, so it adds nothing to what they may do in their own organisation
    expect((await api.call(person.token, 'POST /sensors', { body: { serial: named('s'), model: 'M' } })).status).toBe(
      403,
    )
    await api.post(sponsorAdmin, `/organisations/${lane.sponsor.id}/role-revocations`, {
      userName: person.userName,
      role: 'qa_site',
      reason: 'contract ended',
    })
    expect(await roles()).toEqual(['receiver', 'verifier'])
    const { items } = await api.get(sponsorAdmin, path)
    expect(items).toMatchObject([{ role: 'qa_site', person: { id: person.id }, revokedAt: expect.any(String) }])
    expect((await api.call(adminKey, `GET ${path}`)).status).toBe(403)
  })
})

test('a person who administers manages people, and cannot give themselves QA rights', async () => {
  const { token, userName } = await personOf(api, lane.admin, {
    organisationId: lane.centre.id,
    roles: ['administrator'],
  })
  const path = `/organisations/${lane.centre.id}`
  const body = { userName: named('by-person').replace(' ', '-'), printedName: 'N', roles: ['receiver'] }
  const { person } = await api.post(token, `${path}/persons`, body)
  const correction = { printedName: 'N. Berg', reason: 'married' }
  expect((await api.post(token, `/persons/${person.id}/correction`, correction)).printedName).toBe('N. Berg')
  const { items } = await api.get(token, `/audit-entries?subjectKind=person&subjectId=${person.id}`)
  expect(items[0]).toMatchObject({
    action: 'person_corrected',
    before: { printedName: 'N' },
    after: { printedName: 'N. Berg' },
    reason: 'married',
  })
  const grant = await api.call(token, `POST ${path}/role-grants`, { body: { userName, role: 'qa_site' } })
  expect(grant).toMatchObject(refused('invalid', 422))
})
