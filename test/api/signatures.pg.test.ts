import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { loadSignatures } from '../../src/actions/signatures.ts'
import { sha256 } from '../../src/actions/store-evaluations.ts'
import { canonicalJson } from '../../src/domain/canonical.ts'
import { signatureFault } from '../../src/domain/signature.ts'
import { type Api, createApi, iso, type Json } from '../support/api.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { createLane, type Lane, openShipment } from '../support/lane.ts'
import { createSigners, other, own, PACKED, personOf, releaseTo, type Signers } from '../support/people.ts'

let database: TestDatabase
let api: Api
let lane: Lane
let people: Signers
/** A shipment nothing was said about. */
let path: string

beforeAll(async () => {
  database = await testDatabase()
  api = await createApi(database)
  lane = await createLane(api)
  people = await createSigners(api, lane)
})
beforeEach(async () => {
  path = `/shipments/${(await openShipment(api, lane)).id}`
})
afterAll(() => database.drop())

/** States an event that must be recorded. */
const record = (token: string, body: object): Promise<Json> => api.post(token, `${path}/custody-events`, body)

/** Why the n-th signature of an entry does not hold for it; null where it does. */
function faultOf(entry: Json, n = 0) {
  const { hash: _hash, signatures, ...unsigned } = entry
  const id = `${entry.shipmentId}/${entry.seq}`
  return signatureFault(signatures[n], { type: 'custody_event', id, sha256: sha256(canonicalJson(unsigned)) }, sha256)
}

describe('a signed event', () => {
  test('says who, in which role, when, what it means and why; and holds for exactly this entry', async () => {
    await record(people.packer.token, { ...PACKED, signing: own(people.packer, 'packed') })
    const signing = own(people.receiver, 'received', { reason: 'seals intact' })
    const { event } = await record(people.receiver.token, { kind: 'received', at: iso(20), signing })
    expect(event.signatures).toEqual([
      {
        id: expect.any(Number),
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
        recordType: 'custody_event',
        recordId: `${event.shipmentId}/3`,
        recordSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
        evaluation: { version: 1, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
        signerId: people.receiver.id,
        userName: people.receiver.userName,
        printedName: people.receiver.printedName,
        organisation: `organisation:${lane.centre.id}`,
        roleFor: `organisation:${lane.centre.id}`,
        role: 'receiver',
        meaning: 'received',
        reason: 'seals intact',
        signedAt: new Date(api.clock.now).toISOString(),
        // in March Berlin is an hour ahead
        tzOffset: '+01:00',
      },
    ])
    expect(faultOf(event)).toBeNull()
    expect(faultOf({ ...event, kind: 'opened' })).toBe('OTHER_RECORD')
    expect(faultOf({ ...event, seq: 4 })).toBe('OTHER_RECORD')
    const [stored] = await loadSignatures(database.db.kysely, { type: 'custody_event', id: `${event.shipmentId}/3` })
    expect(stored?.entry).toEqual(event.signatures[0])
  })

  test('is on record as signed by its signer, in the shipment’s audit trail', async () => {
    const { event } = await record(people.packer.token, { ...PACKED, signing: own(people.packer, 'packed') })
    const audited = `/audit-entries?subjectKind=shipment&subjectId=${event.shipmentId}`
    const { items } = await api.get(lane.centre.key, audited)
    expect(items.find(({ action }: Json) => action === 'sign')).toMatchObject({
      actorId: String(people.packer.id),
      after: { signerId: people.packer.id, meaning: 'packed', role: 'packer', recordId: `${event.shipmentId}/1` },
    })
  })

  test('takes a second person’s signature over the same record; who witnessed is named as witness', async () => {
    await record(people.packer.token, PACKED)
    const resealed = { kind: 'resealed', at: iso(5), seals: ['S2'] }
    const { event } = await record(people.receiver.token, {
      ...resealed,
      signing: own(people.receiver, 'authored'),
      secondSigning: other(people.verifier, 'witnessed'),
    })
    expect(event.signatures.map(({ signerId, meaning }: Json) => [signerId, meaning])).toEqual([
      [people.receiver.id, 'authored'],
      [people.verifier.id, 'witnessed'],
    ])
    expect(event.witness).toBe(people.verifier.printedName)
    expect([faultOf(event, 0), faultOf(event, 1)]).toEqual([null, null])
  })

  test('may be signed by another person of the organisation than the one whose session it is', async () => {
    await record(people.packer.token, PACKED)
    const signing = other(people.receiver, 'received')
    const { event } = await record(people.verifier.token, { kind: 'received', at: iso(20), signing })
    expect(event.actor).toBe(`person:${people.verifier.id}`)
    expect(event.signatures[0].signerId).toBe(people.receiver.id)
  })
})

describe('a handover', () => {
  const foundAboutHandover = ({ findings }: Json) =>
    findings.map(({ code }: Json) => code).filter((code: string) => !['LATE_ENTRY', 'MILESTONE_MISSING'].includes(code))

  test('signed by giver and taker at one tablet is a release and an acceptance, and moves custody', async () => {
    await record(people.packer.token, PACKED)
    const { event, accepted, custody } = await record(people.packer.token, {
      ...releaseTo(lane.centre.id),
      signing: own(people.packer, 'released_custody'),
      secondSigning: other(people.receiver, 'accepted_custody'),
    })
    expect(event.signatures).toMatchObject([{ signerId: people.packer.id, meaning: 'released_custody' }])
    expect(accepted).toMatchObject({
      kind: 'handover_accept',
      byOrg: `organisation:${lane.centre.id}`,
      actor: `person:${people.receiver.id}`,
      handoverId: 'H1',
      seals: ['S1'],
      signatures: [{ signerId: people.receiver.id, meaning: 'accepted_custody' }],
    })
    expect([faultOf(event), faultOf(accepted)]).toEqual([null, null])
    expect(custody).toMatchObject({
      holder: { organisationId: lane.centre.id },
      signed: [event.seq, accepted.seq],
      acknowledgements: [],
    })
    expect(foundAboutHandover(custody)).toEqual([])
  })

  test('by people who do not sign is unsigned: a valid token alone never signs', async () => {
    await record(people.packer.token, PACKED)
    const { event } = await record(people.packer.token, releaseTo(lane.centre.id))
    expect(event).not.toHaveProperty('signatures')
    const accept = { kind: 'handover_accept', at: iso(12), handoverId: 'H1', seals: ['S1'] }
    const { custody } = await record(people.receiver.token, accept)
    expect(custody).toMatchObject({ chainStatus: 'incomplete', signed: [] })
    expect(foundAboutHandover(custody)).toEqual(['HANDOVER_UNSIGNED'])
  })

  test('with one signature and one acknowledgement is in known hands', async () => {
    await record(people.packer.token, PACKED)
    const { event } = await record(people.packer.token, {
      ...releaseTo(lane.centre.id),
      signing: own(people.packer, 'released_custody'),
    })
    const acknowledgement = { name: 'K. Berg', company: 'Example Couriers', code: '4711' }
    const accept = { kind: 'handover_accept', at: iso(12), handoverId: 'H1', seals: ['S1'], acknowledgement }
    const { custody, event: accepted } = await record(lane.centre.key, accept)
    expect(custody).toMatchObject({ signed: [event.seq], acknowledgements: [accepted.seq] })
    expect(foundAboutHandover(custody)).toEqual([])
  })
})

test('a role taken back no longer signs, and what it signed before still holds', async () => {
  const person = await personOf(api, lane.admin, { organisationId: lane.sponsor.id, roles: ['packer'] })
  const { event } = await record(person.token, { ...PACKED, signing: own(person, 'packed') })
  const revoked = { userName: person.userName, role: 'packer', reason: 'changed department' }
  await api.post(lane.admin.key, `/organisations/${lane.sponsor.id}/role-revocations`, revoked)
  const sealed = { kind: 'sealed', at: iso(2), seals: ['S1'], signing: other(person, 'packed') }
  const { body } = await api.call(people.packer.token, `POST ${path}/custody-events`, { body: sealed })
  expect(body.type).toMatch(/meaning-not-allowed$/)
  expect(faultOf(event)).toBeNull()
})

test('the service can neither change nor delete a signature', async () => {
  const { kysely } = database.db
  await record(people.packer.token, { ...PACKED, signing: own(people.packer, 'packed') })
  await expect(kysely.updateTable('signature').set({ printed_name: 'X' }).execute()).rejects.toThrow(/permission/)
  await expect(kysely.deleteFrom('signature').execute()).rejects.toThrow(/permission/)
})
