import type { UnitCode } from '../domain/units.ts'
import { type Channel, isTemperatureUnit } from './channels.ts'
import type { QuantityUnit } from './quantity.ts'
import type { TableRow } from './reader.ts'
import type { RowValue } from './row.ts'

/** A value as the file writes it, where it first stands, and as milli-degrees (null for other quantities). */
export type Extreme = { text: string; timeText: string; at: number; milliC: number | null }

/** What one channel of a file holds. */
export type ChannelStatistics = {
  channel: Channel
  /** Of the rows that state their unit, the first. */
  unit: QuantityUnit | null
  readings: number
  faults: number
  /** Texts of faults and how often, the first few. */
  faultTexts: Map<string, number>
  minimum: Extreme | null
  maximum: Extreme | null
  /** Milli-degrees, of temperatures. */
  meanMilliC: number | null
  /** The smallest step of the values as printed, in milli-degrees, rounded up; null without a reading. */
  resolutionMilliC: number | null
}

/** Gathers the statistics of one channel, value by value. */
export function channelStatistics(channel: Channel): Gathering {
  const so: ChannelStatistics = {
    channel,
    unit: channel.unit,
    readings: 0,
    faults: 0,
    faultTexts: new Map(),
    minimum: null,
    maximum: null,
    meanMilliC: null,
    resolutionMilliC: null,
  }
  const grid: Grid = { stepMicro: 0, firstMicro: null, values: 0, digits: 0 }
  let sumMilliC = 0
  let lowest: RowValue | null = null
  let highest: RowValue | null = null
  return {
    take: (row, value) => {
      if (value.decimal === null) {
        takeFault(so, value)
        return
      }
      so.readings++
      so.unit ??= value.unit
      const extreme = { text: value.text, timeText: row.timeText, at: row.at, milliC: value.milliC }
      if (lowest === null || isLess(value, lowest)) {
        lowest = value
        so.minimum = extreme
      }
      if (highest === null || isLess(highest, value)) {
        highest = value
        so.maximum = extreme
      }
      if (value.milliC !== null) sumMilliC += value.milliC
      takeStep(grid, value.decimal)
    },
    end: () => {
      const isTemperature = channel.quantity === 'temperature' && so.readings > 0
      if (!isTemperature) return so
      return { ...so, meanMilliC: sumMilliC / so.readings, resolutionMilliC: resolutionOf(grid, so.unit) }
    },
  }
}

export type Gathering = { take: (row: TableRow, value: RowValue) => void; end: () => ChannelStatistics }

const MAX_FAULT_TEXTS = 20

function takeFault(so: ChannelStatistics, { text }: RowValue): void {
  so.faults++
  const times = so.faultTexts.get(text)
  if (times !== undefined || so.faultTexts.size < MAX_FAULT_TEXTS) so.faultTexts.set(text, (times ?? 0) + 1)
}

/** Exact for temperatures; other quantities are only compared for display. */
function isLess(a: RowValue, b: RowValue): boolean {
  if (a.milliC !== null && b.milliC !== null) return a.milliC < b.milliC
  return Number(a.decimal) < Number(b.decimal)
}

/** The values as multiples of a step from the first, in millionths of their unit. */
type Grid = { stepMicro: number; firstMicro: number | null; values: number; digits: number }

function takeStep(grid: Grid, decimal: string): void {
  const micro = Math.round(Number(decimal) * 1e6)
  const point = decimal.indexOf('.')
  grid.digits = Math.max(grid.digits, point < 0 ? 0 : Math.min(decimal.length - point - 1, 6))
  grid.firstMicro ??= micro
  const from = Math.abs(micro - grid.firstMicro)
  if (from === 0) return
  grid.values++
  if (grid.stepMicro === 0 || from % grid.stepMicro !== 0) grid.stepMicro = divisor(grid.stepMicro, from)
}

function divisor(a: number, b: number): number {
  return a === 0 ? b : divisor(b % a, a)
}

/** So many values that all lie on one grid show it; of fewer, only the last printed digit is certain. */
const SHOWING_VALUES = 10

function resolutionOf({ stepMicro, values, digits }: Grid, unit: QuantityUnit | null): number {
  const printedMicro = 10 ** (6 - digits)
  const micro = values >= SHOWING_VALUES ? Math.max(stepMicro, printedMicro) : printedMicro
  return Math.max(1, Math.ceil(inMilliC(micro / 1000, isTemperatureUnit(unit) ? unit : 'CEL')))
}

/** A difference in thousandths of a unit as milli-degrees. */
function inMilliC(thousandths: number, unit: UnitCode): number {
  return unit === 'FAH' ? (thousandths * 5) / 9 : thousandths
}

/** The steps of a file's clock: how even its record is. */
export type Steps = {
  /** The most frequent one. */
  usualMs: number | null
  differing: number
  largestMs: number | null
  /** Steps of more than one and a half of the usual one. */
  gaps: number
  duplicateTimes: number
  order: 'ascending' | 'descending' | 'mixed'
}

/** More different steps than any even record has; beyond it the most frequent one is known. */
const MAX_STEPS = 10_000

type Walk = { before: number | null; forward: number; backward: number; equal: number; largestMs: number }

/** Gathers the steps between rows. */
export function stepStatistics(): { take: (at: number) => void; end: () => Steps } {
  const counts = new Map<number, number>()
  const so: Walk = { before: null, forward: 0, backward: 0, equal: 0, largestMs: 0 }
  return {
    take: (at) => {
      if (so.before !== null) {
        const stepMs = at - so.before
        so.largestMs = Math.max(so.largestMs, Math.abs(stepMs))
        if (stepMs > 0) so.forward++
        else if (stepMs < 0) so.backward++
        else so.equal++
        const size = Math.abs(stepMs)
        if (counts.has(size) || counts.size < MAX_STEPS) counts.set(size, (counts.get(size) ?? 0) + 1)
      }
      so.before = at
    },
    end: () => {
      const total = so.forward + so.backward + so.equal
      const [usual, times] = [...counts].reduce((a, b) => (b[1] > a[1] ? b : a), [Number.NaN, 0])
      const gaps = [...counts].reduce((sum, [stepMs, count]) => sum + (stepMs > 1.5 * usual ? count : 0), 0)
      const order = so.backward === 0 ? 'ascending' : so.forward === 0 ? 'descending' : 'mixed'
      return {
        usualMs: total === 0 ? null : usual,
        differing: total - times,
        largestMs: total === 0 ? null : so.largestMs,
        gaps,
        duplicateTimes: so.equal,
        order,
      }
    },
  }
}
