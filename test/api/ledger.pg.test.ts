import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { appendDueRoots } from '../../src/actions/due-roots.ts'
import { recordMessages } from '../../src/actions/record-messages.ts'
import { ensureServiceKey } from '../../src/actions/service-keys.ts'
import { CRYPTO } from '../../src/actions/stamps.ts'
import type { LedgerEntry } from '../../src/domain/ledger.ts'
import { type ReadingProof, rootOfProof } from '../../src/domain/readings-root.ts'
import { verifyLedger } from '../../src/domain/verify-ledger.ts'
import { type Api, createApi, iso, type Json } from '../support/api.ts'
import { asOwner, type TestDatabase, testDatabase } from '../support/database.ts'
import { createLane, type Lane, openShipment, travel } from '../support/lane.ts'
import { MINUTE, T0 } from '../support/limits.ts'
import { createSigners, other, own, releaseTo, type Signers } from '../support/people.ts'
import { message } from '../support/world.ts'

let database: TestDatabase
let api: Api
let lane: Lane
let people: Signers

beforeAll(async () => {
  database = await testDatabase()
  api = await createApi(database)
  lane = await createLane(api)
  people = await createSigners(api, lane)
})
afterAll(() => database.drop())

const ledgerOf = (path: string): Promise<Json> => api.get(lane.centre.key, `${path}/ledger`)
const verificationOf = (path: string): Promise<Json> => api.get(lane.centre.key, `${path}/ledger/verification`)
const rootsOf = async (path: string): Promise<Json[]> =>
  (await ledgerOf(path)).entries.filter(({ kind }: LedgerEntry) => kind === 'readings_root')

/** Hands a shipment over, signed by both at one tablet; answers the receipt of it. */
function handOver(path: string): Promise<Json> {
  return api.post(people.packer.token, `${path}/custody-events`, {
    ...releaseTo(lane.centre.id),
    signing: own(people.packer, 'released_custody'),
    secondSigning: other(people.receiver, 'accepted_custody'),
  })
}

/** What the export holds, with instants as the rules take them. */
function parsed({ entries, stamps, keys, shipmentId }: Json) {
  const at = (text: string | null) => (text === null ? null : Date.parse(text))
  return {
    shipmentId,
    entries,
    stamps: stamps.map((stamp: Json) => ({ ...stamp, stampedAt: at(stamp.stampedAt) })),
    keys: keys.map((key: Json) => ({ ...key, fromAt: at(key.fromAt), untilAt: at(key.untilAt) })),
  }
}

describe('a handover', () => {
  test('answers with the stamp of the head it left, and stands on the root of the readings', async () => {
    const { path, sensor } = await travel(api, lane, [4, 5, 6])
    const { event, accepted, stamp } = await handOver(path)
    expect(stamp).toMatchObject({ shipmentId: event.shipmentId, seq: accepted.seq, hash: accepted.hash })
    const [root, ...more] = await rootsOf(path)
    expect(more).toEqual([])
    expect(root).toMatchObject({
      seq: event.seq - 1,
      hash: event.prevHash,
      readings: 3,
      scope: {
        placements: [{ sensorId: sensor.id, channel: 'probe', fromAt: iso(0), toAt: null }],
        untilAt: iso(30),
        known: { at: new Date(api.clock.now).toISOString() },
      },
    })
    const { evaluation } = root
    expect(event.signatures[0].evaluation).toEqual(evaluation)
    expect(accepted.signatures[0].evaluation).toEqual(evaluation)
    const { items } = await api.get(lane.centre.key, `${path}/evaluations`)
    expect(items[0].version).toBe(evaluation.version)
    const whole = await api.get(lane.centre.key, `${path}/evaluations/${evaluation.version}`)
    expect(whole.readingsRoot).toEqual({ seq: root.seq, root: root.root })
  })

  test('is verified by the service and, from the export alone, by anyone', async () => {
    const { path } = await travel(api, lane, [4, 5])
    const { accepted } = await handOver(path)
    const whole = { valid: true, signatureFaults: [], stampFaults: [], stampedUpTo: accepted.seq }
    expect(await verificationOf(path)).toEqual({ ...whole, firstBadSeq: null, reason: null })
    expect(await verifyLedger(parsed(await ledgerOf(path)), CRYPTO)).toMatchObject(whole)
  })

  test('that was changed by whoever holds the database is named', async () => {
    const { path, shipment } = await travel(api, lane, [4])
    const { event, stamp } = await handOver(path)
    const its = `where shipment_id = ${shipment.id} and seq = ${event.seq}`
    await asOwner(database, `update custody_event set record = jsonb_set(record, '{seals}', '["S9"]') ${its}`)
    const found = await verificationOf(path)
    expect(found).toMatchObject({ valid: false, firstBadSeq: event.seq, reason: 'HASH_MISMATCH' })
    expect(found.signatureFaults).toEqual([{ seq: event.seq, index: 0, fault: 'OTHER_RECORD' }])
    await asOwner(
      database,
      `delete from ledger_stamp where shipment_id = ${shipment.id} and seq >= ${event.seq};
      delete from custody_event where shipment_id = ${shipment.id} and seq >= ${event.seq}`,
    )
    expect(await verificationOf(path)).toMatchObject({ valid: true })
    const kept = parsed({ ...(await ledgerOf(path)), stamps: [stamp] })
    expect(await verifyLedger(kept, CRYPTO)).toMatchObject({ valid: false, stampFaults: [{ fault: 'OTHER_HEAD' }] })
  })

  test('is seen by the parties only, with its ledger, its verification and its proofs', async () => {
    const { path, sensor } = await travel(api, lane, [4])
    await handOver(path)
    for (const what of ['ledger', 'ledger/verification', `reading-proofs?sensorId=${sensor.id}&at=${iso(0)}`]) {
      expect((await api.call(lane.stranger.key, `GET ${path}/${what}`)).status).toBe(404)
      expect((await api.call(lane.centre.key, `GET ${path}/${what}`)).status).toBe(200)
    }
  })

  test('before anything is judged has no root', async () => {
    const path = `/shipments/${(await openShipment(api, lane)).id}`
    const { event } = await handOver(path)
    expect(event).toMatchObject({ seq: 1, signatures: [{ evaluation: null }] })
  })
})

describe('a root of readings', () => {
  const proofs = (path: string, sensorId: number, more: string): Promise<Json> =>
    api.get(lane.centre.key, `${path}/reading-proofs?sensorId=${sensorId}&${more}`)
  const leads = ({ proofs: [found], entry }: Json) => {
    const proof: ReadingProof = { ...found, reading: { ...found.reading, at: Date.parse(found.reading.at) } }
    return rootOfProof(proof, CRYPTO.sha256) === entry.root
  }
  const arrive = (sensorId: number, minute: number, c: number) =>
    recordMessages(api.ctx, [message(sensorId, [{ at: T0 + minute * MINUTE, c }], api.clock.now)])

  test('proves each reading, without the others', async () => {
    const { path, sensor } = await travel(api, lane, [4, 5, 6, 7, 7.5, 6])
    await handOver(path)
    for (const [minute, milliC] of [
      [0, 4000],
      [60, 7500],
    ]) {
      const found = await proofs(path, sensor.id, `at=${iso(minute ?? 0)}`)
      expect(found.proofs).toMatchObject([{ reading: { sensorId: sensor.id, milliC } }])
      expect(leads(found)).toBe(true)
    }
  })

  test('is followed by another where an evaluation that was relied on is superseded; the older one stays', async () => {
    const { path, sensor } = await travel(api, lane, [4, 5, 6])
    await handOver(path)
    await arrive(sensor.id, 45, 16)
    expect(await rootsOf(path)).toHaveLength(1)
    expect(await appendDueRoots(api.ctx)).toBe(1)
    const [older, newer] = await rootsOf(path)
    expect(newer.evaluation.version).toBe(older.evaluation.version + 1)
    expect([older.readings, newer.readings]).toEqual([3, 4])
    expect(await appendDueRoots(api.ctx)).toBe(0)
    const late = `at=${iso(45)}`
    expect(leads(await proofs(path, sensor.id, late))).toBe(true)
    expect(leads(await proofs(path, sensor.id, `at=${iso(0)}&seq=${older.seq}`))).toBe(true)
    const missing = `GET ${path}/reading-proofs?sensorId=${sensor.id}&${late}&seq=${older.seq}`
    expect((await api.call(lane.centre.key, missing)).status).toBe(404)
    expect(await verificationOf(path)).toMatchObject({ valid: true, stampedUpTo: newer.seq })
  })

  test('is not repeated where nothing changed', async () => {
    const { path } = await travel(api, lane, [4, 5])
    await api.post(lane.sponsor.key, `${path}/custody-events`, releaseTo(lane.centre.id))
    await api.post(lane.centre.key, `${path}/custody-events`, {
      kind: 'handover_accept',
      at: iso(12),
      handoverId: 'H1',
    })
    expect(await rootsOf(path)).toHaveLength(1)
  })

  test('does not depend on the order in which the readings came', async () => {
    const roots: string[] = []
    const { path, sensor, shipment } = await travel(api, lane, [])
    for (const minutes of [
      [0, 15, 30],
      [30, 0, 15],
    ]) {
      for (const minute of minutes) await arrive(sensor.id, minute, 4 + minute / 100)
      await arrive(sensor.id, 15, 4.15)
      await api.post(lane.sponsor.key, `${path}/custody-events`, releaseTo(lane.centre.id))
      roots.push((await rootsOf(path)).at(-1)?.root)
      await asOwner(
        database,
        `delete from reading where sensor_id = ${sensor.id};
        delete from checkpoint using placement where placement.id = placement_id and shipment_id = ${shipment.id}`,
      )
    }
    expect(roots[0]).toMatch(/^[0-9a-f]{64}$/)
    expect(roots[1]).toBe(roots[0])
  })
})

describe('the keys of the service', () => {
  const published = async (): Promise<Json[]> => (await api.call(null, 'GET /.well-known/jwks.json')).body.keys

  test('are published to everyone; a new one stamps from its rotation on, and older stamps still hold', async () => {
    const { path } = await travel(api, lane, [4])
    const before = await handOver(path)
    const rotated = await api.post(lane.admin.key, '/service-keys', { reason: 'yearly' })
    api.clock.now += MINUTE
    const { stamp } = await api.post(lane.sponsor.key, `${path}/custody-events`, { kind: 'pickup', at: iso(20) })
    expect(stamp.kid).toBe(rotated.kid)
    expect(before.stamp.kid).not.toBe(rotated.kid)
    const [newest, former] = await published()
    expect(newest).toMatchObject({ kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', kid: rotated.kid, untilAt: null })
    expect(former).toMatchObject({ kid: before.stamp.kid, untilAt: newest.fromAt })
    expect(await verificationOf(path)).toMatchObject({ valid: true, stampedUpTo: stamp.seq })
  })

  test('are changed by the administrator of the installation only, on record', async () => {
    for (const { key } of [lane.sponsor, lane.centre]) {
      expect((await api.call(key, 'POST /service-keys', { body: { reason: 'mine' } })).status).toBe(403)
    }
    const { kid } = await api.post(lane.admin.key, '/service-keys', { reason: 'lost laptop' })
    const audited = `/audit-entries?subjectKind=service_key&subjectId=${kid}`
    const { items } = await api.get(lane.admin.key, audited)
    expect(items).toMatchObject([{ action: 'rotate_service_key', reason: 'lost laptop' }])
  })

  test('are made anew where the secret was changed; what cannot be stamped is recorded all the same', async () => {
    const { path } = await travel(api, lane, [4])
    const [before] = await published()
    api.ctx.stampSecret = 'another secret of this installation'
    const unstamped = await api.post(lane.sponsor.key, `${path}/custody-events`, { kind: 'pickup', at: iso(20) })
    expect(unstamped.stamp).toBeNull()
    await ensureServiceKey(api.ctx)
    await ensureServiceKey(api.ctx)
    const [newest, former] = await published()
    expect(former?.kid).toBe(before?.kid)
    const { stamp } = await api.post(lane.sponsor.key, `${path}/custody-events`, { kind: 'departed', at: iso(21) })
    expect(stamp.kid).toBe(newest.kid)
    expect(await verificationOf(path)).toMatchObject({ valid: true, stampedUpTo: stamp.seq })
  })

  test('can neither be changed nor deleted by the service, nor can stamps', async () => {
    const { kysely } = database.db
    await expect(kysely.updateTable('service_key').set({ reason: 'x' }).execute()).rejects.toThrow(/permission/)
    await expect(kysely.deleteFrom('service_key').execute()).rejects.toThrow(/permission/)
    await expect(kysely.updateTable('ledger_stamp').set({ seq: 1 }).execute()).rejects.toThrow(/permission/)
    await expect(kysely.deleteFrom('ledger_stamp').execute()).rejects.toThrow(/permission/)
  })
})
