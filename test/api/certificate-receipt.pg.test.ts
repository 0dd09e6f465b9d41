import { afterAll, beforeAll, expect, test } from 'vitest'
import { CRYPTO } from '../../src/actions/stamps.ts'
import { verifyFile } from '../../src/domain/verify-file.ts'
import { type Api, createApi, type Json } from '../support/api.ts'
import { asOwner, type TestDatabase, testDatabase } from '../support/database.ts'
import {
  createReceiptLane,
  DAMAGED,
  decide,
  deviate,
  type ReceiptLane,
  received,
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

async function fileOf(path: string, what = 'certificate'): Promise<Uint8Array> {
  const headers = { Authorization: `Bearer ${lane.centre.key}` }
  const response = await api.app.request(`/api/v1${path}/${what}`, { headers })
  if (response.status !== 200) throw new Error(await response.text())
  return new Uint8Array(await response.arrayBuffer())
}

async function certificateOf(path: string): Promise<Json> {
  const file = await fileOf(path)
  const json = JSON.parse(new TextDecoder().decode(file))
  const found = await verifyFile(file, CRYPTO, { kids: [json.seal.kid] })
  expect(found.statements.filter(({ holds }) => !holds)).toEqual([])
  return { ...json, statements: found.statements }
}

test('an accepted unit is told with verdict, standing, label, budget, and the records both people signed', async () => {
  const path = await received(api, lane)
  expect((await verify(api, lane, { path })).status).toBe(201)
  const { receipt, units, statements } = await certificateOf(path)
  const accepted = { verdict: 'ACCEPT', findings: [], state: 'available', usable: true, reReview: false }
  expect(receipt.units).toEqual([{ code: 'BAG-0007', ...accepted }])
  expect(units).toMatchObject([{ label: { result: 'match', readers: 2 }, budget: { state: 'within' } }])
  const [signed] = receipt.receipts
  expect(signed.record.receiverName).toBe(lane.people.receiver.printedName)
  expect(receipt.verifications).toHaveLength(1)
  const { says } = statements.find(({ name }: Json) => name === 'receipt')
  expect(says).toMatch(/^2 records, each as it was signed; 1 verdict/)
})

test('findings, the deviation and QA’s decision are told, in JSON and PDF', async () => {
  const path = await received(api, lane, DAMAGED)
  const before = await certificateOf(path)
  expect(before.receipt.units).toMatchObject([{ verdict: 'REJECT_RECOMMENDED', state: 'held', usable: false }])
  const findings: string[] = before.receipt.units[0].findings
  expect(findings).toContain('UNIT_DAMAGED')
  await deviate(api, lane, { path, findings })
  expect((await decide(api, lane, { path, disposition: 'rejected' })).status).toBe(201)
  const { receipt } = await certificateOf(path)
  expect(receipt.deviations).toMatchObject([{ system: 'QMS', units: ['BAG-0007'], closedAt: null }])
  expect(receipt.dispositions).toMatchObject([{ record: { disposition: 'rejected' } }])
  expect(receipt.units).toMatchObject([{ state: 'rejected', usable: false }])
  const bytes = await fileOf(path, 'certificate.pdf')
  const pdf = new TextDecoder('latin1').decode(bytes)
  const shown = [...pdf.matchAll(/<([0-9a-f]+)>/g)]
    .map(([, hex = '']) => Buffer.from(hex, 'hex').toString('latin1'))
    .join('')
  for (const said of ['Reject recommended', 'Rejected, not to be used', 'UNIT_DAMAGED', 'Receipt and decision']) {
    expect(shown).toContain(said)
  }
})

test('a record that was changed in the database is not certified', async () => {
  const path = await received(api, lane)
  const shipmentId = Number(path.split('/').at(-1))
  const forged = `update receipt set record = jsonb_set(record, '{receiverName}', '"Somebody else"')`
  await asOwner(database, `${forged} where shipment_id = ${shipmentId}`)
  const { body } = await api.call(lane.centre.key, `GET ${path}/certificate`)
  expect(body).toMatchObject({ status: 409, detail: expect.stringMatching(/^It is not certified, since its receipt/) })
})
