import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { chartBenchmark } from './chart.ts'
import type { Benchmark, Figure } from './figure.ts'
import { backfillBenchmark, ingestBenchmark, ingestDirtyBenchmark } from './ingest.ts'
import { judgeBenchmark } from './judge.ts'
import { latencyBenchmark } from './latency.ts'
import { pairBenchmark } from './pair.ts'
import { scaleBenchmark } from './scale.ts'
import { statusBenchmark } from './status.ts'
import { storageBenchmark } from './storage.ts'

/**
 * `npm run bench [-- --only NAME[,NAME]] [--quick] [--json FILE]`: measures, shows progress, prints a table and writes
 * figures as JSON, an object per figure name. Ratios are measured side by side in one run; absolute numbers are those
 * of this machine.
 */
const BENCHMARKS: readonly Benchmark[] = [
  ...[judgeBenchmark, ingestBenchmark, ingestDirtyBenchmark, pairBenchmark, backfillBenchmark],
  ...[scaleBenchmark, latencyBenchmark, statusBenchmark, storageBenchmark, chartBenchmark],
]

const { values } = parseArgs({
  options: { only: { type: 'string' }, quick: { type: 'boolean', default: false }, json: { type: 'string' } },
})

const chosen = BENCHMARKS.filter(({ name }) => values.only === undefined || values.only.split(',').includes(name))
if (chosen.length === 0) {
  console.error(`There is no benchmark "${values.only}": choose ${BENCHMARKS.map(({ name }) => name).join(', ')}.`)
  process.exit(2)
}

const figures: Figure[] = []
for (const benchmark of chosen) {
  process.stderr.write(`measuring ${benchmark.name} …\n`)
  figures.push(...(await benchmark.run({ quick: values.quick })))
}
console.table(
  Object.fromEntries(
    figures.map(({ name, value, unit, floor, ratio, notes }) => [name, { value, unit, floor, ratio, notes }]),
  ),
)
if (values.json !== undefined) {
  const byName = Object.fromEntries(figures.map(({ name, ...figure }) => [name, figure]))
  writeFileSync(values.json, `${JSON.stringify(byName, null, 1)}\n`)
}
