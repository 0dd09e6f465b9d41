import { combine } from '../../src/domain/combine.ts'
import { emptyState, feed } from '../../src/domain/excursion.ts'
import { foldRules, PLAIN_SENSOR } from '../../src/domain/judge.ts'
import { finish } from '../../src/domain/placement-judgement.ts'
import { FRIDGE, MINUTE, T0 } from '../support/limits.ts'
import { type Benchmark, type Figure, median } from './figure.ts'

/** Readings per second of one core: a series folded and combined, with a warm spell every 200 readings. */
export const judgeBenchmark: Benchmark = {
  name: 'judge',
  run: ({ quick }) => [figureOf(quick ? 100_000 : 1_000_000, quick ? 3 : 7)],
}

function figureOf(length: number, rounds: number): Figure {
  const series = Array.from({ length }, (_, index) => ({
    at: T0 + index * 15 * MINUTE,
    milliC: index % 200 < 3 ? 8500 : 5000 + (index % 17) * 10,
  }))
  // a fold that is not linear would be slower per reading on the longer series
  const short = series.slice(0, length / 10)
  const speeds = { long: [0], short: [0] }
  for (let round = 0; round < rounds; round++) {
    speeds.long.push(readingsPerSecond(series))
    speeds.short.push(readingsPerSecond(short))
  }
  // the first round warms up
  const [value, shorter] = [median(speeds.long.slice(2)), median(speeds.short.slice(2))]
  const linear = `${length / 10} readings: ${Math.round(shorter)}/s, ${(value / shorter).toFixed(2)} of it`
  return { name: 'judge', value: Math.round(value), unit: 'readings/s', floor: null, ratio: null, notes: linear }
}

function readingsPerSecond(series: { at: number; milliC: number }[]): number {
  const scope = { fromAt: T0, toAt: Number.POSITIVE_INFINITY }
  const rules = foldRules(FRIDGE, PLAIN_SENSOR, scope)
  const span = { fromAt: T0, toAt: T0 + series.length * 15 * MINUTE, closed: true }
  const start = performance.now()
  const state = emptyState(FRIDGE.levels.length)
  feed(state, rules, series)
  const judged = combine(span, FRIDGE, [finish(state, rules, { endAt: span.toAt, earlier: state.closed.splice(0) })])
  const seconds = (performance.now() - start) / 1000
  const events = judged.levels[0]?.events.length
  if (events !== Math.ceil(series.length / 200)) throw new Error(`the series has ${events} events`)
  return series.length / seconds
}
