import fc from 'fast-check'
import { expect, test } from 'vitest'
import { epcisEvents } from '../../src/documents/epcis.ts'
import type { ToldEvent } from '../../src/documents/epcis-chronicle.ts'
import { placeOfEventId } from '../../src/documents/epcis-id.ts'
import { effectiveEvents } from '../../src/domain/custody-effective.ts'
import { HUB, KINDS_TOLD, ledgerOf, MAKER, RECORD, SAID, TERMS } from '../support/epcis-record.ts'
import { MINUTE, T0 } from '../support/limits.ts'

type Statements = Parameters<typeof ledgerOf>[0]

function told(statements: Statements): ToldEvent[] {
  return epcisEvents({ ...RECORD, ledger: ledgerOf(statements) }, TERMS)
}

const ARRIVED = { kind: 'arrived', place: HUB } as const
const REPLACED = { kind: 'arrived', at: T0 - MINUTE, byOrg: MAKER, units: [], place: MAKER } as const

test('a corrected event is told once more as it was, with the declaration, and what is right under a new id', () => {
  const [wrong, declared, right] = told([
    ARRIVED,
    { kind: 'correction', corrects: 1, replacement: REPLACED, reason: 'read the wrong clock' },
  ]).map(({ event }) => event)
  expect(declared).toEqual({
    ...wrong,
    recordTime: '2026-03-02T10:01:00.000Z',
    errorDeclaration: {
      declarationTime: '2026-03-02T10:01:00.000Z',
      reason: 'incorrect_data',
      correctiveEventIDs: [right?.eventID],
      'cc:reason': 'read the wrong clock',
    },
  })
  expect(right).toMatchObject({
    eventTime: '2026-03-02T09:59:00.000Z',
    readPoint: { id: `https://id.gs1.org/414/${MAKER}` },
  })
  expect(right?.eventID).not.toBe(wrong?.eventID)
})

test('a voided event did not occur, and nothing stands in its place', () => {
  const events = told([ARRIVED, { kind: 'correction', corrects: 1, replacement: null }]).map(({ event }) => event)
  expect(events).toHaveLength(2)
  expect(events[1]?.errorDeclaration).toEqual({
    declarationTime: '2026-03-02T10:01:00.000Z',
    reason: 'did_not_occur',
  })
})

test('a correction that is taken back lets the first word stand again, told anew', () => {
  const events = told([
    ARRIVED,
    { kind: 'correction', corrects: 1, replacement: REPLACED },
    { kind: 'correction', corrects: 2, replacement: null },
  ]).map(({ event }) => event)
  const [first, , replaced, withdrawn, again] = events
  expect(withdrawn).toMatchObject({ eventID: replaced?.eventID, errorDeclaration: { reason: 'incorrect_data' } })
  expect(again).toEqual({ ...first, eventID: again?.eventID, recordTime: '2026-03-02T10:02:00.000Z' })
  expect(new Set([first, replaced, again].map((one) => one?.eventID)).size).toBe(3)
})

/** Ledgers with any kinds, and corrections of anything that was recorded before, corrections too. */
const ledgers = fc
  .array(fc.record({ kind: fc.constantFrom(...KINDS_TOLD), corrects: fc.option(fc.nat()), voids: fc.boolean() }), {
    minLength: 1,
    maxLength: 12,
  })
  .map(
    (list): Statements =>
      list.map(({ kind, corrects, voids }, index) =>
        corrects === null || index === 0
          ? { ...SAID, kind }
          : {
              kind: 'correction',
              corrects: (corrects % index) + 1,
              replacement: voids ? null : { ...SAID, kind, at: T0 - index * MINUTE, byOrg: MAKER },
            },
      ),
  )

test('whatever is recorded later changes nothing that was told before', () => {
  fc.assert(
    fc.property(ledgers, fc.nat(), (statements, cut) => {
      const part = told(statements.slice(0, (cut % statements.length) + 1))
      expect(told(statements).slice(0, part.length)).toEqual(part)
    }),
  )
})

test('who believes each event until it is declared wrong believes what holds', () => {
  fc.assert(
    fc.property(ledgers, (statements) => {
      const believed = new Map<string, string>()
      for (const { event } of told(statements)) {
        if (event.errorDeclaration === undefined) believed.set(event.eventID, `${event.bizStep} ${event.eventTime}`)
        else believed.delete(event.eventID)
      }
      const holds = effectiveEvents(ledgerOf(statements).map(({ event }) => event))
      const expected = told(holds.map(({ seq: _seq, ...event }) => event)).map(
        ({ event }) => `${event.bizStep} ${event.eventTime}`,
      )
      expect([...believed.values()].sort()).toEqual(expected.sort())
    }),
  )
})

test('every event has an id of its own, which leads back to its record; a declaration has that of its event', () => {
  fc.assert(
    fc.property(ledgers, (statements) => {
      const all = told(statements)
      const ids = all.filter(({ event }) => event.errorDeclaration === undefined).map(({ event }) => event.eventID)
      expect(new Set(ids).size).toBe(ids.length)
      for (const { event, row, shipmentId } of all) {
        if (event.errorDeclaration !== undefined) expect(ids).toContain(event.eventID)
        else expect(placeOfEventId(event.eventID)).toEqual({ shipmentId, source: 'custody', ordinal: row })
      }
    }),
  )
})
