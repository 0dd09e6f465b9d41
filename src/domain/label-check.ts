import { compareLabel, type Difference, type Expectation, type LabelComparison, type LabelRead } from './identity.ts'

/**
 * The check of one label by the people of one organisation. A reading is blind where its person could not have seen
 * another's: somebody who has read a label is shown everything about it (`maySeeReadings`), so
 *
 *   A reads ─ A again ─ B reads ─ A again ─ C reads
 *   blind     blind     blind     NOT       blind      (C has read nothing yet)
 *
 * Of each person the newest reading speaks. One that is not blind repeats what its person read blindly, or it proves
 * nothing; it can still differ. Two people's blind readings make the pair that is compared; all others can only differ.
 */
export function labelCheck(readings: readonly Reading[], expected: Expectation): LabelCheck {
  const words = wordsOf(readings)
  const [first, second, ...further] = [...words.filter(isBlind), ...words.filter((word) => !isBlind(word))]
  const compared = compareLabel(
    {
      first: first?.read ?? null,
      second: second === undefined ? null : { read: second.read, isBlind: second.blind && first?.blind === true },
    },
    expected,
  )
  const differs = [
    ...compared.differs,
    ...further.flatMap(({ read }) => differencesOf(first?.read ?? null, read, expected)),
  ]
  return {
    ...compared,
    result: differs.length > 0 ? 'mismatch' : compared.result,
    differs,
    typed: words.some(({ read }) => read.isTyped),
    readers: words.map(({ person, blind, readings: count }) => ({ person, blind, readings: count })),
  }
}

/** What one person read; readings are given in order of recording. */
export type Reading = { readonly person: string; readonly read: LabelRead }

export type LabelCheck = LabelComparison & {
  /** Who has read the label, in order of their first reading; `blind`: what counts of it was read without seeing. */
  readonly readers: readonly { readonly person: string; readonly blind: boolean; readonly readings: number }[]
}

/** Whether a person is shown what others read off the label: nothing before having read it. */
export function maySeeReadings(readers: Iterable<string>, person: string | null): boolean {
  return person !== null && [...readers].includes(person)
}

type Word = { person: string; read: LabelRead; blind: boolean; readings: number }

function isBlind({ blind }: Word): boolean {
  return blind
}

function wordsOf(readings: readonly Reading[]): Word[] {
  const people = [...new Set(readings.map(({ person }) => person))]
  return people.flatMap((person) => {
    const own = readings.flatMap((reading, index) =>
      reading.person === person ? [{ ...reading, blind: !couldSee(person, readings.slice(0, index)) }] : [],
    )
    const newest = own.at(-1)
    const blindly = own.findLast(({ blind }) => blind)
    if (newest === undefined) return []
    const spoken = blindly !== undefined && saysNothingElse(newest.read, blindly.read) ? blindly : newest
    return [{ ...spoken, readings: own.length }]
  })
}

function couldSee(person: string, earlier: readonly Reading[]): boolean {
  const readers = earlier.map((reading) => reading.person)
  return maySeeReadings(readers, person) && readers.some((reader) => reader !== person)
}

/** Part of the label read again: every value of the one was read in the other. */
function saysNothingElse(again: LabelRead, before: LabelRead): boolean {
  const isIn = (more: readonly string[], less: readonly string[]) => less.every((value) => more.includes(value))
  const { gtin, serial, din, lot, coi } = before.values
  return (
    isIn(gtin, again.values.gtin) &&
    isIn(serial, again.values.serial) &&
    isIn(din, again.values.din) &&
    isIn(lot, again.values.lot) &&
    isIn(coi, again.values.coi) &&
    again.expiries.every((one) => before.expiries.some(({ date, time }) => one.date === date && one.time === time))
  )
}

function differencesOf(first: LabelRead | null, read: LabelRead, expected: Expectation): Difference[] {
  const { differs } = compareLabel({ first, second: { read, isBlind: true } }, expected)
  return differs
    .filter(({ person }) => person !== 'first')
    .map((one) => ({ ...one, person: one.person === 'second' ? 'further' : one.person }))
}
