import type { HeldReading, MessageProblem, ParsedMessage, ParsedObservation, ParsedReading } from '../domain/message.ts'
import { clockOutcome } from '../domain/units.ts'

/** What a codec has found so far in one message; `receivedAt` is epoch milliseconds of the service's clock. */
export type Found = {
  receivedAt: number
  readings: ParsedReading[]
  observations: ParsedObservation[]
  held: HeldReading[]
}

/** Nothing yet. */
export function emptyFound(receivedAt: number): Found {
  return { receivedAt, readings: [], observations: [], held: [] }
}

/**
 * Takes a reading, or holds it for a person where its time is implausible; `index` is its place in the message. Most
 * messages bring one, and a list that grows by `push` has room for seventeen: thousands of them wait for their commit.
 */
export function take(found: Found, index: number, reading: ParsedReading): void {
  if (clockOutcome(reading.at, found.receivedAt) === 'held') found.held.push({ ...reading, index })
  else if (found.readings.length === 0) found.readings = [reading]
  else found.readings.push(reading)
}

/** The same for what is no temperature. */
export function takeObservation(found: Found, index: number, observation: ParsedObservation): void {
  if (clockOutcome(observation.at, found.receivedAt) === 'held') found.held.push({ ...observation, index })
  else found.observations.push(observation)
}

/** A message of which nothing but its fault is known. */
export function nothingBut(problem: MessageProblem): Omit<ParsedMessage, 'sensorId'> {
  return { seq: null, readings: [], observations: [], held: [], problem }
}

/** A person repairs a device by its first faults; the raw bytes are kept with them. */
const MAX_PROBLEMS_NAMED = 3

/** The problem of a message from those of its readings: the first reason, the first details, and how many more. */
export function firstOf(problems: readonly MessageProblem[]): MessageProblem | null {
  const [first] = problems
  if (first === undefined) return null
  const named = problems.slice(0, MAX_PROBLEMS_NAMED).map((problem) => problem.detail)
  const others = problems.length - named.length
  return { reason: first.reason, detail: named.join('; ') + (others > 0 ? `; and ${others} more` : '') }
}

/** One per minute for 33 hours; a batch of the batcher holds at least ten such messages. */
export const MAX_READINGS_PER_MESSAGE = 2000

/** The problem of a message with more readings than that. */
export function tooMany(count: number): MessageProblem {
  const detail = `${count} readings in one message: send at most ${MAX_READINGS_PER_MESSAGE}, in several`
  return { reason: 'TOO_MANY_READINGS', detail }
}

/** Where a device names no channel. */
export const DEFAULT_CHANNEL = 'probe'
const CHANNEL = /^[a-z][a-z0-9_]{0,31}$/

/** Whether something names a channel: a-z, 0-9 and _, beginning with a letter, at most 32. */
export function isChannel(channel: unknown): channel is string {
  return channel === DEFAULT_CHANNEL || (typeof channel === 'string' && CHANNEL.test(channel))
}

/** Whether parsed JSON is an object, neither null nor a list. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Tells a fault from what was looked for. */
export function isProblem(value: object): value is MessageProblem {
  return 'reason' in value
}
