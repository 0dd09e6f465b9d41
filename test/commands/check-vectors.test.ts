import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { checkVectors } from '../../src/commands/check-vectors.ts'
import epcis from '../vectors/epcis-mapping.json' with { type: 'json' }
import units from '../vectors/units-time.json' with { type: 'json' }

const PUBLISHED = join(import.meta.dirname, '../vectors')

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'unbroken-vectors-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

function run(...paths: string[]) {
  const lines: string[] = []
  const code = checkVectors(paths, (line) => lines.push(line))
  return { code, lines, closing: lines.at(-1) }
}

/** A folder of its own with these files. */
function files(name: string, contents: Record<string, string | object>): string {
  const path = join(folder, name)
  mkdirSync(path)
  for (const [file, content] of Object.entries(contents)) {
    writeFileSync(join(path, file), typeof content === 'string' ? content : JSON.stringify(content))
  }
  return path
}

const WRONG = { ...units, completeness: [{ windowS: 10, coveredS: 5, percent: 51 }] }

test('the published folder passes, and the closing line counts every case of it', () => {
  const { code, lines, closing } = run(PUBLISHED)
  expect(code).toBe(0)
  expect(lines.filter((line) => line.startsWith('FAILED'))).toEqual([])
  expect(lines).toContain(`${join(PUBLISHED, 'excursions.json')}: 34 of 34 passed`)
  expect(lines).toContain(`${join(PUBLISHED, 'units-time.json')}: 46 of 46 passed`)
  expect(lines).toContain(`${join(PUBLISHED, 'epcis-mapping.json')}: 26 of 26 passed`)
  expect(lines.filter((line) => line.startsWith('skipped'))).toEqual([])
  const passed = lines.flatMap((line) => Number(/: (\d+) of \1 passed$/.exec(line)?.[1] ?? 0))
  expect(closing).toBe(`${passed.reduce((total, count) => total + count)} passed, 0 failed`)
  const spokenOf = lines.slice(0, -1).map((line) => /[\w-]+\.json/.exec(line)?.[0])
  expect(spokenOf).toEqual(
    readdirSync(PUBLISHED)
      .filter((name) => name.endsWith('.json'))
      .sort(),
  )
})

test('a failing case is one line that names file and case, and the exit code is 1', () => {
  const path = join(files('failing', { 'units.json': WRONG }), 'units.json')
  const { code, lines, closing } = run(path)
  expect(code).toBe(1)
  expect(lines).toEqual([
    `FAILED ${path} completeness 5 of 10: percent: expected 51, got 50`,
    `${path}: 43 of 44 passed`,
    '43 passed, 1 failed',
  ])
  expect(closing).toBe('43 passed, 1 failed')
})

test('an event that is told in other terms fails, and so does a check that would let a wrong one through', () => {
  const [first, ...others] = epcis.events
  const misread = { ...first, epcis: { ...first?.epcis, bizStep: 'collecting' } }
  const harmless = [...epcis.mustFail, { why: 'nothing wrong', patch: { 'cc:x': '1' } }]
  const path = join(
    files('epcis', { 'a.json': { ...epcis, events: [misread, ...others], mustFail: harmless } }),
    'a.json',
  )
  const { code, lines } = run(path)
  expect(code).toBe(1)
  expect(lines.filter((line) => line.startsWith('FAILED')).map((line) => line.slice(0, 90 + path.length))).toEqual([
    expect.stringContaining(`${path} collection: expected {`),
    expect.stringContaining(`${path} nothing wrong: accepted`),
  ])
  expect(lines.at(-1)).toBe('25 passed, 2 failed')
})

test('several paths are counted together, and one failure among them is a failure', () => {
  const good = files('good', { 'a.json': units, 'readme.md': 'not JSON' })
  const bad = files('bad', { 'b.json': WRONG })
  expect(run(good)).toMatchObject({ code: 0, closing: '46 passed, 0 failed' })
  expect(run(good, bad)).toMatchObject({ code: 1, closing: '89 passed, 1 failed' })
})

test('a file that cannot be read or is no JSON fails', () => {
  const absent = join(folder, 'absent.json')
  expect(run(absent)).toMatchObject({ code: 1, closing: '0 passed, 1 failed' })
  expect(run(absent).lines[0]).toContain(`FAILED ${absent} file: cannot be read`)
  const broken = files('broken', { 'a.json': units, 'b.json': '{' })
  expect(run(broken)).toMatchObject({ code: 1, closing: '46 passed, 1 failed' })
})

test('a file of a known schema and another shape fails in one line, naming the part', () => {
  const shapes = [
    'excursions@2',
    'units-time@2',
    'custody-chain@2',
    'hash-chain@1',
    'gs1-keys@1',
    'mkt@1',
    'stability-budget@2',
    'receipt-decision@2',
    'epcis-mapping@1',
  ]
  for (const shape of shapes) {
    const path = files(shape, { 'a.json': { schema: `coldchain-vectors/${shape}` } })
    const { code, lines } = run(path)
    expect(code).toBe(1)
    expect(lines[0]).toMatch(/^FAILED \S+ file: \S+: /)
    expect(lines[0]).not.toContain('\n')
  }
})

test('a later schema, or another version of one, is skipped, not guessed', () => {
  const later = files('later', { 'a.json': { schema: 'coldchain-vectors/later@1' }, 'b.json': units })
  expect(run(later)).toMatchObject({ code: 0, closing: '46 passed, 0 failed' })
  expect(run(later).lines[0]).toBe(`skipped ${join(later, 'a.json')}: coldchain-vectors/later@1 is not supported yet`)
  const { lines } = run(files('older', { 'a.json': { ...units, schema: 'coldchain-vectors/units-time@1' } }))
  expect(lines[0]).toMatch(/^skipped .*a\.json: coldchain-vectors\/units-time@1 is not supported yet$/)
})

test('files of other schemas are passed over, and nothing checked is not a success', () => {
  const other = files('other', { 'package.json': { name: 'x' }, 'list.json': [], 'b.json': { schema: 'other/x@1' } })
  expect(run(other)).toMatchObject({ code: 1, lines: ['0 passed, 0 failed'] })
  expect(run(files('empty', {}))).toMatchObject({ code: 1, closing: '0 passed, 0 failed' })
})
