import { z } from 'zod'
import { EARLIEST_AT, LATEST_AT, parseInstant } from '../domain/units.ts'
import type { EpcisEvent } from './epcis-event.ts'
import { bareTerm, canonicalUri } from './epcis-uri.ts'
import { ACTIONS, EVENT_TYPES } from './epcis-vocabulary.ts'

/** A question of EPCIS's SimpleEventQuery, read (GS1 EPCIS 2.0, section 8.2.7.1). Absent: not asked. */
export type EpcisQuery = z.output<ReturnType<typeof querySchema>>

/** Events on a page, as is the standard's default, and at most: a larger wish gets the largest page. */
const PER_PAGE = 30
const MAX_PER_PAGE = 100

/** More values than a box has things. */
const MAX_VALUES = 100

/** The parameters that are understood, with what they ask for. */
export const QUERY_PARAMETERS = {
  eventType: 'types of event',
  MATCH_epc: 'things in epcList or childEPCs',
  MATCH_anyEPC: 'things in epcList, childEPCs or parentID',
  MATCH_parentID: 'things in parentID',
  EQ_bizStep: 'business steps',
  EQ_disposition: 'dispositions',
  EQ_action: 'actions',
  EQ_readPoint: 'read points',
  EQ_bizLocation: 'business locations',
  EQ_eventID: 'event ids',
  GE_eventTime: 'what happened at or after it, ISO 8601 with offset',
  LT_eventTime: 'what happened before it',
  GE_recordTime: 'what was recorded at or after it',
  LT_recordTime: 'what was recorded before it',
  EXISTS_errorDeclaration: 'only declarations of errors; its value says nothing',
  orderBy: 'eventTime or recordTime; absent: in order of recording',
  orderDirection: 'ASC or DESC (the default, where orderBy is given)',
  perPage: `events on a page: ${PER_PAGE}, and ${MAX_PER_PAGE} at most`,
  nextPageToken: 'from the Link header of the page before',
} as const

/**
 * Reads the parameters of a query string, each with all its values; several in one are separated by `|`. What is not
 * understood is refused, never passed over: the answer to another question would look like an answer. `idUrl` begins
 * the URIs of this installation.
 */
export function parseEpcisQuery(
  parameters: Readonly<Record<string, readonly string[]>>,
  idUrl: string,
): EpcisQuery | { readonly problem: string } {
  const parsed = querySchema(idUrl).safeParse(parameters)
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map((issue) =>
    issue.code === 'unrecognized_keys'
      ? `${issue.keys.join(', ')}: not supported; supported are ${Object.keys(QUERY_PARAMETERS).join(', ')}`
      : `${String(issue.path[0])}: ${issue.message}`,
  )
  return { problem: problems.join('; ') }
}

function querySchema(idUrl: string) {
  const uris = values(
    z
      .string()
      .min(1)
      .refine(isNoPattern, PATTERN)
      .transform((text) => canonicalUri(text, idUrl)),
  )
  const terms = values(z.string().min(1).transform(bareTerm))
  return z
    .strictObject({
      eventType: values(z.enum(EVENT_TYPES, `must be of ${EVENT_TYPES.join(', ')}`)).optional(),
      MATCH_epc: uris.optional(),
      MATCH_anyEPC: uris.optional(),
      MATCH_parentID: uris.optional(),
      EQ_bizStep: terms.optional(),
      EQ_disposition: terms.optional(),
      EQ_action: values(z.enum(ACTIONS, `must be of ${ACTIONS.join(', ')}`)).optional(),
      EQ_readPoint: uris.optional(),
      EQ_bizLocation: uris.optional(),
      EQ_eventID: values(z.string().min(1).toLowerCase()).optional(),
      GE_eventTime: one(instant).optional(),
      LT_eventTime: one(instant).optional(),
      GE_recordTime: one(instant).optional(),
      LT_recordTime: one(instant).optional(),
      EXISTS_errorDeclaration: one(z.string()).optional(),
      orderBy: one(z.enum(['eventTime', 'recordTime'], 'must be eventTime or recordTime')).optional(),
      orderDirection: one(z.enum(['ASC', 'DESC'], 'must be ASC or DESC')).optional(),
      perPage: one(wholeNumber).prefault([String(PER_PAGE)]),
      nextPageToken: one(z.string().max(300)).optional(),
    })
    .refine(({ orderBy, orderDirection }) => orderBy !== undefined || orderDirection === undefined, {
      path: ['orderDirection'],
      message: 'needs orderBy beside it',
    })
}

const PATTERN = 'patterns are not supported: name the thing itself'

function isNoPattern(text: string): boolean {
  return !/^urn:epc:(idpat|pat):/i.test(text)
}

function values<Value extends z.ZodType<unknown, string>>(value: Value) {
  return z
    .array(z.string())
    .transform((texts) => texts.flatMap((text) => text.split('|')))
    .pipe(z.array(value).max(MAX_VALUES, `has more than ${MAX_VALUES} values`))
}

function one<Value extends z.ZodType<unknown, string>>(value: Value) {
  return z
    .tuple([z.string()], 'must be given once')
    .transform(([text]) => text)
    .pipe(value)
}

/** A plus sign in a query string is written as a blank by many. Beyond this field's time is as good as its end. */
const instant = z.string().transform((text, context) => {
  const parsed = parseInstant(text.replace(/ (?=\d\d:?\d\d$)/, '+'))
  if (typeof parsed === 'object') return Math.min(Math.max(parsed.at, EARLIEST_AT), LATEST_AT)
  context.addIssue({ code: 'custom', message: `"${text}" is no ISO 8601 time with offset` })
  return z.NEVER
})

const wholeNumber = z
  .string()
  .regex(/^[1-9][0-9]{0,8}$/, 'must be a whole number above 0')
  .transform((text) => Math.min(Number(text), MAX_PER_PAGE))

/** Whether an event is one of those asked for. Time and recording are asked of it as of everything else. */
export function matchesQuery(event: EpcisEvent, query: EpcisQuery): boolean {
  return (
    isOneOf(event.type, query.eventType) &&
    isOneOf(event.action, query.EQ_action) &&
    isOneOf(event.bizStep, query.EQ_bizStep) &&
    isOneOf(event.disposition, query.EQ_disposition) &&
    isOneOf(event.readPoint?.id, query.EQ_readPoint) &&
    isOneOf(event.bizLocation?.id, query.EQ_bizLocation) &&
    isOneOf(event.eventID, query.EQ_eventID) &&
    isIn(event.eventTime, query.GE_eventTime, query.LT_eventTime) &&
    isIn(event.recordTime, query.GE_recordTime, query.LT_recordTime) &&
    (query.EXISTS_errorDeclaration === undefined || event.errorDeclaration !== undefined) &&
    matchesThings(event, query)
  )
}

function isOneOf(value: string | undefined, asked: readonly string[] | undefined): boolean {
  return asked === undefined || (value !== undefined && asked.includes(value))
}

function isIn(time: string | undefined, fromAt: number | undefined, toAt: number | undefined): boolean {
  const at = Date.parse(time ?? '')
  return (fromAt === undefined || at >= fromAt) && (toAt === undefined || at < toAt)
}

function matchesThings(event: EpcisEvent, { MATCH_epc, MATCH_anyEPC, MATCH_parentID }: EpcisQuery): boolean {
  const parent = event.type === 'ObjectEvent' ? [] : [event.parentID]
  const things = event.type === 'ObjectEvent' ? event.epcList : (event.childEPCs ?? [])
  return meet(things, MATCH_epc) && meet([...things, ...parent], MATCH_anyEPC) && meet(parent, MATCH_parentID)
}

function meet(things: readonly string[], asked: readonly string[] | undefined): boolean {
  return asked === undefined || things.some((thing) => asked.includes(thing))
}
