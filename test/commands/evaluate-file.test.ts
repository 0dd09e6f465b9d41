import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { evaluateFile } from '../../src/commands/evaluate-file.ts'
import { LOGGER_FILES, type LoggerFileName } from '../support/logger-files.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'unbroken-evaluate-file-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** Runs the command on a file with these bytes, whose name says nothing. */
async function run(content: string | Uint8Array, ...flags: string[]) {
  const path = join(folder, 'file')
  writeFileSync(path, content)
  return runWith(path, ...flags)
}

async function runWith(...args: string[]) {
  const [printed, warned]: [string[], string[]] = [[], []]
  const out = { print: (text: string) => printed.push(text), warn: (text: string) => warned.push(text) }
  const code = await evaluateFile(args, out)
  return { code, printed: printed.join('\n'), warned: warned.join('\n') }
}

const known = (name: LoggerFileName) => LOGGER_FILES[name]

describe('a logger’s file is judged without a database', () => {
  test('channel by channel, from its first row to its last, which counts', async () => {
    const { code, printed, warned } = await run(known('decimal comma, two channels'), '--profile', '2-8')
    expect(code).toBe(0)
    expect(warned).toContain('EXAMPLE LIMITS')
    const { profile, summary, results } = JSON.parse(printed)
    expect(profile).toEqual({ name: 'EXAMPLE 2 to 8 C', example: true })
    expect(summary).toMatchObject({ dialect: 'any', serial: 'LOG-1', lines: { total: 8, reading: 3, rejected: 0 } })
    expect(results).toMatchObject([
      { id: 'probe', status: 'in_range', validReadings: 3, coveredS: 600, gaps: [] },
      {
        id: 'temperatur_au_en_c',
        validReadings: 2,
        faults: 1,
        levels: [{ id: 'H1', totalConfirmedS: 600 }, {}, {}, {}, {}],
      },
    ])
  })

  test('with limits of one’s own, in the zone given', async () => {
    const level = { id: 'C', side: 'high', limitC: '8.0', mode: 'single', allowedS: 0, severity: 'critical' }
    const path = join(folder, 'profile.json')
    writeFileSync(path, JSON.stringify({ nominalIntervalS: 300, levels: [level] }))
    const { printed, warned } = await run(known('berlinger fridge-tag'), '--profile', path, '--zone', 'Europe/Berlin')
    expect(warned).toBe('')
    expect(JSON.parse(printed).results).toMatchObject([
      { status: 'alarm', levels: [{ alarm: { state: 'confirmed', at: '2026-03-02T09:15:00.000Z' } }] },
    ])
  })

  test('only with the answers that the file leaves open, each with its flag', async () => {
    const { code, printed, warned } = await run(known('maxim, day first'), '--profile', 'crt')
    expect([code, printed]).toEqual([1, ''])
    expect(warned).toMatch(/"CST", which is not one zone.*\n {2}--zone, such as America\/Chicago/)
    expect((await run(known('maxim, day first'), '--profile', 'crt', '--zone', '-06:00')).code).toBe(0)
  })

  test('without the columns that are left out', async () => {
    const flags = ['--profile', '2-8', '--channel', 'Temperatur außen [°C]=-']
    const { printed } = await run(known('decimal comma, two channels'), ...flags)
    expect(JSON.parse(printed).results.map(({ id }: { id: string }) => id)).toEqual(['probe'])
  })
})

test.each<[string, string[], number, string]>([
  ['no profile', [], 2, '--profile'],
  ['an unknown flag', ['--profile', 'crt', '--gremlins'], 2, "Unknown option '--gremlins'"],
  ['two files', ['other', '--profile', 'crt'], 2, 'give one FILE'],
  ['an order that is none', ['--profile', 'crt', '--date-order', 'ydm'], 2, '--date-order'],
  ['a column without a channel', ['--profile', 'crt', '--channel', 'T'], 2, '--channel must read COLUMN=channel'],
])('used wrongly (%s) it says how', async (_what, flags, expected, said) => {
  const { code, printed, warned } = await run(known('ruuvi'), ...flags)
  expect([code, printed]).toEqual([expected, ''])
  expect(warned).toContain(said)
  expect(warned).toContain('unbroken evaluate FILE --profile')
})

test.each<[string, string, string]>([
  ['prose', 'the box was cold', 'There is no table of readings'],
  ['humidity alone', 'Time (UTC),Humidity (%)\n2026-03-02 10:00,40\n2026-03-02 10:05,41\n', 'no temperatures'],
])('%s is not judged', async (_what, text, said) => {
  const { code, printed, warned } = await run(text, '--profile', 'crt')
  expect([code, printed]).toEqual([1, ''])
  expect(warned).toContain(said)
})

test('a file or profile that cannot be read is named', async () => {
  await expect(runWith(join(folder, 'absent'), '--profile', 'crt')).rejects.toThrow(/cannot read .*absent/)
  await expect(runWith(folder, '--profile', 'crt')).rejects.toThrow('it is no file')
  await expect(run(known('ruuvi'), '--profile', 'warm')).rejects.toThrow('--profile warm is neither one of ln2-vapour')
  const path = join(folder, 'wrong.json')
  writeFileSync(path, '{"levels": []}')
  await expect(run(known('ruuvi'), '--profile', path)).rejects.toThrow('nominalIntervalS')
})
