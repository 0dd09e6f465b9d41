import { describe, expect, test } from 'vitest'
import {
  answerFindings,
  BOX_ITEMS,
  CHECKLIST,
  type ChecklistItem,
  UNIT_ITEMS,
  type UnitAnswers,
} from '../../src/domain/checklist.ts'
import { FINDING_CODES } from '../../src/domain/finding.ts'
import { boxAnswers, judged, NO, NOT_DONE, unitAnswers } from './receipt-case.ts'

const items = Object.entries<ChecklistItem>(CHECKLIST)

describe('the checklist', () => {
  test('is in the order in which it is done', () =>
    expect(Object.keys(CHECKLIST)).toEqual([
      ...['right_consignee', 'outer_label_matches', 'box_intact', 'box_upright', 'indicators_quiet'],
      ...['seals_present', 'seals_intact', 'seal_numbers_match', 'container_matches', 'logger_matches'],
      ...['display_agrees', 'no_alarm_mark', 'coolant_left', 'unit_scanned', 'stored_at_once'],
      ...['product_matches', 'lot_matches', 'expiry_matches', 'not_expired', 'coi_matches'],
      ...['second_identifier_matches', 'second_person_agrees', 'bag_intact', 'all_units_there'],
      ...['no_unit_too_many', 'papers_complete', 'batch_released', 'logger_read_out'],
    ]))
  test.each(items)('%s is one question a nurse can answer with yes, and its no has a finding', (_id, item) => {
    expect(item.question).toMatch(/^(Is|Are|Did|Does|Do|Could|Was|By) .+\?$/)
    expect(FINDING_CODES).toContain(item.no)
  })
  test('every question is either about the box or about a unit', () =>
    expect([...BOX_ITEMS, ...UNIT_ITEMS].sort()).toEqual(Object.keys(CHECKLIST).sort()))
})

test('a forgotten answer or a question without a finding does not compile', () => {
  // @ts-expect-error all other questions about the unit are forgotten
  const forgotten: UnitAnswers = { unit_scanned: NO }
  // @ts-expect-error a no must raise something
  const harmless: ChecklistItem = { about: 'box', question: 'Is it nice?' }
  expect([Object.keys(forgotten), Object.keys(harmless)]).toEqual([['unit_scanned'], ['about', 'question']])
})

describe('answers', () => {
  test('good ones raise nothing', () => {
    expect(answerFindings(boxAnswers())).toEqual([])
    expect(answerFindings(unitAnswers())).toEqual([])
  })
  test.each(BOX_ITEMS)('a no to %s raises its finding, not done keeps from accepting', (item) => {
    expect(answerFindings(boxAnswers({ [item]: NO }))).toEqual([CHECKLIST[item].no])
    expect(judged({ boxSaid: { [item]: NOT_DONE } })).toMatchObject({
      verdict: 'INDETERMINATE',
      findings: ['CHECK_NOT_DONE'],
    })
  })
  test.each(UNIT_ITEMS)('a no to %s raises its finding, not done keeps from accepting', (item) => {
    expect(judged({ unitSaid: { [item]: NO } }).findings).toEqual([CHECKLIST[item].no])
    expect(judged({ unitSaid: { [item]: NOT_DONE } })).toMatchObject({
      verdict: 'INDETERMINATE',
      findings: ['CHECK_NOT_DONE'],
    })
  })
})
