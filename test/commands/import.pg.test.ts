import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { listenHttp } from '../../src/commands/http.ts'
import { importCommand } from '../../src/commands/import.ts'
import { type Api, createApi, type Json } from '../support/api.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { createLane, type Lane, travel } from '../support/lane.ts'
import { LOGGER_FILES } from '../support/logger-files.ts'

let database: TestDatabase
let api: Api
let lane: Lane
let door: Awaited<ReturnType<typeof listenHttp>>
let folder = ''

beforeAll(async () => {
  database = await testDatabase()
  api = await createApi(database)
  lane = await createLane(api)
  door = await listenHttp(api.app, { host: '127.0.0.1', port: 0 })
  folder = mkdtempSync(join(tmpdir(), 'unbroken-import-command-'))
})
afterAll(async () => {
  rmSync(folder, { recursive: true })
  await door.close()
  await database.drop()
})

/** Runs the command on a file with these bytes against the real door, for a new sensor. */
async function run(content: string | Uint8Array, ...flags: string[]) {
  const { sensor } = await travel(api, lane, [])
  return runFor(sensor.id, content, ...flags)
}

async function runFor(sensorId: number, content: string | Uint8Array, ...flags: string[]) {
  const path = join(folder, 'file')
  writeFileSync(path, content)
  const to = ['--sensor', String(sensorId), '--key', lane.sponsor.key, '--api', door.url]
  return { sensorId, ...(await runWith(path, ...to, ...flags)) }
}

async function runWith(...args: string[]) {
  const [printed, warned]: [string[], string[]] = [[], []]
  const out = { print: (text: string) => printed.push(text), warn: (text: string) => warned.push(text), isTty: true }
  const code = await importCommand(args, out)
  return { code, printed: printed.join('\n'), warned: warned.join('\n') }
}

async function readingsOf(sensorId: number): Promise<Json[]> {
  return (await api.get(lane.sponsor.key, `/sensors/${sensorId}/readings`)).items
}

test('a file is sent, its progress shown, its lines accounted for, and its readings are stored', async () => {
  const { code, printed, warned, sensorId } = await run(LOGGER_FILES.ruuvi)
  expect(code).toBe(0)
  expect(warned).toBe('8 of 8 readings')
  expect(printed).toContain('ruuvi-station: Ruuvi\n3 lines: 1 header, 2 reading\n')
  expect(printed).toContain('temperature → probe: 2 readings, 0 faults, 1.72 to 1.73 CEL')
  expect(printed).toMatch(/import \d+: 2 readings and 6 observations stored, 0 there already, 0 conflicts, 0 held$/)
  expect(await readingsOf(sensorId)).toHaveLength(2)
})

test('again it is harmless', async () => {
  const { sensorId } = await run(LOGGER_FILES.ruuvi)
  const { printed } = await runFor(sensorId, LOGGER_FILES.ruuvi)
  expect(printed).toMatch(/\(entered before\): 0 readings and 0 observations stored, 8 there already/)
})

test('a dry run stores nothing, and prints the answer whole where asked to', async () => {
  const { code, printed, sensorId } = await run(LOGGER_FILES.ruuvi, '--dry-run', '--json')
  expect(code).toBe(0)
  expect(JSON.parse(printed)).toMatchObject({ id: null, run: null, summary: { dialect: 'ruuvi-station' } })
  expect(await readingsOf(sensorId)).toEqual([])
})

test('what the file leaves open is asked with the flag that answers it', async () => {
  const file = 'Time,Temperature\n11/10/2025 10:00,41.0\n11/10/2025 10:05,41.9\n'
  const open = await run(file)
  expect(open.code).toBe(1)
  for (const flag of ['--zone', '--date-order', '--unit']) expect(open.warned).toContain(`  ${flag}, such as`)
  const flags = ['--zone', 'Europe/Berlin', '--date-order', 'dmy', '--unit', 'FAH']
  const answered = await runFor(open.sensorId, file, ...flags, '--channel', 'Temperature=lid')
  expect(answered.code).toBe(0)
  const [first] = await readingsOf(open.sensorId)
  expect(first).toMatchObject({ at: '2025-10-11T08:00:00.000Z', channel: 'lid', valueC: 5 })
})

test('a refusal is said as the service says it', async () => {
  const { code, warned } = await run(LOGGER_FILES.hobo)
  expect(code).toBe(1)
  expect(warned).toMatch(/^The file is of another device: The file is of a logger with serial number 748001/)
  expect((await run(LOGGER_FILES.hobo, '--serial-differs', 'exchanged')).code).toBe(0)
  expect((await run('nothing')).warned).toMatch(/^The file holds no readings that can be read/)
})

test.each<[string[], string]>([
  [['file'], '--sensor'],
  [['file', '--sensor', '1x', '--key', 'k'], '--sensor must be the id of a sensor'],
  [['file', '--sensor', '1', '--key', 'k', '--api', 'localhost'], '--api must read like http://'],
  [['--sensor', '1', '--key', 'k'], 'give one FILE'],
  [['file', '--gremlins'], "Unknown option '--gremlins'"],
])('used wrongly (%j) it says how, before anything is sent', async (args, said) => {
  const { code, warned } = await runWith(...args)
  expect(code).toBe(2)
  expect(warned).toContain(said)
  expect(warned).toContain('unbroken import FILE --sensor ID --key KEY')
})

test('a service that cannot be reached is named', async () => {
  const path = join(folder, 'file')
  writeFileSync(path, LOGGER_FILES.ruuvi)
  const flags = ['--sensor', '1', '--key', 'k', '--api', 'http://127.0.0.1:1']
  await expect(runWith(path, ...flags)).rejects.toThrow(/http:\/\/127.0.0.1:1 cannot be reached/)
})

test('what is needed and not given is named', async () => {
  const { code, warned } = await runWith('memory.csv', '--key', 'k')
  expect([code, warned.split('\n')[0]]).toEqual([2, '--sensor is needed'])
})
