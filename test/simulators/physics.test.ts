import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import {
  DRY_SHIPPER,
  depletionMs,
  dryShipperProbe,
  litresLeft,
  measure,
  PCM_BOX,
  pcmBoxPayload,
  withLidOpen,
} from '../../simulators/physics.ts'
import { seededRandom } from '../../simulators/random.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

describe('a dry vapour shipper', () => {
  const tilted = { ...DRY_SHIPPER, tilts: [{ fromMs: 2 * DAY_MS, toMs: 3 * DAY_MS, factor: 3 }] }
  const { expected } = vector(
    'TH4',
    z.object({
      litresAtDay3: z.number(),
      depletion_s: z.number(),
      probeAfterDepletion_h: z.record(z.string(), z.number()),
      probe_C: z.record(z.string(), z.number()),
    }),
  )

  test('loses three times as much on its side, and is empty when the published case says (TH4)', () => {
    expect(litresLeft(tilted, 3 * DAY_MS)).toBeCloseTo(expected.litresAtDay3, 6)
    expect(depletionMs(tilted) / 1000).toBeCloseTo(expected.depletion_s, 3)
  })

  test.each(Object.entries(expected.probeAfterDepletion_h))('warms to %s C after %f h (TH4)', (limitC, hours) => {
    const probe = dryShipperProbe(tilted)
    expect(Math.abs(probe(depletionMs(tilted) + hours * HOUR_MS) - Number(limitC))).toBeLessThan(0.05)
  })

  test.each(Object.entries(expected.probe_C))('shows with %s the temperature %f C (TH4)', (fill, celsius) => {
    const shipper = { ...DRY_SHIPPER, chargedL: 4.1 * Number(fill.slice('fill'.length)) }
    expect(dryShipperProbe(shipper)(0)).toBeCloseTo(celsius, 3)
  })

  test('never cools by itself, neither while liquid lasts nor after', () => {
    const probe = dryShipperProbe(tilted)
    const hourly = Array.from({ length: 30 * 24 }, (_, hour) => probe(hour * HOUR_MS))
    expect(hourly).toEqual(hourly.toSorted((a, b) => a - b))
    expect(hourly[0]).toBeCloseTo(-191.8, 6)
    expect(hourly.at(-1)).toBeLessThanOrEqual(DRY_SHIPPER.ambientC + 26)
  })
})

describe('a box with phase change material', () => {
  const { params, expected } = vector('TH2', z.object({ plateau_s: z.number() }))
  const box = {
    ...PCM_BOX,
    pcmKg: params.m_kg ?? 0,
    meltingJPerKg: params.L_J_kg ?? 0,
    meltsAtC: params.Tm_C ?? 0,
    leakWPerK: params.UA_W_K ?? 0,
    meltedShare: 0,
  }

  test('stands at the melting point exactly as long as the published case says, then warms (TH2)', () => {
    const payload = pcmBoxPayload(box, [{ forMs: 10 * DAY_MS, ambientC: params.Ta_C ?? 0 }])
    expect(payload(expected.plateau_s * 1000 - 1000)).toBe(box.meltsAtC)
    expect(payload(expected.plateau_s * 1000 + 1000)).toBeGreaterThan(box.meltsAtC)
    expect(payload(expected.plateau_s * 1000 + HOUR_MS)).toBeGreaterThan(box.meltsAtC + 1)
  })

  test('in winter freezes its material first and only then falls below the melting point', () => {
    const payload = pcmBoxPayload({ ...box, meltedShare: 1 }, [{ forMs: 10 * DAY_MS, ambientC: -20 }])
    expect(payload(20 * HOUR_MS)).toBe(box.meltsAtC)
    expect(payload(30 * HOUR_MS)).toBeLessThan(2)
  })

  test('gives the same temperature however its time is cut into pieces', () => {
    const whole = pcmBoxPayload(box, [
      { forMs: 90 * HOUR_MS, ambientC: 30 },
      { forMs: DAY_MS, ambientC: -5 },
    ])
    const pieces = Array.from({ length: 900 }, () => ({ forMs: HOUR_MS / 10, ambientC: 30 }))
    const cut = pcmBoxPayload(box, [...pieces, { forMs: DAY_MS, ambientC: -5 }])
    for (let hour = 0; hour < 110; hour += 1) expect(cut(hour * HOUR_MS)).toBeCloseTo(whole(hour * HOUR_MS), 6)
  })
})

test('an opened lid warms the probe first order, and its trace is gone an hour later (TH5)', () => {
  const { params, expected } = vector('TH5', z.object({ peak_C: z.number(), after10min_C: z.number() }))
  const openMs = (params.open_s ?? 0) * 1000
  const lid = { fromMs: 0, toMs: openMs, roomC: params.step_C ?? 0, tauMs: (params.tau_s ?? 0) * 1000 }
  const probe = withLidOpen(() => params.base_C ?? 0, lid)
  expect(probe(openMs)).toBeCloseTo(expected.peak_C, 2)
  expect(probe(openMs + 600_000)).toBeCloseTo(expected.after10min_C, 3)
})

test('a probe adds noise of the given size from its seed, and sends tenths of a degree', () => {
  const values = (seed: number) => {
    const random = seededRandom(seed)
    return Array.from({ length: 2000 }, () => measure(-190, { noiseSdC: 0.3, random }))
  }
  expect(values(7)).toEqual(values(7))
  expect(values(7)).not.toEqual(values(8))
  expect(values(7).every((milliC) => milliC % 100 === 0)).toBe(true)
  const mean = values(7).reduce((sum, milliC) => sum + milliC, 0) / 2000
  const sd = Math.sqrt(values(7).reduce((sum, milliC) => sum + (milliC - mean) ** 2, 0) / 2000)
  expect(Math.abs(mean + 190_000)).toBeLessThan(25)
  expect(sd).toBeGreaterThan(280)
  expect(sd).toBeLessThan(330)
})

function vector<T>(id: string, expected: z.ZodType<T>): { params: Record<string, number>; expected: T } {
  const text = readFileSync(new URL('../vectors/thermal.json', import.meta.url), 'utf8')
  const cases = z.object({ cases: z.array(z.looseObject({ id: z.string() })) }).parse(JSON.parse(text)).cases
  const found = cases.find((candidate) => candidate.id === id)
  return z.object({ params: z.record(z.string(), z.number()), expected }).parse(found)
}
