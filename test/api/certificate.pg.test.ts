import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { recordMessages } from '../../src/actions/record-messages.ts'
import { CRYPTO } from '../../src/actions/stamps.ts'
import type { Trust } from '../../src/domain/verify-certificate.ts'
import { verifyFile } from '../../src/domain/verify-file.ts'
import { type Api, createApi, iso, type Json } from '../support/api.ts'
import { asOwner, type TestDatabase, testDatabase } from '../support/database.ts'
import { createLane, type Lane, travel } from '../support/lane.ts'
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

/** A journey with its handover signed by both, received and opened at the end. */
async function arrived(degrees: readonly (number | null)[] = [4, 5, 6, 5, 4]) {
  const journey = await travel(api, lane, degrees)
  const { path } = journey
  await api.post(people.packer.token, `${path}/custody-events`, {
    ...releaseTo(lane.centre.id),
    signing: own(people.packer, 'released_custody'),
    secondSigning: other(people.receiver, 'accepted_custody'),
  })
  const end = (degrees.length - 1) * 15
  await api.post(lane.centre.key, `${path}/custody-events`, { kind: 'received', at: iso(end - 1), seals: ['S1'] })
  await api.post(lane.centre.key, `${path}/custody-events`, { kind: 'opened', at: iso(end) })
  return journey
}

/** The certificate's bytes as the parties get them. */
async function fileOf(path: string, what = 'certificate', key = lane.centre.key): Promise<Uint8Array> {
  const response = await api.app.request(`/api/v1${path}/${what}`, { headers: { Authorization: `Bearer ${key}` } })
  if (response.status !== 200) throw new Error(await response.text())
  return new Uint8Array(await response.arrayBuffer())
}

async function published(): Promise<Trust> {
  const { body } = await api.call(null, 'GET /.well-known/jwks.json')
  const at = (text: string | null) => (text === null ? null : Date.parse(text))
  return { keys: body.keys.map((key: Json) => ({ ...key, fromAt: at(key.fromAt), untilAt: at(key.untilAt) })) }
}

const verified = async (file: Uint8Array) => verifyFile(file, CRYPTO, await published())
const jsonOf = (file: Uint8Array): Json => JSON.parse(new TextDecoder().decode(file))
const rootsOf = (json: Json): Json[] => json.ledger.entries.filter(({ kind }: Json) => kind === 'readings_root')

describe('the certificate of a shipment that arrived', () => {
  test('verifies by the keys that are published, and judges again what was served', async () => {
    const { path, shipment } = await arrived([4, 5, 6, 9, 5])
    const file = await fileOf(path)
    const found = await verified(file)
    expect(found.statements.filter(({ holds }) => !holds)).toEqual([])
    expect(found.outcome).toBe('valid')
    const json = jsonOf(file)
    const status = await api.get(lane.centre.key, `${path}/status`)
    expect(json.temperature).toMatchObject({ status: status.temperature.status, complete: true })
    expect(json.evaluation.version).toBe(status.evaluationVersion)
    expect(json).toMatchObject({
      shipment: { id: shipment.id, consignee: `organisation:${lane.centre.id}` },
      monitored: { fromAt: iso(0), toAt: iso(60) },
      custody: { chainStatus: status.custody.chainStatus, signed: status.custody.signed },
      changedSinceFirstEntry: false,
    })
    expect(json.placements[0].live).toHaveLength(4)
  })

  test('has the same bytes for everyone and at any time, until something new is on record', async () => {
    const { path } = await arrived()
    const file = await fileOf(path)
    api.clock.now += MINUTE
    expect(await fileOf(path, 'certificate', lane.sponsor.key)).toEqual(file)
    expect(await fileOf(path, 'certificate.pdf')).toEqual(await fileOf(path, 'certificate.pdf', lane.sponsor.key))
    await api.post(lane.centre.key, `${path}/custody-events`, { kind: 'stored', at: iso(70), place: 'tank' })
    const next = await fileOf(path)
    expect(next).not.toEqual(file)
    expect((await verified(next)).outcome).toBe('valid')
    expect((await verified(file)).outcome).toBe('valid')
  })

  test('roots its readings once, where nobody relied on them before, and stamps its head', async () => {
    const { path } = await travel(api, lane, [4, 5, 6])
    await api.post(lane.sponsor.key, `${path}/custody-events`, { kind: 'lost', at: iso(30), reason: 'fire' })
    expect(rootsOf({ ledger: await api.get(lane.centre.key, `${path}/ledger`) })).toEqual([])
    const first = jsonOf(await fileOf(path))
    expect(rootsOf(first)).toMatchObject([{ seq: first.proof.seq, root: first.proof.root, readings: 2 }])
    expect(first.ledger.stamps.at(-1).seq).toBe(first.proof.seq)
    expect(jsonOf(await fileOf(path)).ledger).toEqual(first.ledger)
  })

  test('is seen by the parties only', async () => {
    const { path } = await arrived()
    for (const what of ['certificate', 'certificate.pdf']) {
      expect((await api.call(lane.stranger.key, `GET ${path}/${what}`)).status).toBe(404)
      expect((await api.call(null, `GET ${path}/${what}`)).status).toBe(401)
    }
  })

  test('as a PDF verifies alone, too', async () => {
    const { path } = await arrived([4, null, null, null, 9, 5])
    const pdf = await fileOf(path, 'certificate.pdf')
    const found = await verified(pdf)
    expect(found.statements.filter(({ holds }) => !holds)).toEqual([])
    expect(found.outcome).toBe('valid')
  })

  test('tells contradicting values, late ones, and what was changed', async () => {
    const { path, sensor } = await arrived([4, 5, 6, 5, 4])
    const file = await fileOf(path)
    const late = [
      { at: T0 + 15 * MINUTE, c: 9 },
      { at: T0 + 20 * MINUTE, c: 9.5 },
    ]
    await recordMessages(api.ctx, [message(sensor.id, late, api.clock.now)])
    const { items } = await api.get(lane.sponsor.key, `${path}/placements`)
    const { id } = items.findLast(({ supersededAt }: Json) => supersededAt === null)
    await api.post(lane.sponsor.key, `/placements/${id}/correction`, { reason: 'placed later', from: iso(1) })
    const reopened = jsonOf(await fileOf(path))
    expect(reopened.temperature.status).not.toBe(jsonOf(file).temperature.status)
    expect(reopened.placements[0].live.filter(([at]: [string]) => at === iso(15))).toEqual([
      [iso(15), 5000],
      [iso(15), 9000],
    ])
    expect(reopened).toMatchObject({
      changedSinceFirstEntry: true,
      changes: [{ what: 'placement', id, reason: 'placed later' }],
    })
    expect(reopened.versions.length).toBeGreaterThan(jsonOf(file).versions.length)
    expect((await verified(await fileOf(path))).outcome).toBe('valid')
  })

  test('judges memory that was read out as the original, and tells where the stream differs', async () => {
    const { path, sensor } = await arrived([4, 5, 11, 5, 4, 5])
    const readOut = async (celsius: string) => {
      const rows = [0, 15, 30, 45, 60, 75].map((minute) => `${iso(minute).replace('T', ' ').slice(0, 16)},${celsius}`)
      const text = ['Time (UTC),Temperature (°C)', ...rows, ''].join('\n')
      const asked = { body: text, headers: { 'Content-Type': 'text/csv' } }
      return (await api.call(lane.sponsor.key, `POST /readings/import?sensorId=${sensor.id}`, asked)).body.id
    }
    // another logger's, taken back
    const taken = `/readings/imports/${await readOut('30.0')}/supersession`
    await api.post(lane.sponsor.key, taken, { reason: 'of another box' })
    await readOut('5.0')
    const file = await fileOf(path)
    const json = jsonOf(file)
    expect(json.temperature.reasons).toContain('READOUT_DIFFERS')
    expect(json.placements[0]).toMatchObject({ readouts: [expect.anything()], memory: expect.any(Array) })
    expect(json.placements[0].memory.length).toBeGreaterThan(4)
    expect(JSON.stringify(json.placements[0].memory)).not.toContain(',30000]')
    expect((await verified(file)).statements.filter(({ holds }) => !holds)).toEqual([])
  })

  test('names the key it was sealed with after the keys were changed', async () => {
    const { path } = await arrived()
    const former = jsonOf(await fileOf(path)).seal.kid
    api.clock.now += MINUTE
    const { kid } = await api.post(lane.admin.key, '/service-keys', { reason: 'yearly' })
    const file = await fileOf(path)
    expect(jsonOf(file)).toMatchObject({
      seal: { kid },
      ledger: { stamps: expect.arrayContaining([expect.objectContaining({ kid: former })]) },
    })
    expect((await verified(file)).outcome).toBe('valid')
    expect((await verifyFile(file, CRYPTO, { kids: [former] })).outcome).toBe('not_valid')
  })
})

describe('no certificate is given out', () => {
  const refused = async (path: string) => (await api.call(lane.centre.key, `GET ${path}/certificate`)).body

  test('while the shipment is under way, or nothing was packed', async () => {
    const { path } = await travel(api, lane, [4, 5])
    expect(await refused(path)).toMatchObject({ status: 409, detail: expect.stringMatching(/received and opened/) })
  })

  test('of readings that were changed in the database since somebody relied on them', async () => {
    const { path, sensor } = await arrived([4, 5, 9, 9, 9, 5])
    await fileOf(path)
    await asOwner(
      database,
      `update reading set value_milli_c = 5000 where sensor_id = ${sensor.id} and value_milli_c > 8000`,
    )
    expect((await refused(path)).type).toMatch(/root-differs$/)
  })

  test('of a ledger or an evaluation that was changed', async () => {
    const { path, shipment } = await arrived()
    const its = `where shipment_id = ${shipment.id} and kind = 'opened'`
    await asOwner(database, `update custody_event set record = jsonb_set(record, '{reason}', '"x"') ${its}`)
    expect(await refused(path)).toMatchObject({
      status: 409,
      detail: expect.stringMatching(/^It is not certified, since its ledger/),
    })
  })

  test('where nothing is stamped', async () => {
    const { path } = await arrived()
    const { stampSecret } = api.ctx
    api.ctx.stampSecret = null
    const body = await refused(path)
    api.ctx.stampSecret = stampSecret
    expect(body.type).toMatch(/stamps-off$/)
  })
})
