import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CUSTODY_DEFAULTS, type CustodyTerms, foldCustody } from '../../src/domain/custody.ts'
import { effectiveEvents } from '../../src/domain/custody-effective.ts'
import { CUSTODY_KINDS, type CustodyEvent } from '../../src/domain/custody-event.ts'
import { check, clock, eventsOf } from './custody-table.ts'

function effective(table: string): string[] {
  return effectiveEvents(eventsOf(table)).map(({ seq, byOrg, kind }) => `${seq} ${byOrg} ${kind}`)
}

describe('order', () => {
  test('is that of at, ties in order of recording, whatever the order of the list', () => {
    const events = eventsOf('10:00 a pickup\n 09:00 b packed\n 10:00 c departed\n 09:30 d sealed')
    expect(effectiveEvents(events).map(({ seq }) => seq)).toEqual([2, 4, 1, 3])
    expect(effectiveEvents(events.toReversed()).map(({ seq }) => seq)).toEqual([2, 4, 1, 3])
  })
  test('an acceptance comes directly after its own release when it claims to be earlier or was recorded before', () =>
    expect(
      effective(`
        09:59 b handover_accept id=H1
        10:00 a departed
        10:00 a handover_release id=H1 to=b
        10:00 b arrived`),
    ).toEqual(['2 a departed', '3 a handover_release', '1 b handover_accept', '4 b arrived']))
})

describe('corrections', () => {
  const WRONG = '08:00 maker packed\n 10:00 maker opened\n'
  test('a replacement takes the place in recording, time of recording included', () => {
    const [, replaced] = effectiveEvents(
      eventsOf(`${WRONG} 90:00 maker correction corrects=2 := 11:00 courier inspected`),
    )
    expect(replaced).toMatchObject({ seq: 2, byOrg: 'courier', at: clock('11:00'), recordedAt: clock('10:00') })
  })
  test('a replacement that brings its own time of recording keeps it', () => {
    const table = `${WRONG} 90:00 maker correction corrects=2 := 10:00 maker inspected rec=90:00`
    expect(effectiveEvents(eventsOf(table))[1]?.recordedAt).toBe(clock('90:00'))
  })
  test.each([
    ['null voids', '11:00 m correction corrects=2 void', []],
    [
      'the last of two wins',
      '11:00 m correction corrects=2 void\n 11:01 m correction corrects=2 := 10:00 m pickup',
      ['2 m pickup'],
    ],
    [
      'by recording, not by at',
      '11:01 m correction corrects=2 void\n 11:00 m correction corrects=2 := 10:00 m pickup',
      ['2 m pickup'],
    ],
    [
      'a voided correction no longer applies',
      '11:00 m correction corrects=2 void\n 11:01 m correction corrects=3 void',
      ['2 maker opened'],
    ],
    [
      'voiding the voiding applies it again',
      '11:00 m correction corrects=2 void\n 11:01 m correction corrects=3 void\n 11:02 m correction corrects=4 void',
      [],
    ],
    [
      'a correction corrected to an event puts that event in place',
      '11:00 m correction corrects=2 void\n 11:01 m correction corrects=3 := 10:00 m pickup',
      ['2 m pickup'],
    ],
    [
      'a correction corrected to another correction speaks as that one',
      '11:00 m correction corrects=1 void\n 11:01 m correction corrects=3 := 11:00 m correction corrects=2 void',
      [],
    ],
    [
      'a voided later correction gives way to the earlier one',
      `11:00 m correction corrects=2 := 10:00 m pickup
       11:01 m correction corrects=2 void
       11:02 m correction corrects=4 void`,
      ['2 m pickup'],
    ],
    [
      'what was not yet recorded is not corrected',
      '11:00 m correction corrects=4 void\n 12:00 m pickup',
      ['2 maker opened', '4 m pickup'],
    ],
  ])('%s', (_rule, corrections, after) => {
    expect(effective(`${WRONG} ${corrections}`)).toEqual(['1 maker packed', ...after])
  })
  test('a release voided after its acceptance leaves an acceptance without release', () =>
    void check(`08:00 maker packed
      08:20 maker sealed seals=S1
      10:00 maker handover_release id=H1 to=courier seals=S1
      10:04 courier handover_accept id=H1 seals=S1
      10:20 maker correction corrects=3 void
      status: broken
      holder: courier
      findings: ACCEPT_WITHOUT_RELEASE@4`))
})

const terms: CustodyTerms = { ...CUSTODY_DEFAULTS, asOf: clock('400:00'), destinationOrg: 'org2', coi: null }
const organisation = fc.constantFrom('org0', 'org1', 'org2')
const seals = fc.option(fc.subarray(['S1', 'S2']), { nil: undefined })

/** Any statements at distinct times, handovers among the likeliest; `seq` in order of `at`, to be shuffled. */
const statements: fc.Arbitrary<CustodyEvent[]> = fc
  .array(
    fc.record({
      kind: fc.oneof(
        fc.constantFrom('handover_release' as const, 'handover_accept' as const),
        fc.constantFrom(...CUSTODY_KINDS.filter((kind) => kind !== 'correction')),
      ),
      minute: fc.integer({ min: 0, max: 5000 }),
      lateMs: fc.constantFrom(0, 2 * 24 * 3_600_000),
      byOrg: organisation,
      toOrg: organisation,
      handoverId: fc.constantFrom('H1', 'H2', 'H3'),
      units: fc.subarray(['A', 'B']),
      coi: fc.constantFrom(null, 'C1', 'C2'),
      witness: fc.constantFrom(undefined, 'W'),
      authority: fc.constantFrom(undefined, 'customs'),
      seals,
    }),
    { maxLength: 12 },
  )
  .map((drawn) => [...new Map(drawn.map((said) => [said.minute, said])).values()].sort((a, b) => a.minute - b.minute))
  .map((drawn) =>
    drawn.map(({ minute, lateMs, ...said }, index) => {
      const at = clock('00:00') + minute * 60_000
      return { ...said, at, recordedAt: at + lateMs, seq: index + 1 }
    }),
  )

const recordedInSomeOrder = statements.chain((events) =>
  fc
    .shuffledSubarray(events, { minLength: events.length })
    .map((order) => ({ events, shuffled: order.map((event, index) => ({ ...event, seq: index + 1 })) })),
)

describe('any order of recording', () => {
  test('changes nothing but the numbers of the events', () => {
    fc.assert(
      fc.property(recordedInSomeOrder, ({ events, shuffled }) => {
        expect(byTime(shuffled)).toEqual(byTime(events))
      }),
      { numRuns: 500 },
    )
  })
  test('gives exactly one holder: who accepted last, else who spoke first', () => {
    fc.assert(
      fc.property(recordedInSomeOrder, ({ shuffled }) => {
        const { currentHolder } = foldCustody(shuffled, terms)
        expect(currentHolder).toBe(holderByHand(shuffled))
      }),
      { numRuns: 500 },
    )
  })
})

/** The answer with every event named by its time instead of its number. */
function byTime(events: readonly CustodyEvent[]) {
  const timeOf = new Map(events.map((event) => [event.seq, event.at]))
  const { findings, signed, attested, acknowledgements, lastEvent, units, ...rest } = foldCustody(events, terms)
  const times = (seqs: readonly number[]) => seqs.map((seq) => timeOf.get(seq)).sort()
  return {
    ...rest,
    lastAt: lastEvent?.at,
    findings: findings
      .map(({ seq, ...finding }) => `${seq === null ? '' : timeOf.get(seq)} ${JSON.stringify(finding)}`)
      .sort(),
    ends: [...units].map(([unit, end]) => [unit, end?.kind, end?.at]),
    signed: times(signed),
    attested: times(attested),
    acknowledged: times(acknowledgements),
  }
}

/** Slow and plain: an acceptance counts from the release of the same rank under its id, if that is later. */
function holderByHand(events: readonly CustodyEvent[]): string | null {
  const ordered = events.toSorted((a, b) => a.at - b.at)
  const of = (kind: string, id: string | undefined) => ordered.filter((e) => e.kind === kind && e.handoverId === id)
  let [holder, since]: [string | null, number] = [ordered[0]?.byOrg ?? null, Number.NEGATIVE_INFINITY]
  for (const accept of ordered.filter((event) => event.kind === 'handover_accept')) {
    const rank = of('handover_accept', accept.handoverId).indexOf(accept)
    const effectiveAt = Math.max(accept.at, of('handover_release', accept.handoverId)[rank]?.at ?? accept.at)
    if (effectiveAt > since) [holder, since] = [accept.byOrg, effectiveAt]
  }
  return holder
}
