import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventsOf, type ServerEvent } from '../../src/commands/server-events.ts'
import { ROLES } from '../../src/domain/actor.ts'
import { type Answer, type Api, createApi, iso, type Json, keyOf, named } from '../support/api.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { type Asked, importFor, table } from '../support/importing.ts'
import { createLane, type Lane, measure, travel } from '../support/lane.ts'
import { LOGGER_FILES } from '../support/logger-files.ts'

let database: TestDatabase
let api: Api
let lane: Lane

beforeAll(async () => {
  database = await testDatabase()
  api = await createApi(database)
  lane = await createLane(api)
})
afterAll(() => database.drop())

const importing = (sensorId: number, file: string, asked: Asked = {}) =>
  importFor(api, lane, { sensorId, file, ...asked })

async function temperatureOf(path: string): Promise<Json> {
  return (await api.get(lane.sponsor.key, `${path}/status`)).temperature
}

const counts = ({ body }: Answer) => body.run

describe('a file', () => {
  test('is shown as it is understood, and nothing is stored, while it is a dry run', async () => {
    const { sensor, path } = await travel(api, lane, [])
    const dry = await importing(sensor.id, table([5, 5.1, 5.2]), { query: '&dryRun=true' })
    expect(dry).toMatchObject({ status: 200, body: { id: null, run: null, summary: { rows: 3, warnings: [] } } })
    expect(dry.body.rows.first[0]).toMatchObject({ line: 2, at: iso(0), values: [{ channel: 'probe', valueC: 5 }] })
    expect((await api.get(lane.sponsor.key, `/sensors/${sensor.id}/readings`)).items).toEqual([])
    expect((await temperatureOf(path)).reasons).toContain('NO_READINGS')
  })

  test('is stored, judged, kept byte for byte and on record with who imported it', async () => {
    const { sensor, path } = await travel(api, lane, [])
    const file = table([5, 16, 5.2])
    const done = await importing(sensor.id, file)
    expect(done.status).toBe(201)
    expect(counts(done)).toEqual({ stored: 3, duplicates: 0, conflicts: 0, held: 0, observations: 0 })
    expect(await temperatureOf(path)).toMatchObject({ status: 'alarm', severity: 'critical' })
    const address = done.headers.get('Location') ?? ''
    const kept = await api.get(lane.sponsor.key, address)
    expect(kept).toMatchObject({ id: done.body.id, summary: done.body.summary, run: done.body.run })
    expect(kept.readouts).toEqual([{ channel: 'probe', from: iso(0), to: iso(30), superseded: null }])
    const bytes = await api.call(lane.sponsor.key, `GET ${address}/file`)
    expect(bytes.text).toBe(file)
    expect(createHash('sha256').update(bytes.text).digest('hex')).toBe(kept.file.sha256)
    const { items } = await api.get(lane.sponsor.key, `/audit-entries?subjectKind=sensor&subjectId=${sensor.id}`)
    const actions = items.map(({ action }: Json) => action)
    for (const action of ['begin_import', 'import_readings']) expect(actions).toContain(action)
  })

  test('again changes nothing', async () => {
    const { sensor, path } = await travel(api, lane, [])
    const first = await importing(sensor.id, table([5, 5.1, 5.2]))
    const evaluations = await api.get(lane.sponsor.key, `${path}/evaluations`)
    const second = await importing(sensor.id, table([5, 5.1, 5.2]))
    expect(second).toMatchObject({ status: 200, body: { id: first.body.id, created: false } })
    expect(counts(second)).toEqual({ stored: 0, duplicates: 3, conflicts: 0, held: 0, observations: 0 })
    expect(await api.get(lane.sponsor.key, `${path}/evaluations`)).toEqual(evaluations)
  })

  test('that goes on where an earlier read-out ended repeats it and contradicts nothing', async () => {
    const { sensor, path } = await travel(api, lane, [])
    await importing(sensor.id, table([5, 5.1]))
    const longer = await importing(sensor.id, table([5, 5.1, 5.2, 5.3]))
    expect(counts(longer)).toMatchObject({ stored: 2, duplicates: 2, conflicts: 0 })
    expect((await temperatureOf(path)).counts).toMatchObject({ valid: 4, conflicts: 0 })
  })

  test('holds what lies in the future, and stores it once its time has come', async () => {
    const { sensor } = await travel(api, lane, [])
    const fromMinute = (api.clock.now - Date.parse(iso(0))) / 60_000
    const file = table([5, 5.1], { fromMinute })
    const early = await importing(sensor.id, file)
    expect(counts(early)).toMatchObject({ stored: 1, held: 1 })
    expect(early.body.held).toEqual([{ line: 3, at: iso(fromMinute + 15) }])
    api.clock.now += 20 * 60_000
    expect(counts(await importing(sensor.id, file))).toMatchObject({ stored: 1, duplicates: 1, held: 0 })
  })

  test('with channels beyond temperature leaves observations, in the units of the door', async () => {
    const { sensor, path } = await travel(api, lane, [])
    const done = await importing(sensor.id, LOGGER_FILES.ruuvi.toString('utf8'))
    expect(counts(done)).toMatchObject({ stored: 2, observations: 6 })
    const { items } = await api.get(lane.sponsor.key, `${path}/observations?quantity=humidity`)
    expect(items.map(({ at, value, unit }: Json) => [at, value, unit])).toEqual([
      [iso(0), 44.2, 'P1'],
      [iso(5), 44.18, 'P1'],
    ])
  })

  test('tells how far it is, and its result in the end', async () => {
    const { sensor } = await travel(api, lane, [])
    const headers = { Accept: 'text/event-stream' }
    const degrees = Array.from({ length: 12_000 }, (_, index) => 5 + (index % 10) / 10)
    const rows = degrees.map((c, index) => `${iso(index / 10).slice(0, 19)}Z,${c}`)
    const answer = await importing(sensor.id, ['Time,Temperature (°C)', ...rows].join('\n'), { headers })
    const events: ServerEvent[] = []
    for await (const event of eventsOf(parts(answer.text))) events.push(event)
    const told = events.filter(({ event }) => event === 'progress').map(({ data }) => data)
    expect(told).toEqual([5000, 10_000, 12_000].map((readings) => ({ readings, of: 12_000 })))
    expect(events.at(-1)).toMatchObject({ event: 'import', data: { run: { stored: 12_000 } } })
  })
})

async function* parts(text: string): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text)
  for (let from = 0; from < bytes.length; from += 7) yield bytes.subarray(from, from + 7)
}

describe('a read-out is the original', () => {
  test('what the live stream saw out of limits and the memory lacks is found, and both are judged', async () => {
    const { sensor, path } = await travel(api, lane, [5, 16, 5])
    await importing(sensor.id, table([5, 5, 5]))
    expect(await temperatureOf(path)).toMatchObject({
      status: 'alarm',
      reasons: expect.arrayContaining(['READOUT_DIFFERS']),
    })
  })

  test('what the live stream lost is filled, and live copies count once', async () => {
    const { sensor, path } = await travel(api, lane, [5])
    await measure(api, sensor.id, [5])
    await importing(sensor.id, table([5, 5.1, 5.2, 5.1, 5]))
    const { counts: judged, reasons } = await temperatureOf(path)
    expect([judged.valid, reasons.includes('READOUT_DIFFERS')]).toEqual([5, false])
  })

  test('live readings that arrive after it are judged as those before it', async () => {
    const [before, after] = [await travel(api, lane, [5, 5, 16, 5]), await travel(api, lane, [])]
    await importing(before.sensor.id, table([5, 5.1]))
    await importing(after.sensor.id, table([5, 5.1]))
    await temperatureOf(after.path)
    await measure(api, after.sensor.id, [5, 5, 16, 5])
    expect(await temperatureOf(after.path)).toEqual(await temperatureOf(before.path))
  })
})

describe('nobody else', () => {
  test.each(ROLES)('sees an import, as a %s, nor takes it back, nor imports for the sensor', async (role) => {
    const { sensor } = await travel(api, lane, [])
    const { id } = (await importing(sensor.id, table([5, 5.1]))).body
    for (const other of [lane.centre, lane.stranger]) {
      const key = await keyOf(api, lane.admin, { id: other.id, role })
      for (const path of [`/readings/imports/${id}`, `/readings/imports/${id}/file`]) {
        expect((await api.call(key, `GET ${path}`)).status, path).toBe(404)
      }
      const body = { reason: 'r' }
      expect([403, 404]).toContain((await api.call(key, `POST /readings/imports/${id}/supersession`, { body })).status)
      expect([403, 404]).toContain((await importing(sensor.id, table([5]), { key })).status)
    }
    expect((await api.get(lane.sponsor.key, `/readings/imports/${id}`)).readouts[0].superseded).toBeNull()
  })
})

test('a file of another device is refused unless somebody says why it differs', async () => {
  const { sensor } = await travel(api, lane, [])
  const file = `Serial Number: ${named('OTHER')}\n${table([5])}`
  expect((await importing(sensor.id, file)).body.type).toMatch(/serial-differs$/)
  const done = await importing(sensor.id, file, { query: '&serialDiffers=new+probe+head' })
  expect(done.status).toBe(201)
  const kept = await api.get(lane.sponsor.key, `/readings/imports/${done.body.id}`)
  expect(kept.serialDiffers).toBe('new probe head')
})

const inColumn = (...serials: string[]) =>
  ['Time (UTC),Temperature (°C),Serial Number', ...serials.map((serial, row) => `${iso(row * 15)},5,${serial}`)].join(
    '\n',
  )

test.each<[string, (own: string) => string]>([
  ['two others in a column', () => inColumn('AAA1', 'AAA1', 'BBB2', 'BBB2')],
  ['its own and another one in a column', (own) => inColumn(own, own, 'BBB2', 'BBB2')],
  ['its own and another one in blocks', (own) => `Serial: ${own}\n${table([5, 5])}Serial: BBB2\n${table([25, 25])}`],
])('so is a file of several devices: %s', async (_how, fileOf) => {
  const { sensor, path } = await travel(api, lane, [])
  const refused = (await importing(sensor.id, fileOf(sensor.serial))).body
  expect([refused.type, refused.detail]).toEqual([
    expect.stringMatching(/serial-differs$/),
    expect.stringContaining('BBB2'),
  ])
  const { temperature } = await api.get(lane.sponsor.key, `${path}/status`)
  expect(temperature.counts.valid).toBe(0)
})

test('what a file leaves open is asked with the answers that fit, and nothing is stored', async () => {
  const { sensor } = await travel(api, lane, [])
  const open = await importing(sensor.id, table([5], { title: 'Time' }))
  expect(open).toMatchObject({ status: 422, body: { questions: [{ code: 'ZONE_MISSING', answer: 'zone' }] } })
  expect((await importing(sensor.id, table([5], { title: 'Time' }), { query: '&zone=%2B02:00' })).status).toBe(201)
  const { items } = await api.get(lane.sponsor.key, `/sensors/${sensor.id}/readings`)
  expect(items.map(({ at }: Json) => at)).toEqual([iso(-120)])
})
