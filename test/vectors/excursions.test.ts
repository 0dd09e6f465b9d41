import { describe, expect, test } from 'vitest'
import { check, schema } from '../../src/vectors/excursions.ts'
import vectors from './excursions.json' with { type: 'json' }

describe('published excursion cases', () => {
  const results = check(vectors)
  test('all are run: cases, alert episodes, each phase of the late upload, timings, sensors, combinations', () => {
    const { cases, lateUpload, timingMethods, multiSensor, combined } = vectors
    expect(results.map(({ id }) => id).sort()).toEqual(
      [
        ...cases.map(({ id }) => id),
        ...cases.flatMap((one) => ('expectedAlertEpisodes' in one ? [`${one.id} alert episodes`] : [])),
        ...lateUpload.phases.map((_, phase) => `${lateUpload.id} version ${phase + 1}`),
        timingMethods.id,
        multiSensor.id,
        ...combined.map(({ id }) => id),
      ].sort(),
    )
  })
  test.each(results)('$id', (result) => expect(result).toEqual({ id: result.id, ok: true }))
})

describe('the check itself', () => {
  const failing = (change: object) => check({ ...vectors, ...change }).filter(({ ok }) => !ok)
  const [first] = vectors.cases
  test.each([
    ['status', { status: 'alarm' }],
    ['covered time', { coveredS: 1 }],
    ['gaps', { gaps: [{ from: '2026-03-02T10:00:00Z', to: '2026-03-02T10:15:00Z', s: 900 }] }],
    ['events', { levels: [{ id: 'H1', events: [] }, { id: 'L1' }] }],
    ['a field the answer lacks', { unheardOf: 1 }],
  ])('fails a case whose %s differs', (_name, wrong) => {
    const cases = [{ ...first, expected: { ...first?.expected, ...wrong } }]
    expect(failing({ cases })).toMatchObject([{ id: 'E01' }])
  })
  test('fails alert episodes, late upload, timings and combined sensors that differ', () => {
    const { lateUpload, timingMethods, multiSensor, combined } = vectors
    const chatter = vectors.cases.find((one) => 'expectedAlertEpisodes' in one)
    const ids = failing({
      cases: [{ ...chatter, expectedAlertEpisodes: [] }],
      lateUpload: { ...lateUpload, phases: lateUpload.phases.map((one) => ({ ...one, expected: { status: 'x' } })) },
      timingMethods: { ...timingMethods, expected: { holdS: -1 } },
      multiSensor: { ...multiSensor, expected: { ...multiSensor.expected, status: 'x' } },
      combined: combined.map((one) => ({ ...one, expected: { perPlacement: { A: { status: 'x' } } } })),
    }).map(({ id }) => id)
    expect(ids).toEqual(
      expect.arrayContaining([
        `${chatter?.id} alert episodes`,
        `${lateUpload.id} version 1`,
        `${lateUpload.id} version 2`,
        timingMethods.id,
        multiSensor.id,
        ...combined.map(({ id }) => id),
      ]),
    )
  })
  test('fails a file of another shape, naming the part', () => {
    expect(check({ schema })).toMatchObject([{ id: 'file', ok: false, message: expect.stringContaining('profiles:') }])
    const cases = [{ ...first, window: { from: '2026-03-02T10:00:00', to: '2026-03-02T12:00:00Z' } }]
    expect(check({ ...vectors, cases })).toMatchObject([
      { ok: false, message: expect.stringContaining('cases.0.window.from: "2026-03-02T10:00:00" has no offset') },
    ])
  })
})
