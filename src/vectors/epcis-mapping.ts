import { z } from 'zod'
import { epcisDocument, epcisEvents } from '../documents/epcis.ts'
import { epcisProblem } from '../documents/epcis-check.ts'
import type { EpcisTerms } from '../documents/epcis-terms.ts'
import type { ShipmentRecord } from '../domain/shipment-record.ts'
import { givenFor, type KindOfId } from './epcis-given.ts'
import { type CaseResult, compareCase, malformedFile } from './result.ts'

/** Files this module checks. */
export const schema = 'coldchain-vectors/epcis-mapping@1'

/**
 * Runs every case of `epcis-mapping.json`. The file holds finished events only: `epcis-given.ts` states the custody
 * facts each of them tells, without a single EPCIS term, and the mapping must make the whole event of them again. What
 * must fail is put into every event it spoils, and must be rejected each time.
 */
export function check(file: unknown): CaseResult[] {
  const parsed = fileSchema.safeParse(file)
  if (!parsed.success) return malformedFile(parsed.error)
  const { envelope, events, mustFail } = parsed.data
  const { '@context': _context, creationDate } = envelope
  const empty = epcisDocument([], { publicUrl: 'https://coldchain.example.org', knownAt: creationDate })
  const kindOfId = new Map(
    events.flatMap(({ custodyKind, epcis: { eventID } }) =>
      custodyKind === 'correction' || typeof eventID !== 'string' ? [] : [[eventID, custodyKind] as const],
    ),
  )
  return [
    compareCase('envelope', envelope, { ...empty, '@context': [...empty['@context']], epcisBody: { eventList: [] } }),
    ...events.map(({ custodyKind, epcis }) => eventResult(custodyKind, epcis, kindOfId)),
    ...mustFail.map(({ why, patch }) => failResult(why, patch, events)),
  ]
}

const fields = z.record(z.string(), z.unknown())
const fileSchema = z.object({
  schema: z.literal(schema),
  envelope: z.looseObject({ '@context': z.unknown(), creationDate: z.string() }),
  events: z.array(z.object({ custodyKind: z.string(), epcis: fields })),
  mustFail: z.array(z.object({ why: z.string(), patch: fields })),
})

type Fields = z.infer<typeof fields>

function eventResult(custodyKind: string, expected: Fields, kindOfId: KindOfId): CaseResult {
  const given = givenFor(custodyKind, expected, kindOfId)
  if (typeof given === 'string') return { id: custodyKind, ok: false, message: given }
  const event = 'body' in given ? { ...given.body, eventID: given.eventID } : toldLast(given, custodyKind)
  if (event === undefined) return { id: custodyKind, ok: false, message: 'nothing was told of it' }
  const problem = epcisProblem(event)
  if (problem !== null) return { id: custodyKind, ok: false, message: `what is told of it is rejected: ${problem}` }
  return compareCase(custodyKind, expected, event)
}

/** A correction is told as a declaration, anything else as an event of its own; each is the last one of its form. */
function toldLast({ record, terms }: { record: ShipmentRecord; terms: EpcisTerms }, custodyKind: string) {
  const told = epcisEvents(record, terms).map(({ event }) => event)
  const declares = custodyKind === 'correction'
  const last = told.findLast(({ errorDeclaration }) => (errorDeclaration !== undefined) === declares)
  if (last === undefined) return undefined
  // when it was recorded is the service's word and not a part of the mapping
  const { recordTime: _recordTime, ...event } = last
  return event
}

function failResult(why: string, patch: Fields, events: readonly { epcis: Fields }[]): CaseResult {
  const spoilt = events
    .filter(({ epcis }) => epcis.type === 'ObjectEvent' && epcis.action !== 'ADD')
    .map(({ epcis }) => ({ ...epcis, ...patch }))
  const passed = spoilt.filter((event) => epcisProblem(event) === null)
  if (spoilt.length > 0 && passed.length === 0) return { id: why, ok: true }
  return {
    id: why,
    ok: false,
    message: `accepted ${passed.length} of ${spoilt.length} events: ${JSON.stringify(patch)}`,
  }
}
