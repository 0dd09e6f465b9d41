import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { evaluate } from '../../src/commands/evaluate.ts'
import vectors from '../vectors/excursions.json' with { type: 'json' }

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'unbroken-evaluate-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const FRIDGE = {
  nominalIntervalS: 900,
  maxGapS: 1800,
  levels: [{ id: 'H1', side: 'high', limitC: '8.0', mode: 'single', allowedS: 0, severity: 'critical' }],
}
const CASE = {
  id: 'one',
  profile: 'fridge',
  window: { from: '2026-03-02T10:00:00Z', to: '2026-03-02T10:30:00Z' },
  readings: [
    ['2026-03-02T10:00:00Z', 5],
    ['2026-03-02T10:15:00Z', 5],
  ],
}

/** Runs the command on a file with this content; objects become JSON. */
function run(content: string | object) {
  const path = join(folder, 'cases.json')
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return { path, ...runOn(path) }
}

function runOn(path: string) {
  const [printed, warned]: [string[], string[]] = [[], []]
  const code = evaluate(path, { print: (text) => printed.push(text), warn: (text) => warned.push(text) })
  return { code, printed: printed.join('\n'), warned: warned.join('\n') }
}

/** The result of one case that differs from `CASE` in some fields. */
function judged(change: object, profile: object = FRIDGE) {
  const { code, printed, warned } = run({ profiles: { fridge: profile }, cases: [{ ...CASE, ...change }] })
  expect([code, warned]).toEqual([0, ''])
  const { results } = JSON.parse(printed)
  expect(results).toHaveLength(1)
  return results[0]
}

describe('judging a file', () => {
  test('prints the fields of the published expectations', () => {
    const { id, ...result } = judged({})
    expect(id).toBe('one')
    expect(Object.keys(result)).toEqual(Object.keys(vectors.cases[0]?.expected ?? {}))
    expect(result).toMatchObject({ status: 'in_range', coveredS: 1800, validReadings: 2, gaps: [] })
  })
  test('takes a published file as it is', () => {
    const { code, printed } = run({ profiles: vectors.profiles, cases: vectors.cases })
    expect(code).toBe(0)
    expect(JSON.parse(printed).results).toMatchObject(
      vectors.cases.map(({ id, expected: { status } }) => ({ id, status })),
    )
  })
  test('values may be text, and are rounded once', () => {
    const readings = [
      ['2026-03-02T10:00:00Z', '8.00049'],
      ['2026-03-02T10:15:00Z', '8.0005'],
    ]
    expect(judged({ readings }).levels[0].events).toMatchObject([
      { start: '2026-03-02T10:15:00.000Z', end: '2026-03-02T10:30:00.000Z', extremeC: 8.001, open: false },
    ])
  })
  test.each([null, 'NaN', -270, 150, 9999, '-9999'])('%s is a fault, and leaves a hole', (value) => {
    const readings = [...CASE.readings, ['2026-03-02T10:20:00Z', value]]
    expect(judged({ readings })).toMatchObject({ validReadings: 2, faults: 1, status: 'in_range' })
    expect(judged({ readings: [['2026-03-02T10:00:00Z', value]] })).toMatchObject({
      status: 'indeterminate',
      gaps: [{ from: '2026-03-02T10:00:00.000Z', to: '2026-03-02T10:30:00.000Z', s: 1800 }],
    })
  })
  test('while the window is open the reading at its end counts, and what reaches it is open', () => {
    const readings = [...CASE.readings, ['2026-03-02T10:30:00Z', 9]]
    expect(judged({ readings })).toMatchObject({ status: 'in_range', outOfWindow: 1 })
    expect(judged({ readings, windowClosed: false })).toMatchObject({
      status: 'alarm',
      severity: 'critical',
      levels: [
        {
          alarm: { state: 'confirmed', at: '2026-03-02T10:30:00.000Z' },
          events: [{ start: '2026-03-02T10:30:00.000Z', end: '2026-03-02T10:30:00.000Z', confirmedS: 0, open: true }],
        },
      ],
    })
  })
  test('a window that has just opened is judged by its one reading', () => {
    const [reading] = CASE.readings
    const window = { from: CASE.window.from, to: CASE.window.from }
    expect(judged({ window, windowClosed: false, readings: [reading] })).toMatchObject({ status: 'in_range', gaps: [] })
  })
  test('the correction is added, and maxGapS is three intervals unless it is given', () => {
    expect(judged({ calibrationCorrectionC: 3.001 }).levels[0].totalConfirmedS).toBe(1800)
    const { maxGapS: _given, ...profile } = FRIDGE
    const window = { from: '2026-03-02T10:00:00Z', to: '2026-03-02T11:00:00Z' }
    expect(judged({ window }, profile).gaps).toEqual([])
    expect(judged({ window }).gaps).toMatchObject([{ s: 1800 }])
  })
  test('a placement by itself needs one sensor, and is not open when it ended before the window', () => {
    const times = { from: '2026-03-02T10:00:00Z', to: '2026-03-02T10:15:00Z' }
    const warm = [['2026-03-02T10:00:00Z', 9]]
    const result = judged(
      {
        windowClosed: false,
        readings: undefined,
        placements: [
          { id: 'A', role: 'product', ...times, readings: warm },
          { id: 'B', role: 'ambient', ...times, readings: warm },
        ],
      },
      { ...FRIDGE, requiredSensors: 2 },
    )
    expect(result).toMatchObject({ status: 'alarm', gaps: [{ s: 1800 }] })
    expect(result.perPlacement).toMatchObject({ A: { gaps: [], levels: [{ events: [{ open: false }] }] } })
    expect(Object.keys(result.perPlacement)).toEqual(['A'])
  })
})

describe('a file that cannot be judged is refused with a sentence that says what to do:', () => {
  const profiles = { fridge: FRIDGE }
  const withCase = (change: object) => ({ profiles, cases: [{ ...CASE, ...change }] })
  const from = '2026-03-02T10:00:00Z'
  test.each<[string, string | object, string[]]>([
    ['not JSON', '{', ['is not JSON', "A logger's file is judged with --profile."]],
    ['another shape', {}, ['is not a file of cases {profiles, cases}', 'profiles', 'cases']],
    [
      'a time without offset',
      withCase({ window: { from: '2026-03-02T10:00:00', to: from } }),
      ['has no offset: end it with Z or +hh:mm', 'cases[0].window.from'],
    ],
    [
      'a comma for a point',
      withCase({ readings: [[from, '8,5']] }),
      [
        '"8,5" is not a decimal number: write it like 8.04, or null where the sensor reported a fault',
        'cases[0].readings[0][1]',
      ],
    ],
    ['an empty text for a value', withCase({ readings: [[from, ' ']] }), ['" " is not a decimal number']],
    ['an unknown profile', withCase({ profile: 'cryo' }), ['no profile named "cryo": the file has fridge', 'cases[0]']],
    ['an inherited name for a profile', withCase({ profile: 'toString' }), ['no profile named "toString"']],
    ['no profile at all', { profiles: {}, cases: [CASE] }, ['no profile named "fridge": the file has none']],
    ['neither readings nor placements', withCase({ readings: undefined }), ['give either "readings"']],
    ['both readings and placements', withCase({ placements: [] }), ['give either "readings"']],
    [
      'a window that ends before it begins',
      withCase({ window: { from, to: '2026-03-02T09:59:59Z' } }),
      ['ends before it begins', 'cases[0].window'],
    ],
    [
      'a limit finer than a milli-degree',
      { profiles: { fridge: { ...FRIDGE, levels: [{ ...FRIDGE.levels[0], limitC: 8.00005 }] } }, cases: [CASE] },
      ['8.00005 is not a temperature exact to 0.001', 'profiles.fridge.levels[0].limitC'],
    ],
  ])('%s', (_name, content, sentences) => {
    const { code, printed, warned, path } = run(content)
    expect([code, printed]).toEqual([1, ''])
    for (const sentence of [path, ...sentences]) expect(warned).toContain(sentence)
  })
  test('no such file, or a folder', () => {
    const path = join(folder, 'absent.json')
    expect(runOn(path)).toMatchObject({ code: 1, printed: '', warned: expect.stringContaining(`cannot read ${path}`) })
    expect(runOn(folder)).toMatchObject({ code: 1, warned: expect.stringContaining(`cannot read ${folder}`) })
  })
  test('every problem is named at once', () => {
    const { warned } = run(
      withCase({
        window: { from: 'then', to: 'now' },
        readings: [
          ['x', 5],
          [from, 'warm'],
        ],
      }),
    )
    for (const text of ['"then"', '"now"', '"x"', '"warm"']) expect(warned).toContain(text)
  })
})
