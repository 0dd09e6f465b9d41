import type { FindingCode } from './finding.ts'

/** One question of the receipt. */
export type ChecklistItem = {
  /** Of the box once, or of every unit. */
  readonly about: 'box' | 'unit'
  /** For the nurse: `yes` is always the good answer, and right also where there is no such thing to look at. */
  readonly question: string
  /** What a `no` raises. */
  readonly no: FindingCode
}

/**
 * The receipt at the treatment centre, in the order in which it is done (domain page 4.5). Signing closes it and is no
 * answer. The service may answer what it can compare itself, such as scanned numbers.
 */
export const CHECKLIST = {
  right_consignee: box('WRONG_CONSIGNEE', 'Is this shipment for you, at this place?'),
  outer_label_matches: box('ID_MISMATCH', 'Do the outer label and the papers carry the numbers of your order?'),
  box_intact: box('PACKAGE_DAMAGED', 'Is the box dry and undamaged?'),
  box_upright: box('INDICATOR_TRIPPED', 'Did the box arrive upright?'),
  indicators_quiet: box('INDICATOR_TRIPPED', 'Are all tilt and shock indicators untripped (or are there none)?'),
  seals_present: box('SEAL_MISMATCH', 'Is every seal there?'),
  seals_intact: box('SEAL_BROKEN', 'Is every seal unbroken?'),
  seal_numbers_match: box('SEAL_MISMATCH', 'Are the seal numbers the ones on the screen?'),
  container_matches: box('CONTAINER_MISMATCH', 'Is the number of the container the one on the screen?'),
  logger_matches: box('LOGGER_MISMATCH', 'Is the number of the logger the one on the screen?'),
  display_agrees: box('DISPLAY_DISAGREES', 'Does the logger show the temperature that is on the screen?'),
  no_alarm_mark: box('DEVICE_ALARM', 'Is the logger free of an alarm mark?'),
  coolant_left: box('COOLANT_DEPLETED', 'By its weight or by sight, has the container coolant left (or needs none)?'),
  unit_scanned: unit('ID_UNVERIFIED', 'Could the label of the bag be scanned?'),
  stored_at_once: unit('TRANSFER_TOO_LONG', 'Was the bag stored at once, or does it stay in its container?'),
  product_matches: unit('ID_MISMATCH', 'Does the label name the ordered product?'),
  lot_matches: unit('ID_MISMATCH', 'Does the label name the lot on the screen?'),
  expiry_matches: unit('ID_MISMATCH', 'Does the label name the expiry on the screen?'),
  not_expired: unit('EXPIRED', 'Is the bag still within its expiry?'),
  coi_matches: unit(
    'ID_MISMATCH',
    'Is the chain-of-identity code on the label the one of your order (or none ordered)?',
  ),
  second_identifier_matches: unit('ID_MISMATCH', 'Does a second number match too: bag or donation number?'),
  second_person_agrees: unit('ID_UNVERIFIED', 'Did a second person scan the label without seeing the first result?'),
  bag_intact: unit('UNIT_DAMAGED', 'Is the bag whole and dry?'),
  all_units_there: box('UNIT_MISSING', 'Is every bag of the packing list there?'),
  no_unit_too_many: box('UNIT_UNEXPECTED', 'Is there no bag that is not on the packing list?'),
  papers_complete: box('DOCS_MISSING', 'Are the papers complete, with the certificate?'),
  batch_released: unit('RELEASE_PENDING', 'Do the papers or the screen say that the batch is released?'),
  logger_read_out: box('DATA_PENDING', 'Are the readings complete, or is the logger read out?'),
} as const satisfies Record<string, ChecklistItem>

function box<No extends FindingCode>(no: No, question: string) {
  return { about: 'box', question, no } as const
}

function unit<No extends FindingCode>(no: No, question: string) {
  return { about: 'unit', question, no } as const
}

type Checklist = typeof CHECKLIST
type ItemAbout<About> = { [Id in keyof Checklist]: Checklist[Id]['about'] extends About ? Id : never }[keyof Checklist]
export type BoxItem = ItemAbout<'box'>
export type UnitItem = ItemAbout<'unit'>

/** What was said to one question; a remark may stand beside any answer. */
export type Answer = { readonly said: 'yes' | 'no' | 'not_done'; readonly remark: string | null }

/** An answer to every question: one that is missing does not compile. */
export type BoxAnswers = Readonly<Record<BoxItem, Answer>>
export type UnitAnswers = Readonly<Record<UnitItem, Answer>>

const ITEMS: readonly (BoxItem | UnitItem)[] = Object.keys(CHECKLIST).filter(isItem)

/** The questions about the box, and those about every unit, each in the order of the list. */
export const BOX_ITEMS: readonly BoxItem[] = ITEMS.filter(isBoxItem)
export const UNIT_ITEMS: readonly UnitItem[] = ITEMS.filter((id) => !isBoxItem(id))

function isBoxItem(id: BoxItem | UnitItem): id is BoxItem {
  return CHECKLIST[id].about === 'box'
}

function isItem(id: string): id is keyof Checklist {
  return Object.hasOwn(CHECKLIST, id)
}

/** What the answers raise: each `no` its finding; anything not done keeps the unit from being accepted. */
export function answerFindings(answers: BoxAnswers | UnitAnswers): FindingCode[] {
  return Object.entries(answers).flatMap(([id, { said }]): FindingCode[] => {
    if (said === 'yes') return []
    if (said === 'not_done') return ['CHECK_NOT_DONE']
    return isItem(id) ? [CHECKLIST[id].no] : []
  })
}
