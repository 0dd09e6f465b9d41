import { z } from '@hono/zod-openapi'
import { recordedEvents } from '../actions/recorded-events.ts'
import type { Ctx } from '../context.ts'
import { epcisEvents } from '../documents/epcis.ts'
import type { ToldEvent } from '../documents/epcis-chronicle.ts'
import type { EpcisEvent } from '../documents/epcis-event.ts'
import { type Narrowing, narrowingOf } from '../documents/epcis-narrowing.ts'
import { type EpcisQuery, matchesQuery } from '../documents/epcis-query.ts'
import type { EpcisTerms } from '../documents/epcis-terms.ts'
import type { Actor } from '../domain/actor.ts'
import { RECORD_SOURCES, type Recording } from '../domain/shipment-record.ts'
import { EARLIEST_AT, LATEST_AT } from '../domain/units.ts'
import { jsonOrNull } from './paging.ts'

/**
 * One page of the answer to a query. Records are walked in order of recording, told, and matched, until the page is
 * full, nothing is left, or enough was looked at: then the page is shorter, and its token goes on from there. A token
 * also names the instant of the first page, after which nothing counts: so every page is of one and the same answer,
 * and each event comes once.
 *
 * EPCIS can ask for the order of what happened, too. No index has it, so all that is asked for is told and sorted: what
 * is too much for that is refused, and a question for less is answered.
 */
export async function epcisPage(ctx: Ctx, actor: Actor, asked: Asked): Promise<EpcisPage | PageProblem> {
  const token = asked.query.nextPageToken === undefined ? null : readToken(asked.query.nextPageToken)
  if (token === 'unreadable') return { wrong: 'token' }
  const untilAt = token?.untilAt ?? ctx.now()
  const walk: Walk = { ctx, actor, asked, narrowing: narrowingOf(asked.query, asked.terms.idUrl), untilAt }
  return asked.query.orderBy === 'eventTime' ? sortedPage(walk, token) : recordedPage(walk, token)
}

export type Asked = { readonly query: EpcisQuery; readonly terms: EpcisTerms }
export type EpcisPage = { readonly events: readonly EpcisEvent[]; readonly nextPageToken: string | null }
export type PageProblem = { readonly wrong: 'token' | 'too_large' }

/** Records looked at in one go, and how many times for one page. */
const RECORDS_PER_LOOK = 100
const LOOKS_PER_PAGE = 5

/** Records that are told and sorted for one page of what is ordered by the time it happened. */
const MAX_SORTED_RECORDS = 1000

type Walk = { ctx: Ctx; actor: Actor; asked: Asked; narrowing: Narrowing; untilAt: number }

async function recordedPage(walk: Walk, token: Token | null): Promise<EpcisPage> {
  const { perPage } = walk.asked.query
  const matched: ToldEvent[] = []
  let from: Position | null = token?.after ?? null
  let isLast = false
  for (let look = 0; look < LOOKS_PER_PAGE && !isLast && matched.length <= perPage; look++) {
    const seen = await lookOn(walk, from)
    matched.push(...seen.events.filter(({ event }) => matchesQuery(event, walk.asked.query)))
    from = seen.last ?? from
    isLast = seen.isLast
  }
  const events = matched.slice(0, perPage)
  // a match more than the page holds is how it is known that there is one
  const next = matched.length > perPage ? positionOf(events.at(-1)) : isLast ? null : from
  return {
    events: events.map(({ event }) => event),
    nextPageToken: next === null ? null : writeToken({ untilAt: walk.untilAt, after: next }),
  }
}

async function sortedPage(walk: Walk, token: Token | null): Promise<EpcisPage | PageProblem> {
  const all: ToldEvent[] = []
  let from: Position | null = null
  for (let isLast = false; !isLast; ) {
    const seen = await lookOn(walk, from)
    if (seen.left > MAX_SORTED_RECORDS) return { wrong: 'too_large' }
    all.push(...seen.events.filter(({ event }) => matchesQuery(event, walk.asked.query)))
    from = seen.last ?? from
    isLast = seen.isLast
  }
  const { perPage } = walk.asked.query
  const sign = isDescending(walk.asked.query) ? -1 : 1
  const sorted = all.sort((a, b) => sign * byHappening(a, b))
  const after = token?.after ?? null
  const start = after === null ? 0 : sorted.findIndex((one) => comparePositions(one, after) === 0) + 1
  // events never go: the token is of another question
  if (after !== null && start === 0) return { wrong: 'token' }
  const events = sorted.slice(start, start + perPage)
  const last = positionOf(events.at(-1))
  const isEnd = start + perPage >= sorted.length || last === null
  return {
    events: events.map(({ event }) => event),
    nextPageToken: isEnd ? null : writeToken({ untilAt: walk.untilAt, after: last }),
  }
}

/** ISO 8601 texts of one form sort as the instants do. */
function byHappening(a: ToldEvent, b: ToldEvent): number {
  if (a.event.eventTime !== b.event.eventTime) return a.event.eventTime < b.event.eventTime ? -1 : 1
  return comparePositions(a, b)
}

function isDescending({ orderBy, orderDirection }: EpcisQuery): boolean {
  return orderBy !== undefined && orderDirection !== 'ASC'
}

type Seen = { events: ToldEvent[]; last: Position | null; left: number; isLast: boolean }

/** What the next records tell, in their order, after a position. */
async function lookOn({ ctx, actor, asked, narrowing, untilAt }: Walk, after: Position | null): Promise<Seen> {
  const isSorted = asked.query.orderBy === 'eventTime'
  const descending = !isSorted && isDescending(asked.query)
  // one more than can be sorted, to see at the first look that there are too many
  const limit = isSorted ? MAX_SORTED_RECORDS + 1 : RECORDS_PER_LOOK
  const search = { ...narrowing, untilAt, descending, from: after, limit }
  const { recordings, records, left, isLast } = await recordedEvents(ctx, actor, search)
  const told = records.flatMap((record) => epcisEvents(record, asked.terms))
  const tellingOf = Map.groupBy(told, recordKey)
  const events = recordings
    .flatMap((recording) => {
      const telling = tellingOf.get(recordKey(recording)) ?? []
      return descending ? telling.toReversed() : telling
    })
    .filter((one) => after === null || (descending ? -1 : 1) * comparePositions(one, after) > 0)
  const newest = recordings.at(-1)
  const last = newest === undefined ? null : { ...newest, part: descending ? -1 : BEYOND_PARTS }
  return { events, last, left, isLast }
}

/** More than one record tells. */
const BEYOND_PARTS = 100_000

/** An event's place in the order of recording. */
type Position = Recording & { readonly part: number }

function positionOf(told: ToldEvent | undefined): Position | null {
  if (told === undefined) return null
  const { recordedAt, shipmentId, source, row, part } = told
  return { recordedAt, shipmentId, source, row, part }
}

function recordKey({ shipmentId, source, row }: Recording): string {
  return `${shipmentId} ${source} ${row}`
}

function comparePositions(a: Position, b: Position): number {
  return (
    a.recordedAt - b.recordedAt ||
    a.shipmentId - b.shipmentId ||
    RECORD_SOURCES.indexOf(a.source) - RECORD_SOURCES.indexOf(b.source) ||
    a.row - b.row ||
    a.part - b.part
  )
}

type Token = { readonly untilAt: number; readonly after: Position }

const instant = z.int().min(EARLIEST_AT).max(LATEST_AT)
const tokenForm = z
  .tuple([instant, instant, z.int().positive(), z.enum(RECORD_SOURCES), z.int().positive(), z.int().min(-1)])
  .transform(
    ([untilAt, recordedAt, shipmentId, source, row, part]): Token => ({
      untilAt,
      after: { recordedAt, shipmentId, source, row, part },
    }),
  )

function writeToken({ untilAt, after }: Token): string {
  const { recordedAt, shipmentId, source, row, part } = after
  return Buffer.from(JSON.stringify([untilAt, recordedAt, shipmentId, source, row, part])).toString('base64url')
}

/** Opaque to clients: only what a page has given is taken. */
function readToken(text: string): Token | 'unreadable' {
  const parsed = tokenForm.safeParse(jsonOrNull(Buffer.from(text, 'base64url').toString()))
  return parsed.success ? parsed.data : 'unreadable'
}
