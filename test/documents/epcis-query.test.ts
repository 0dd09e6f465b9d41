import { describe, expect, test } from 'vitest'
import { epcisEvents } from '../../src/documents/epcis.ts'
import { narrowingOf } from '../../src/documents/epcis-narrowing.ts'
import { matchesQuery, parseEpcisQuery, QUERY_PARAMETERS } from '../../src/documents/epcis-query.ts'
import { HUB, KINDS_TOLD, ledgerOf, MAKER, RECORD, SAID, TERMS } from '../support/epcis-record.ts'
import { MINUTE, PUBLIC_URL, T0 } from '../support/limits.ts'

const BOX = 'https://id.gs1.org/00/195213210000000428'
const BAG = 'https://id.gs1.org/01/09521321001237/21/BAG-0007'

function parsed(text: string) {
  const parameters: Record<string, string[]> = {}
  for (const [name, value] of new URLSearchParams(text)) parameters[name] = [...(parameters[name] ?? []), value]
  return parseEpcisQuery(parameters, TERMS.idUrl)
}

function query(text: string) {
  const found = parsed(text)
  if ('problem' in found) throw new Error(found.problem)
  return found
}

const LEDGER = ledgerOf([
  { ...SAID, kind: 'packed' },
  { ...SAID, kind: 'logger_paired' },
  { ...SAID, kind: 'arrived', place: HUB },
  { ...SAID, kind: 'quarantined' },
  { kind: 'correction', corrects: 3, replacement: null },
])
const EVENTS = epcisEvents({ ...RECORD, ledger: LEDGER }, TERMS).map(({ event }) => event)
const DECLARED = 'arriving!'

function found(text: string): string[] {
  const asked = query(text)
  return EVENTS.filter((event) => matchesQuery(event, asked)).map(
    ({ bizStep, errorDeclaration }) => bizStep + (errorDeclaration === undefined ? '' : '!'),
  )
}

const iso = (minutes: number) => new Date(T0 + minutes * MINUTE).toISOString()

const QUESTIONS: [string, string[]][] = [
  ['', ['packing', 'assembling', 'arriving', 'holding', DECLARED]],
  ['eventType=AggregationEvent|AssociationEvent', ['packing', 'assembling']],
  ['EQ_bizStep=holding|packing', ['packing', 'holding']],
  ['EQ_bizStep=holding&EQ_bizStep=packing', ['packing', 'holding']],
  ['EQ_bizStep=urn:epcglobal:cbv:bizstep:holding', ['holding']],
  ['EQ_bizStep=https://ref.gs1.org/cbv/BizStep-holding', ['holding']],
  ['EQ_disposition=cbv:Disp-in_transit', ['arriving', DECLARED]],
  ['EQ_action=ADD', ['packing', 'assembling']],
  [`EQ_readPoint=https://id.gs1.org/414/${HUB}`, ['arriving', DECLARED]],
  ['EQ_readPoint=urn:epc:id:sgln:9521321.00002.0', ['arriving', DECLARED]],
  [`EQ_bizLocation=https://id.gs1.org/414/${MAKER}`, ['packing', 'holding']],
  [`MATCH_epc=${BAG}`, ['packing', 'holding']],
  ['MATCH_epc=urn:epc:id:sgtin:9521321.000123.BAG-0007', ['packing', 'holding']],
  [`MATCH_epc=${BOX}`, ['arriving', DECLARED]],
  [`MATCH_anyEPC=${BOX}`, ['packing', 'arriving', DECLARED]],
  ['MATCH_anyEPC=https://other.example/00/195213210000000428', ['packing', 'arriving', DECLARED]],
  [`MATCH_parentID=${BOX}`, ['packing']],
  [`MATCH_epc=${BAG}&MATCH_parentID=${BOX}`, ['packing']],
  [`MATCH_epc=${encodeURIComponent(`${PUBLIC_URL}/id/shipment/17/unit/BAG%2F8`)}`, ['packing', 'holding']],
  [`GE_eventTime=${iso(1)}&LT_eventTime=${iso(3)}`, ['assembling', 'arriving', DECLARED]],
  [`GE_recordTime=${iso(3)}`, ['holding', DECLARED]],
  [`LT_recordTime=${iso(1)}`, ['packing']],
  ['GE_eventTime=2026-03-02T11:03:00+01:00', ['holding']],
  ['EXISTS_errorDeclaration=', [DECLARED]],
  ['EXISTS_errorDeclaration=true&EQ_action=ADD', []],
]

describe('a question finds', () => {
  test.each(QUESTIONS)('%s', (text, expected) => expect(found(text)).toEqual(expected))

  test('an event by its id, with the declaration about it', () => {
    const id = EVENTS[2]?.eventID ?? ''
    expect(found(`EQ_eventID=${id}`)).toEqual(['arriving', DECLARED])
    expect(found(`EQ_eventID=${id.toUpperCase()}`)).toEqual(['arriving', DECLARED])
  })
})

describe('what is narrowed in the database', () => {
  test.each(QUESTIONS)('never leaves out what the question finds: %s', (text, expected) => {
    const { kinds, eventTime, recordTime, sources } = narrowingOf(query(text), TERMS.idUrl)
    const isIn = (at: number, range: typeof eventTime) =>
      (range.fromAt === null || at >= range.fromAt) && (range.toAt === null || at < range.toAt)
    const kept = LEDGER.filter(
      ({ event: { kind, at, recordedAt } }) =>
        (kinds === null || kinds.includes(kind)) &&
        (kind === 'correction' || isIn(at, eventTime)) &&
        isIn(recordedAt, recordTime),
    ).map(({ event }) => event.seq)
    const needed = epcisEvents({ ...RECORD, ledger: LEDGER }, TERMS).filter(({ event }) =>
      matchesQuery(event, query(text)),
    )
    expect(needed).toHaveLength(expected.length)
    for (const { row } of needed) expect(kept).toContain(row)
    expect(sources).toContain('custody')
  })

  test('names every kind that is told with a business step', () => {
    for (const kind of KINDS_TOLD) {
      const [event] = epcisEvents({ ...RECORD, ledger: ledgerOf([{ ...SAID, kind }]) }, TERMS)
      const { kinds } = narrowingOf(query(`EQ_bizStep=${event?.event.bizStep}`), TERMS.idUrl)
      expect(kinds).toContain(kind)
      expect(kinds).toContain('correction')
    }
  })

  test.each([
    [BOX, [{ key: 'sscc', value: '195213210000000428' }]],
    [BAG, [{ key: 'unit', gtin: '09521321001237', serial: 'BAG-0007' }]],
    ['https://id.gs1.org/8003/09521321000773DS9', [{ key: 'grai', value: '09521321000773DS9' }]],
    ['https://id.gs1.org/8004/9521321LOG42', [{ key: 'giai', value: '9521321LOG42' }]],
    [`${PUBLIC_URL}/id/isbt128/din/G123489654321`, [{ key: 'din', value: 'G123489654321' }]],
    [`${PUBLIC_URL}/id/shipment/17`, [{ key: 'shipment', id: 17 }]],
    [`${PUBLIC_URL}/id/shipment/17/unit/BAG%2F8`, [{ key: 'shipment', id: 17 }]],
    [`${PUBLIC_URL}/id/container/5`, [{ key: 'container', id: 5 }]],
    [`${PUBLIC_URL}/id/sensor/42`, [{ key: 'sensor', id: 42 }]],
    ['https://nowhere.example/thing', []],
  ])('%s is looked up as the thing it is', (uri, things) => {
    expect(narrowingOf(query(`MATCH_anyEPC=${encodeURIComponent(uri)}`), TERMS.idUrl).things).toEqual([things])
  })

  test('pairings and sensors are not looked at where they cannot answer', () => {
    const sources = (text: string) => narrowingOf(query(text), TERMS.idUrl).sources
    expect(sources('')).toEqual(['custody', 'placement_ended', 'placement', 'evaluation'])
    expect(sources('eventType=AggregationEvent')).toEqual(['custody'])
    expect(sources('EQ_bizStep=sensor_reporting')).toEqual(['custody', 'evaluation'])
    expect(sources('EQ_bizStep=removing')).toEqual(['custody', 'placement_ended', 'placement'])
    expect(sources('EQ_disposition=in_transit')).toEqual(['custody'])
  })
})

describe('what is not understood is refused, with what to do:', () => {
  test.each([
    ['EQ_quantity=3', /^EQ_quantity: not supported; supported are eventType, MATCH_epc, /],
    ['bizStep=holding', /^bizStep: not supported/],
    ['eventType=SealEvent', /^eventType: must be of ObjectEvent, /],
    ['EQ_action=CHANGE', /^EQ_action: must be of ADD, /],
    ['GE_eventTime=2026-03-02T10:00:00', /^GE_eventTime: "2026-03-02T10:00:00" is no ISO 8601 time with offset/],
    ['GE_eventTime=2026-03-02T10:00Z&GE_eventTime=2026-03-02T10:00Z', /^GE_eventTime: must be given once/],
    ['MATCH_epc=urn:epc:idpat:sgtin:9521321.*', /^MATCH_epc: patterns are not supported/],
    ['MATCH_epc=', /^MATCH_epc: /],
    ['orderBy=disposition', /^orderBy: must be eventTime or recordTime/],
    ['orderDirection=ASC', /^orderDirection: needs orderBy/],
    ['perPage=0', /^perPage: must be a whole number above 0/],
    [`EQ_bizStep=${Array.from({ length: 101 }, () => 'x').join('|')}`, /^EQ_bizStep: has more than 100 values/],
  ])('%s', (text, problem) => expect(parsed(text)).toEqual({ problem: expect.stringMatching(problem) }))

  test('a page is of 30 events, and of 100 at most', () => {
    expect([query('').perPage, query('perPage=7').perPage, query('perPage=5000').perPage]).toEqual([30, 7, 100])
  })

  test('every parameter that is named as supported is', () => {
    for (const name of Object.keys(QUERY_PARAMETERS)) {
      const answer = parsed(`${name}=x`)
      if ('problem' in answer) expect(answer.problem).not.toContain('not supported;')
    }
  })
})
