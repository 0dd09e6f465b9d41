import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { withClient } from '../../db/connect.ts'
import { recordMessages } from '../../src/actions/record-messages.ts'
import { replayShipment } from '../../src/actions/replay.ts'
import { type Api, createApi, iso, type Json } from '../support/api.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { type Asked, importFor, table } from '../support/importing.ts'
import { addSensor, createLane, type Lane, measure, openShipment, travel } from '../support/lane.ts'
import { MINUTE, T0 } from '../support/limits.ts'
import { message } from '../support/world.ts'

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

describe('an import of a file that was wrongly read', () => {
  const superseding = (id: number, key = lane.sponsor.key) =>
    api.call(key, `POST /readings/imports/${id}/supersession`, { body: { reason: 'the clock stood at UTC' } })

  test('is taken back, and the right one judged instead: nothing of it is lost', async () => {
    const { sensor, path } = await travel(api, lane, [])
    const before = await temperatureOf(path)
    const local = table([5, 16, 5], { title: 'Time' })
    const wrong = await importing(sensor.id, local, { query: '&zone=Europe/Berlin' })
    const taken = await superseding(wrong.body.id)
    expect(taken.body.readouts).toMatchObject([
      { channel: 'probe', superseded: { at: new Date(api.clock.now).toISOString(), reason: 'the clock stood at UTC' } },
    ])
    expect((await temperatureOf(path)).counts).toEqual(before.counts)
    await importing(sensor.id, local, { query: '&zone=UTC' })
    const [event] = (await temperatureOf(path)).levels.find(({ id }: Json) => id === 'H2').events
    expect(event).toMatchObject({ start: iso(15) })
    const { items } = await api.get(lane.sponsor.key, `/sensors/${sensor.id}/readings`)
    expect(items).toHaveLength(6)
    const audit = await api.get(lane.sponsor.key, `/audit-entries?subjectKind=sensor&subjectId=${sensor.id}`)
    expect(audit.items.find(({ action }: Json) => action === 'supersede_import')).toMatchObject({
      reason: 'the clock stood at UTC',
      after: { importId: wrong.body.id },
    })
  })

  test('is not counted outside of the window either, now or as of now', async () => {
    const shipment = await openShipment(api, lane)
    const sensor = await addSensor(api, lane.sponsor)
    const path = `/shipments/${shipment.id}`
    await api.post(lane.sponsor.key, `${path}/custody-events`, { kind: 'packed', at: iso(30), units: ['BAG-1'] })
    await api.post(lane.sponsor.key, `${path}/placements`, { sensorId: sensor.id, from: iso(0) })
    const outside = async () => {
      const asOf = new Date(api.clock.now).toISOString()
      const then = await api.get(lane.sponsor.key, `${path}/status?asOf=${asOf}`)
      return [(await temperatureOf(path)).counts.outOfWindow, then.temperature.counts.outOfWindow]
    }
    const { id } = (await importing(sensor.id, table([5, 5, 5, 5]))).body
    expect(await outside()).toEqual([2, 2])
    await superseding(id)
    expect(await outside()).toEqual([0, 0])
    // wholly outside
    const other = (await importing(sensor.id, table([5, 5]))).body
    expect(await outside()).toEqual([2, 2])
    await superseding(other.id)
    expect(await outside()).toEqual([0, 0])
  })

  test('does not make a logger more diligent at the departure check', async () => {
    const { sensor, path } = await travel(api, lane, [])
    const minute = Math.floor((api.clock.now - T0) / MINUTE) - 50
    const live = [0, 15, 45].map((after) => ({ at: T0 + (minute + after) * MINUTE, c: 5 }))
    await recordMessages(api.ctx, [message(sensor.id, live, api.clock.now)])
    const isSilent = async () => {
      const { findings } = await api.get(lane.sponsor.key, `${path}/departure-check`)
      return findings.some(({ code }: Json) => code === 'DATA_GAP')
    }
    expect(await isSilent()).toBe(true)
    const file = table([5], { fromMinute: minute + 30 })
    const { id } = (await importing(sensor.id, file)).body
    expect(await isSilent()).toBe(false)
    await superseding(id)
    expect(await isSilent()).toBe(true)
  })

  test('leaves what another import read out as well', async () => {
    const { sensor, path } = await travel(api, lane, [])
    const first = await importing(sensor.id, table([5, 5.1]))
    await importing(sensor.id, table([5, 5.1, 5.2]))
    await superseding(first.body.id)
    expect((await temperatureOf(path)).counts.valid).toBe(3)
  })

  test('leaves what another one read out before it was kept who says a value again', async () => {
    const { sensor, path } = await travel(api, lane, [])
    const first = await importing(sensor.id, table([5, 5.1]))
    await importing(sensor.id, table([5, 5.1, 5.2]))
    const migration = readFileSync('db/migrations/0024_reading_again.sql', 'utf8')
    const entering = migration.slice(migration.indexOf('insert into'))
    await withClient(database.ownerUrl, (client) => client.query(`delete from reading_again; ${entering}`))
    expect((await temperatureOf(path)).counts.valid).toBe(3)
    await superseding(first.body.id)
    expect((await temperatureOf(path)).counts.valid).toBe(3)
  })

  const right = table([5, 6, 16, 5, 5, 4, 5, 5, 6, 5, 5, 5], { title: 'Time' })
  const zone = '&zone=UTC'

  /** What is judged where only some files were ever imported. */
  async function judgedFrom(files: readonly { file: string; query?: string }[], live: number[] = []): Promise<Json> {
    const { sensor, path } = await travel(api, lane, live)
    for (const { file, query = '' } of files) await importing(sensor.id, file, { query })
    return comparable(await temperatureOf(path))
  }

  const LIVE = [5, 16.2, 5, 5, 40]

  /** Two probes, a row for each word. */
  function ofTwo(words: string): string {
    const rows = words.split(' ').map((row, index) => `${iso(index * 15)},${row}`)
    return ['Time,Temperature (°C),Temperature 2 (°C)', ...rows, ''].join('\n')
  }

  /** Without what names rows of this journey. */
  function comparable({ counts: judged, levels, status, reasons, worst }: Json): Json {
    return { judged, levels, status, reasons, worst }
  }

  test.each([
    ['in another zone', { file: right, query: '&zone=%2B00:30' }],
    ['in another unit', { file: right.replace('°C', '°F'), query: zone }],
    ['with rows of another file', { file: table([5, 6, 16, 30, 30, 30], { title: 'Time' }), query: zone }],
  ])('%s is judged no more, before the right one is imported or after', async (_how, wrong) => {
    const expected = await judgedFrom([{ file: right, query: zone }])
    for (const when of ['before', 'after']) {
      const { sensor, path } = await travel(api, lane, [])
      const { id } = (await importing(sensor.id, wrong.file, { query: wrong.query })).body
      if (when === 'before') await superseding(id)
      await importing(sensor.id, right, { query: zone })
      if (when === 'after') await superseding(id)
      expect(comparable(await temperatureOf(path)), when).toEqual(expected)
      const shipmentId = Number(path.split('/').at(-1))
      const replayed = await replayShipment(api.ctx, { shipmentId, version: null })
      expect(replayed.map(({ outcome }) => outcome)).toEqual(replayed.map(() => 'same'))
    }
  })

  test('which imports stand decides, not the order in which they came and went', async () => {
    const files = [
      [5, 16, 5, 5],
      [5, 16, 30],
      [5, 5.5, 5],
      [-20, 5, 5],
    ].map((degrees) => ({ file: table(degrees) }))
    const fate = fc.record({ place: fc.nat(), takenBackAfter: fc.option(fc.nat(3)) })
    await fc.assert(
      fc.asyncProperty(fc.tuple(...files.map(() => fate)), async (fates) => {
        const { sensor, path } = await travel(api, lane, [])
        const coming = files
          .map((one, index) => ({ ...one, ...fates[index], id: 0 }))
          .toSorted((x, y) => (x.place ?? 0) - (y.place ?? 0))
        for (const [turn, one] of coming.entries()) {
          one.id = (await importing(sensor.id, one.file)).body.id
          const due = coming.slice(0, turn + 1).filter(({ takenBackAfter }) => takenBackAfter === turn)
          for (const { id } of due) await superseding(id)
        }
        const isBack = ({ takenBackAfter }: { takenBackAfter?: number | null }, turn: number) =>
          typeof takenBackAfter === 'number' && takenBackAfter >= turn
        const standing = coming.filter((one, turn) => !isBack(one, turn))
        expect(comparable(await temperatureOf(path))).toEqual(await judgedFrom(standing))
      }),
      { numRuns: 8 },
    )
  })

  test('nor does it matter that they come and go at once, beside what was sent live', async () => {
    const files = ['5,6 16,5 ---,5 5,5', '5,5 16,16 30,---', '5,5 5.5,5 ---,5 ---,5', '-20,5 5,16 5,5 5,30'].map(ofTwo)
    const fates = fc.tuple(...files.map(() => fc.constantFrom('stays', 'goes', 'comes again', 'never comes')))
    await fc.assert(
      fc.asyncProperty(fates, async (told) => {
        const { sensor, path } = await travel(api, lane, LIVE)
        const comeAndGo = async (file: string, fate: string | undefined) => {
          if (fate === 'never comes') return
          const { id } = (await importing(sensor.id, file)).body
          if (fate !== 'stays') expect((await superseding(id)).status).toBe(200)
          if (fate === 'comes again') await importing(sensor.id, file, { query: '&again=it+was+right' })
        }
        await Promise.all(files.map((file, index) => comeAndGo(file, told[index])))
        const standing = files.filter((_, index) => told[index] === 'stays' || told[index] === 'comes again')
        const expected = await judgedFrom(
          standing.map((file) => ({ file })),
          LIVE,
        )
        expect(comparable(await temperatureOf(path))).toEqual(expected)
      }),
      { numRuns: 8 },
    )
  })

  test('is told of as taken back among the readings', async () => {
    const { sensor, path } = await travel(api, lane, [])
    const { id } = (await importing(sensor.id, table([41, 5]))).body
    await superseding(id)
    await importing(sensor.id, table([6, 5]))
    await measure(api, sensor.id, [7])
    const sent = { takenBack: false, conflicts: [], takenBackConflicts: [] }
    const expected = [
      { ...sent, valueC: 7, source: 'live' },
      { valueC: 41, source: 'readout', takenBack: true, conflicts: [6], takenBackConflicts: [] },
      { ...sent, valueC: 5, source: 'readout' },
    ]
    for (const list of [`/sensors/${sensor.id}/readings`, `${path}/readings`]) {
      expect((await api.get(lane.sponsor.key, list)).items).toMatchObject(expected)
      const pages: Json[] = []
      for (let cursor = ''; cursor !== '&cursor=null'; ) {
        const { items, nextCursor } = await api.get(lane.sponsor.key, `${list}?limit=1${cursor}`)
        pages.push(...items)
        cursor = `&cursor=${nextCursor}`
      }
      expect(pages).toMatchObject(expected)
    }
    const { series } = await api.get(lane.sponsor.key, `${path}/series`)
    expect(series[0].buckets.map(({ highestC }: Json) => highestC).filter(Number)).toEqual([7.5, 5.5])
  })

  test('is not taken back twice, and is entered again only with a reason, as if it had never gone', async () => {
    const { sensor, path } = await travel(api, lane, [])
    const file = table([5, 5.1, 9])
    const { id } = (await importing(sensor.id, file)).body
    const judged = await temperatureOf(path)
    await superseding(id)
    expect((await superseding(id)).body.type).toMatch(/changed-meanwhile$/)
    expect((await importing(sensor.id, file)).body.type).toMatch(/import-superseded$/)
    const events = await importing(sensor.id, file, { headers: { Accept: 'text/event-stream' } })
    expect(events.text).toMatch(/^event: problem\ndata: .*import-superseded/)
    const again = await importing(sensor.id, file, { query: '&again=it+was+right' })
    expect(again).toMatchObject({ status: 200, body: { id, created: false } })
    expect(await temperatureOf(path)).toEqual(judged)
    const { readouts } = await api.get(lane.sponsor.key, `/readings/imports/${id}`)
    expect(readouts.map(({ superseded }: Json) => superseded === null)).toEqual([false, true])
  })
})
