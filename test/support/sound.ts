import { expect } from 'vitest'
import { type ParsedMessage, REJECT_REASONS } from '../../src/domain/message.ts'

const REASONS: ReadonlySet<string> = new Set(REJECT_REASONS)

/** What holds for every parsed message, whatever arrived: storable readings, a known reason, a row somewhere. */
export function expectSound(parsed: Omit<ParsedMessage, 'sensorId'>, receivedAt: number): void {
  for (const stored of parsed.readings) {
    expect(stored.milliC === null || Number.isInteger(stored.milliC)).toBe(true)
    expect(Number.isSafeInteger(stored.at) && stored.at <= receivedAt + 300_000).toBe(true)
    expect(stored.channel).toMatch(/^[a-z][a-z0-9_]{0,31}$/)
  }
  for (const stored of parsed.observations) {
    expect(stored.value === null || Number.isSafeInteger(stored.value)).toBe(true)
    expect(Number.isSafeInteger(stored.at) && stored.at <= receivedAt + 300_000).toBe(true)
    expect(stored.channel).toMatch(/^[a-z][a-z0-9_]{0,31}$/)
  }
  if (parsed.problem !== null) expect(REASONS.has(parsed.problem.reason)).toBe(true)
  else expect(parsed.readings.length + parsed.observations.length + parsed.held.length).toBeGreaterThan(0)
  expect(parsed.problem?.detail.includes('\0') ?? false).toBe(false)
}
