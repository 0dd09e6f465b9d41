import { type AckSink, type BatcherOptions, createBatcher } from '../../src/ingest/batcher.ts'
import { BATCHER_LIMITS } from '../../src/ingest/batcher-limits.ts'
import { createMetrics } from '../../src/metrics.ts'
import { capturedLog } from '../support/captured-log.ts'
import { received, seqsOf } from '../support/received.ts'
import { until } from '../support/until.ts'

export class Away extends Error {}
export class Refused extends Error {}

/** A batcher whose far side is scripted; `acks` holds what each call of a sink was told. */
export function openBatcher(
  given: Omit<Partial<BatcherOptions>, 'limits'> & { limits?: Partial<BatcherOptions['limits']> },
) {
  const { log, said } = capturedLog()
  const metrics = createMetrics()
  const acks: number[][] = []
  const batches: (number | null)[][] = []
  const options: BatcherOptions = {
    record: async () => undefined,
    setAside: async () => undefined,
    isTransient: (error) => error instanceof Away,
    isDataError: (error) => error instanceof Refused,
    log,
    metrics,
    ...given,
    limits: { ...BATCHER_LIMITS, retryDelayMs: 1, retryDelayMaxMs: 4, ...given.limits },
  }
  const { record } = options
  options.record = (batch) => {
    batches.push(seqsOf(batch))
    return record(batch)
  }
  const batcher = createBatcher(options)
  const sink: AckSink = { stored: (tags) => void acks.push([...tags]) }
  const offer = (seq: number, from = sink) => batcher.offer(received(seq), from, seq)
  return { batcher, offer, sink, acks, batches, said, metrics }
}

/** A record function that waits until the test commits or fails its batches, oldest first. */
export function heldRecord() {
  const open: { commit: () => void; fail: (error: Error) => void }[] = []
  const record = () => new Promise<void>((resolve, reject) => open.push({ commit: resolve, fail: reject }))
  const next = () => until(() => open.shift(), { what: 'a batch to be recorded' })
  return { record, next }
}

export const numbers = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index)
