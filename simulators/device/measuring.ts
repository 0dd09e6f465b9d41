import type { ClockSpell, DeviceScript, TemperatureSaid } from './script.ts'

/** The truth at an instant: epoch ms and milli-degrees Celsius. */
export type TrueSample = { at: number; milliC: number }

/**
 * One reading as the device tells it. `at` and `milliC` are what the service must understand (null: a value no sensor
 * can have, so a fault), `value` and `unit` what is said, `shownMilliC` what the device itself believes, and the rest
 * the truth behind it.
 */
export type ToldReading = {
  channel: string
  at: number
  milliC: number | null
  value: number
  unit: 'CEL' | 'FAH' | 'KEL'
  shownMilliC: number
  trueAt: number
  trueMilliC: number
}

/**
 * The sensing element, converter and clock of a device: call it with true samples in their order. What is told is
 * computed here in integers, by another way than the service's conversion.
 */
export function createMeasuring(script: DeviceScript, startAt: number): (sample: TrueSample) => ToldReading {
  let stuck: { fromMs: number; milliC: number } | null = null
  return ({ at, milliC }) => {
    const sinceMs = at - startAt
    const spell = script.stuck.find(({ fromMs, toMs }) => sinceMs >= fromMs && sinceMs < toMs)
    const sensed = milliC + driftMilliC(script, sinceMs)
    if (spell === undefined) stuck = null
    else if (stuck?.fromMs !== spell.fromMs) stuck = { fromMs: spell.fromMs, milliC: sensed }
    const shownMilliC = converted(script, stuck?.milliC ?? sensed)
    return {
      channel: script.channel,
      at: at + clockErrorMs(script.clock, sinceMs),
      ...said(script.tells, shownMilliC),
      shownMilliC,
      trueAt: at,
      trueMilliC: milliC,
    }
  }
}

/** How far a device's clock is ahead at a true time since its start. */
export function clockErrorMs(clock: readonly ClockSpell[], sinceMs: number): number {
  const spell = clock.findLast(({ fromMs }) => fromMs <= sinceMs)
  if (spell === undefined) return 0
  return spell.offsetMs + Math.round(((sinceMs - spell.fromMs) * spell.driftPpm) / 1_000_000)
}

const DAY_MS = 86_400_000

function driftMilliC({ drift }: DeviceScript, sinceMs: number): number {
  if (drift === null || sinceMs < drift.fromMs) return 0
  return Math.round(((sinceMs - drift.fromMs) * drift.milliCPerDay) / DAY_MS)
}

function converted({ range }: DeviceScript, milliC: number): number {
  return range === null ? milliC : Math.min(Math.max(milliC, range.minMilliC), range.maxMilliC)
}

/** Fahrenheit in ten-thousandths is a whole number for every whole milli-degree Celsius. */
const PER_F = 10_000
const F_PER_MILLI_C = 18
const ZERO_C_IN_F = 32 * PER_F
const ZERO_C_IN_MILLI_K = 273_150

function said(tells: TemperatureSaid, shownMilliC: number): Pick<ToldReading, 'value' | 'unit' | 'milliC'> {
  const fahrenheit = shownMilliC * F_PER_MILLI_C + ZERO_C_IN_F
  switch (tells) {
    case 'celsius':
      return { value: shownMilliC / 1000, unit: 'CEL', milliC: possible(shownMilliC) }
    case 'kelvin':
      return { value: (shownMilliC + ZERO_C_IN_MILLI_K) / 1000, unit: 'KEL', milliC: possible(shownMilliC) }
    case 'fahrenheit':
      return { value: fahrenheit / PER_F, unit: 'FAH', milliC: possible(shownMilliC) }
    case 'fahrenheit_as_celsius':
      return { value: fahrenheit / PER_F, unit: 'CEL', milliC: possible(halfAway(fahrenheit, PER_F / 1000)) }
  }
}

/** Absolute zero, and the hottest value the contract takes (domain page section 6). */
const COLDEST_MILLI_C = -273_150
const HOTTEST_MILLI_C = 1_000_000

function possible(milliC: number): number | null {
  return milliC < COLDEST_MILLI_C || milliC > HOTTEST_MILLI_C ? null : milliC
}

/** Division rounded half away from zero (domain page section 6). */
function halfAway(whole: number, by: number): number {
  // + 0 turns a negative zero into zero
  return Math.sign(whole) * Math.floor((2 * Math.abs(whole) + by) / (2 * by)) + 0
}
