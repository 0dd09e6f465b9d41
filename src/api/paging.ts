import { z } from '@hono/zod-openapi'
import type { ObservationKey } from '../actions/observations.ts'
import type { Listing, Page } from '../actions/page.ts'
import type { ReadingKey } from '../actions/readings.ts'
import { SOURCE } from '../actions/store-readings.ts'
import { QUANTITIES } from '../domain/quantity.ts'
import { EARLIEST_AT, LATEST_AT } from '../domain/units.ts'
import { channel } from './inputs.ts'

/** A page is a bounded answer: at most this many things. */
const MAX_LIMIT = 500
const DEFAULT_LIMIT = 50

const limit = z
  .string()
  .regex(/^[0-9]{1,3}$/, 'must be a whole number')
  .transform(Number)
  .pipe(z.int().min(1).max(MAX_LIMIT))
  .default(DEFAULT_LIMIT)
  .meta({ type: 'integer', minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT })

/** `?limit&cursor` of lists in order of id. */
export const pageQuery = z.object({ limit, cursor: cursorOf(z.int().nonnegative()) })

/** The same for readings, which are in order of measuring. */
export const readingPageQuery = z.object({
  limit,
  cursor: cursorOf(
    z
      .tuple([z.int().min(EARLIEST_AT).max(LATEST_AT), z.int().positive(), channel, z.enum(SOURCE)])
      .transform(([at, sensorId, channel, source]): ReadingKey => ({ at, sensorId, channel, source })),
  ),
})

/** The same for observations. */
export const observationPageQuery = z.object({
  limit,
  cursor: cursorOf(
    z
      .tuple([
        z.int().min(EARLIEST_AT).max(LATEST_AT),
        z.int().positive(),
        z.enum(QUANTITIES),
        channel,
        z.int().nullable(),
      ])
      .transform(
        ([at, sensorId, quantity, channel, value]): ObservationKey => ({ at, sensorId, quantity, channel, value }),
      ),
  ),
})

/** The page a query asks for. */
export function pageOf<Key>(query: { limit: number; cursor?: Key | undefined }): Page<Key> {
  return { limit: query.limit, after: query.cursor ?? null }
}

/** A page as the door answers it. */
export function printPage<Item, Printed>(found: Listing<Item>, print: (item: Item) => Printed) {
  return { items: found.items.map(print), nextCursor: found.next === null ? null : encoded(found.next) }
}

/** The same for readings. */
export function printReadings<Item, Printed>(found: Listing<Item, ReadingKey>, print: (item: Item) => Printed) {
  const { next } = found
  const nextCursor = next === null ? null : encoded([next.at, next.sensorId, next.channel, next.source])
  return { items: found.items.map(print), nextCursor }
}

/** The same for observations. */
export function printObservations<Item, Printed>(found: Listing<Item, ObservationKey>, print: (item: Item) => Printed) {
  const { next } = found
  const nextCursor = next === null ? null : encoded([next.at, next.sensorId, next.quantity, next.channel, next.value])
  return { items: found.items.map(print), nextCursor }
}

function encoded(key: unknown): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url')
}

/** Opaque to clients: what it holds may change; only what a list has answered is taken. */
function cursorOf<Key>(key: z.ZodType<Key>) {
  return z
    .string()
    .max(300)
    .transform((text, context) => {
      const parsed = key.safeParse(jsonOrNull(Buffer.from(text, 'base64url').toString()))
      if (parsed.success) return parsed.data
      context.addIssue({ code: 'custom', message: 'is no cursor of this list: take nextCursor of the page before' })
      return z.NEVER
    })
    .optional()
    .meta({ type: 'string', description: 'nextCursor of the page before' })
}

/** JSON from outside; null where it is none. */
export function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
