/** Bounds of one batcher; `highWater…` bound what is held, waiting or being stored. */
export type BatcherLimits = {
  maxBatchMessages: number
  maxBatchReadings: number
  /** Batches being stored at once. */
  maxWriters: number
  highWaterMessages: number
  highWaterBytes: number
  /** First pause after a failure; doubles up to `retryDelayMaxMs`. */
  retryDelayMs: number
  retryDelayMaxMs: number
}

/** Limits that fit a fleet on one machine. */
export const BATCHER_LIMITS: BatcherLimits = {
  // what a batch costs beside its rows is spread over them: 10.3 us per message of 2,000 sensors, 12.0 at 5,000 (11.6
  // and 14.5 where some are late, repeated or unreadable)
  maxBatchMessages: 8000,
  // up to 20,000 readings are judged in the recording transaction itself
  maxBatchReadings: 20_000,
  // while one batch is being judged and committed, the next one is inserted: a third would only wait
  maxWriters: 2,
  // three full batches: two being stored, one gathered meanwhile
  highWaterMessages: 24_000,
  // a quarter of the messages at their largest would otherwise be 640 MB
  highWaterBytes: 64 * 1024 * 1024,
  retryDelayMs: 100,
  // a database that is back is noticed within five seconds
  retryDelayMaxMs: 5000,
}
