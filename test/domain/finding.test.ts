import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  decide,
  FINDING_CODES,
  FINDINGS,
  type FindingCode,
  isFindingCode,
  shipmentVerdict,
  VERDICTS,
} from '../../src/domain/finding.ts'
import { FINDING_TEXT } from '../../src/domain/finding-text.ts'

describe('every finding', () => {
  test('there are 44 of them', () => expect(FINDING_CODES).toHaveLength(44))
  test.each(FINDING_CODES)('%s leads to its verdict, and says what it is and what to do now', (code) => {
    const { verdict, isTask } = FINDINGS[code]
    expect(decide([code])).toEqual({
      verdict,
      findings: [code],
      physicalHold: verdict !== 'ACCEPT',
      deviationRequired: !isTask,
      next: verdict === 'ACCEPT' ? 'sign' : isTask ? 'finish_tasks' : 'ask_qa',
    })
    const { what, now } = FINDING_TEXT[code]
    for (const sentence of [what, now]) expect(sentence).toMatch(/^[A-Z].{10,}\.$/)
    // a nurse at the dock knows no codes, and no names of ours
    expect(what + now).not.toMatch(/[A-Z]{3,}_|verdict|finding|milli/)
  })
  test('what is kept apart says so in its sentence', () => {
    for (const code of FINDING_CODES) {
      const isHeld = FINDINGS[code].verdict !== 'ACCEPT'
      const says = /apart|keep it cold|may be used/i.test(FINDING_TEXT[code].now)
      expect([code, says]).toEqual([code, true])
      expect([code, /may be used/.test(FINDING_TEXT[code].now)]).toEqual([code, !isHeld])
    }
  })
  test('an open task never leads to more than indeterminate', () => {
    for (const code of FINDING_CODES) if (FINDINGS[code].isTask) expect(FINDINGS[code].verdict).toBe('INDETERMINATE')
  })
  test('names that come with every object are no codes', () => {
    for (const name of ['toString', '__proto__', 'constructor', '']) expect(isFindingCode(name)).toBe(false)
  })
})

test('nothing found is an accept to be signed', () =>
  expect(decide([])).toEqual({
    verdict: 'ACCEPT',
    findings: [],
    physicalHold: false,
    deviationRequired: false,
    next: 'sign',
  }))

describe('laws', () => {
  const codes = fc.array(fc.constantFrom(...FINDING_CODES), { maxLength: 8 })
  const rank = (found: readonly FindingCode[]) => VERDICTS.indexOf(decide(found).verdict)

  test('the verdict is that of the worst finding, and all are listed once, sorted', () =>
    fc.assert(
      fc.property(codes, (found) => {
        const alone = found.map((code) => rank([code]))
        expect(rank(found)).toBe(Math.max(0, ...alone))
        expect(decide(found).findings).toEqual([...new Set(found)].sort())
      }),
    ))
  test('one finding more never improves anything', () =>
    fc.assert(
      fc.property(codes, fc.constantFrom(...FINDING_CODES), (found, more) => {
        const [less, after] = [decide(found), decide([...found, more])]
        expect(VERDICTS.indexOf(after.verdict)).toBeGreaterThanOrEqual(VERDICTS.indexOf(less.verdict))
        expect(after.physicalHold || !less.physicalHold).toBe(true)
        expect(after.deviationRequired || !less.deviationRequired).toBe(true)
      }),
    ))
  test('the order of findings changes nothing', () =>
    fc.assert(
      fc.property(codes, (found) => {
        expect(decide(found.toReversed())).toEqual(decide(found))
      }),
    ))
})

test('a shipment shows its worst unit and counts them all', () => {
  const units = [decide([]), decide(['DATA_GAP']), decide(['RECALLED']), decide(['WARNING_ALARM'])]
  expect(shipmentVerdict(units)).toEqual({
    verdict: 'REJECT_RECOMMENDED',
    counts: { ACCEPT: 2, INDETERMINATE: 1, QUARANTINE: 0, REJECT_RECOMMENDED: 1 },
  })
  expect(shipmentVerdict([]).verdict).toBeNull()
})
