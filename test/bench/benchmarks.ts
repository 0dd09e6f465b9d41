import { chartBenchmark } from './chart.ts'
import type { Benchmark } from './figure.ts'
import { backfillBenchmark, ingestBenchmark, ingestDirtyBenchmark } from './ingest.ts'
import { judgeBenchmark } from './judge.ts'
import { latencyBenchmark } from './latency.ts'
import { pairBenchmark } from './pair.ts'
import { scaleBenchmark } from './scale.ts'
import { statusBenchmark } from './status.ts'
import { storageBenchmark } from './storage.ts'

/** In the order in which they are run and shown. */
export const BENCHMARKS: readonly Benchmark[] = [
  ...[judgeBenchmark, ingestBenchmark, ingestDirtyBenchmark, pairBenchmark, backfillBenchmark],
  ...[scaleBenchmark, latencyBenchmark, statusBenchmark, storageBenchmark, chartBenchmark],
]
