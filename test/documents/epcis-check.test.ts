import { describe, expect, test } from 'vitest'
import { epcisProblem } from '../../src/documents/epcis-check.ts'
import { ACTIONS, BIZ_STEPS, DISPOSITIONS, EVENT_TYPES } from '../../src/documents/epcis-vocabulary.ts'
import { schemaProblems } from '../support/epcis-schema.ts'
import vectors from '../vectors/epcis-mapping.json' with { type: 'json' }

function bySchema(event: object): string[] {
  return schemaProblems({ ...vectors.envelope, epcisBody: { eventList: [event] } })
}

const SEALED = vectors.events.find(({ custodyKind }) => custodyKind === 'sealed')?.epcis ?? {}
const PACKED = vectors.events.find(({ custodyKind }) => custodyKind === 'packed')?.epcis ?? {}

test.each(vectors.events)('the published event of $custodyKind passes GS1’s schema and our check', ({ epcis }) => {
  expect(bySchema(epcis)).toEqual([])
  expect(epcisProblem(epcis)).toBeNull()
})

test.each(vectors.mustFail)('$why: rejected by GS1’s schema and by our check', ({ patch }) => {
  expect(bySchema({ ...SEALED, ...patch })).not.toEqual([])
  expect(epcisProblem({ ...SEALED, ...patch })).not.toBeNull()
})

const WRONG: [string, object, object, RegExp][] = [
  ['a type that is none', SEALED, { type: 'SealEvent' }, /type "SealEvent"/],
  ['no time', SEALED, { eventTime: '2026-03-02' }, /eventTime "2026-03-02" is no instant/],
  ['Z as an offset', SEALED, { eventTimeZoneOffset: 'Z' }, /"Z" is no offset/],
  ['an offset beyond 14:00', SEALED, { eventTimeZoneOffset: '+14:30' }, /is no offset/],
  ['a disposition that is none', SEALED, { disposition: 'quarantined' }, /"quarantined" is no term/],
  ['an action that is none', SEALED, { action: 'CHANGE' }, /action "CHANGE"/],
  ['a thing that is no URI', SEALED, { epcList: ['BAG-1'] }, /"BAG-1" in epcList is no URI/],
  ['a thing twice', SEALED, { epcList: ['urn:a:1', 'urn:a:1'] }, /epcList names something twice/],
  [
    'a persistent disposition of contents',
    PACKED,
    { persistentDisposition: { set: ['damaged'] } },
    /is no field of an/,
  ],
  ['nothing that joins', PACKED, { childEPCs: [] }, /childEPCs is empty/],
]

test.each(WRONG)('%s is rejected by both, and said', (_what, event, patch, said) => {
  expect(bySchema({ ...event, ...patch })).not.toEqual([])
  expect(epcisProblem({ ...event, ...patch })).toMatch(said)
})

test('what is no event at all is rejected', () => {
  for (const nothing of [null, [], 'x', {}]) expect(epcisProblem(nothing)).not.toBeNull()
})

describe('the terms are those of GS1’s schema:', () => {
  const accepts = (field: string, term: string) => bySchema({ ...SEALED, [field]: term }).length === 0
  test('business steps', () => expect(BIZ_STEPS.filter((term) => !accepts('bizStep', term))).toEqual([]))
  test('dispositions', () => expect(DISPOSITIONS.filter((term) => !accepts('disposition', term))).toEqual([]))
  test('actions', () => expect(ACTIONS.filter((term) => !accepts('action', term))).toEqual([]))
  test('event types are five', () => expect(EVENT_TYPES).toHaveLength(5))
})
