import type { Weighing } from '../../src/domain/charge.ts'
import type { TiltSample } from '../../src/domain/handling.ts'
import { type HoldTimeFacts, type HoldTimeLeft, holdTimeLeft } from '../../src/domain/hold-time.ts'

export const HOUR_MS = 3_600_000
export const DAY_MS = 24 * HOUR_MS

/** The common 4.1 L shipper, empty 5.3 kg, 0.25 L a day: charged at 0, nothing weighed or watched. */
export const PLAIN_FACTS: HoldTimeFacts = {
  container: {
    coolant: 'nitrogen',
    capacityMilli: 4100,
    lossMilliPerDay: 250,
    emptyG: 5300,
    staticHoldMs: 16 * DAY_MS,
    dynamicHoldMs: 8 * DAY_MS,
  },
  charge: { chargedAt: 0, loadedAt: 0, payloadG: 0, weighings: [] },
  masses: [],
  tilt: [],
  ambient: [],
  now: 3 * DAY_MS,
}

/** The same with a full charge on the scales, every quarter of an hour watched and every hour at 22 C. */
export function watched(more: Partial<HoldTimeFacts> & { sideDays?: readonly number[] } = {}): HoldTimeFacts {
  const { sideDays = [], ...changes } = more
  const facts = { ...PLAIN_FACTS, ...changes }
  return {
    ...facts,
    charge: { ...facts.charge, weighings: [FULL, ...facts.charge.weighings] },
    tilt: quarters(facts.now, sideDays),
    ambient: Array.from({ length: Math.ceil(facts.now / HOUR_MS) }, (_, hour) => ({
      at: hour * HOUR_MS,
      milliC: 22_000,
    })),
  }
}

/** 4.1 L of 0.807 kg and 5.3 kg. */
export const FULL: Weighing = { at: 0, massG: 8609, loaded: false }

function quarters(now: number, sideDays: readonly number[]): TiltSample[] {
  return Array.from({ length: Math.floor(now / (HOUR_MS / 4)) + 1 }, (_, quarter) => {
    const at = quarter * (HOUR_MS / 4)
    return { at, milliDeg: sideDays.includes(Math.floor(at / DAY_MS) + 1) ? 90_000 : 0 }
  })
}

/** The estimate, which must be one. */
export function estimate(facts: HoldTimeFacts): HoldTimeLeft {
  const left = holdTimeLeft(facts)
  if ('unknown' in left) throw new Error(`no estimate: ${left.unknown}`)
  return left
}
