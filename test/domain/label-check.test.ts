import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Expectation, ExpectedUnit, LabelRead } from '../../src/domain/identity.ts'
import { labelCheck, maySeeReadings, type Reading } from '../../src/domain/label-check.ts'

const GTIN = '09521321001237'
const BAG: ExpectedUnit = { gtin: GTIN, serial: 'B1', din: null, lot: 'L1', coi: 'COI-1', expiresAt: null }
const expected: Expectation = {
  shipment: BAG,
  order: { ...BAG, lot: null },
  offsets: { manufacturerMin: 0, placeMin: 0 },
}

const NOTHING: LabelRead['values'] = { gtin: [], serial: [], din: [], lot: [], coi: [] }

function label(serial: string, over: Partial<LabelRead['values']> = {}): LabelRead {
  const values = { ...NOTHING, gtin: [GTIN], serial: [serial], lot: ['L1'], coi: ['COI-1'], ...over }
  return { values, expiries: [], isTyped: false }
}

const READS: Record<string, LabelRead> = {
  good: label('B1'),
  part: { ...label('B1'), values: { ...NOTHING, gtin: [GTIN], serial: ['B1'] } },
  wrong: label('B2'),
  nothing: { values: NOTHING, expiries: [], isTyped: false },
  more: label('B1', { din: ['G123489654321'] }),
}

/** `A good, B wrong` in order of recording. */
function story(text: string): Reading[] {
  return text.split(', ').map((step) => {
    const [person = '', what = ''] = step.split(' ')
    const read = READS[what]
    if (read === undefined) throw new Error(`nobody reads ${what}`)
    return { person, read }
  })
}

/** `result: differs; open`. */
function told(text: string): string {
  const { result, differs, open } = labelCheck(story(text), expected)
  const words = differs.map(({ field, person, against }) => `${field} ${person} ${against}`)
  return `${result}: ${[...new Set(words)].join(', ')}; ${open.join(', ')}`
}

describe('what the people of an organisation read comes to', () => {
  test.each([
    ['A good', 'unverified: ; no_second_person'],
    ['A good, A good', 'unverified: ; no_second_person'],
    ['A good, B good', 'match: ; '],
    ['A wrong, A good, B good', 'match: ; '],
    ['A good, B wrong', 'mismatch: serial second shipment, serial second order, serial between_people other_person; '],
    ['A good, B good, C good', 'match: ; '],
    ['A nothing, B good', 'unverified: ; coi, second_identifier, gtin, serial'],
  ])('%s', (given, expectation) => expect(told(given)).toBe(expectation))
})

describe('who has seen another’s reading proves nothing new', () => {
  test.each([
    ['B corrects what differed, having seen A', 'A good, B wrong, B good', 'second_person_saw_the_first'],
    ['B reads nothing, looks, and reads', 'A good, B nothing, B good', 'second_person_saw_the_first'],
    ['A corrects after B', 'A wrong, B good, A good', 'second_person_saw_the_first'],
  ])('%s', (_what, given, open) => expect(told(given)).toBe(`unverified: ; ${open}`))

  test('a third person who has read nothing yet makes the pair with the first', () =>
    expect(told('A good, B wrong, B good, C good')).toBe('match: ; '))

  test('reading the same again, or part of it, at a later step takes nothing back', () => {
    expect(told('A good, B good, A good')).toBe('match: ; ')
    expect(told('A good, B good, B part, A nothing')).toBe('match: ; ')
  })

  test('reading more than before is no repetition', () =>
    expect(told('A good, B good, A more')).toBe('unverified: ; second_person_saw_the_first'))
})

describe('nothing that differs is outvoted', () => {
  test.each([
    ['A good, B good, C wrong', 'serial further shipment'],
    ['A good, B good, A wrong', 'serial second shipment'],
    ['A wrong, B good, C good', 'serial first shipment'],
  ])('%s', (given, difference) => {
    expect(told(given)).toMatch(/^mismatch: /)
    expect(told(given)).toContain(difference)
  })
})

test('typing by anyone whose word counts is flagged', () => {
  const typed = { ...label('B1'), isTyped: true }
  const check = labelCheck([...story('A good'), { person: 'B', read: typed }], expected)
  expect(check).toMatchObject({ result: 'match', typed: true })
  expect(labelCheck(story('A good, B good'), expected).typed).toBe(false)
})

test('the readers are told with how often they read, in order of their first reading', () =>
  expect(labelCheck(story('A good, B good, A more'), expected).readers).toEqual([
    { person: 'A', blind: false, readings: 2 },
    { person: 'B', blind: true, readings: 1 },
  ]))

describe('for every story', () => {
  const step = fc.record({ person: fc.constantFrom('A', 'B', 'C'), what: fc.constantFrom(...Object.keys(READS)) })
  const steps = fc.array(step, { maxLength: 8 })
  const readings = (given: { person: string; what: string }[]) =>
    given.map(({ person, what }): Reading => ({ person, read: READS[what] ?? label('B1') }))

  test('a match takes two people who each read it whole before being shown anything', () =>
    fc.assert(
      fc.property(steps, (given) => {
        if (labelCheck(readings(given), expected).result !== 'match') return
        const whole = ['A', 'B', 'C'].filter((person) =>
          given.some(({ what, ...reading }, index) => {
            if (reading.person !== person || (what !== 'good' && what !== 'more')) return false
            const before = given.slice(0, index)
            const readers = before.map((one) => one.person)
            return !maySeeReadings(readers, person) || readers.every((one) => one === person)
          }),
        )
        expect(whole.length).toBeGreaterThanOrEqual(2)
      }),
      { numRuns: 3000 },
    ))

  test('one more reading that differs, by anyone, is a mismatch', () =>
    fc.assert(
      fc.property(steps, fc.constantFrom('A', 'B', 'C', 'D'), (given, person) => {
        const all = [...readings(given), { person, read: label('B2') }]
        expect(labelCheck(all, expected).result).toBe('mismatch')
      }),
    ))

  test('a reading repeated at once changes nothing', () =>
    fc.assert(
      fc.property(steps, fc.nat(), (given, place) => {
        const all = readings(given)
        const repeated = all.flatMap((one, index) => (index === place % (all.length || 1) ? [one, one] : [one]))
        const { readers: _, ...once } = labelCheck(all, expected)
        expect(labelCheck(repeated, expected)).toMatchObject(once)
      }),
    ))

  test('nobody is shown a label they have not read', () =>
    fc.assert(
      fc.property(steps, fc.option(fc.constantFrom('A', 'B', 'C', 'D')), (given, person) => {
        const readers: string[] = given.map((one) => one.person)
        expect(maySeeReadings(readers, person)).toBe(person !== null && readers.includes(person))
      }),
    ))
})
