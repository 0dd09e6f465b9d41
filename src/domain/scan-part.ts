import { gs1Problem } from './gs1.ts'
import { type LabelExpiry, labelDate, parseLocalExpiry } from './gs1-date.ts'
import { type CodeFailure, failure, isFailure } from './gs1-field.ts'
import { parseScan, type Scan } from './gs1-scan.ts'
import { type LabelPart, type LabelRead, labelRead } from './identity.ts'
import { parseEnteredDin } from './isbt128.ts'

/** What a code or a typed text is about: everything on a label, or one thing that has a text of its own. */
export const SCAN_SUBJECTS = ['label', 'coi', 'container', 'logger'] as const
export const TYPED_SUBJECTS = [...SCAN_SUBJECTS, 'gtin', 'serial', 'din', 'lot', 'expiry'] as const

/**
 * One code or one typed text, exactly as it came; `symbology` is the AIM identifier (`]d2`) where the scanner tells it
 * beside the text.
 */
export type ScanPart =
  | ({ readonly entry: 'scanned'; readonly of: (typeof SCAN_SUBJECTS)[number] } & PartText)
  | ({ readonly entry: 'typed'; readonly of: (typeof TYPED_SUBJECTS)[number] } & PartText)
type PartText = { readonly raw: string; readonly symbology: string | null }

/** A part as it was understood; `text` is what container and logger carry, which need no GS1 key. */
export type PartRead =
  | { readonly kind: 'label'; readonly part: LabelPart }
  | { readonly kind: 'container' | 'logger'; readonly text: string; readonly scan: Scan | null }

/** Reads one part; `now` settles the century of two-digit years. What cannot be read says what to do. */
export function readPart(part: ScanPart, now: number): PartRead | CodeFailure {
  switch (part.of) {
    case 'label': {
      const scan = parseScan(withSymbology(part), now)
      return isFailure(scan) ? scan : { kind: 'label', part: { kind: 'scan', scan } }
    }
    case 'coi':
      return coiPart(part)
    case 'container':
    case 'logger': {
      const scan = parseScan(withSymbology(part), now)
      return part.raw.trim() === ''
        ? NOTHING
        : { kind: part.of, text: contentOf(part), scan: isFailure(scan) ? null : scan }
    }
    default: {
      const typed = typedPart(part.of, part.raw, now)
      return isFailure(typed) ? typed : { kind: 'label', part: typed }
    }
  }
}

const NOTHING = failure('EMPTY', 'Nothing was read: scan again.')

/** The AIM identifier of a code, wherever the scanner put it; null where it told none. */
export function symbologyOf({ raw, symbology }: PartText): string | null {
  return symbology ?? AIM.exec(raw)?.[0] ?? null
}

const AIM = /^\][A-Za-z][0-9A-Za-z]/

function withSymbology({ raw, symbology }: PartText): string {
  const isAim = symbology !== null && AIM.test(symbology) && symbology.length === 3
  return isAim && !AIM.test(raw) ? `${symbology}${raw}` : raw
}

function contentOf({ raw }: PartText): string {
  return raw.replace(AIM, '').trim()
}

/** The code of the chain of identity is opaque text. */
function coiPart(part: ScanPart): PartRead | CodeFailure {
  const text = contentOf(part)
  if (text === '') return NOTHING
  return { kind: 'label', part: { kind: 'coi', text, isTyped: part.entry === 'typed' } }
}

type TypedField = Exclude<(typeof TYPED_SUBJECTS)[number], (typeof SCAN_SUBJECTS)[number]>

function typedPart(field: TypedField, raw: string, now: number): LabelPart | CodeFailure {
  const text = raw.trim()
  if (text === '') return failure('EMPTY', 'Nothing was typed: type what is printed.')
  if (field === 'expiry') {
    const expiry = typedExpiry(text, now)
    return expiry === null ? NO_DATE : { kind: 'typed_expiry', expiry }
  }
  if (field === 'din') {
    const read = parseEnteredDin(text)
    return isFailure(read) ? read : { kind: 'typed', field, text: read.din }
  }
  const wrong = field === 'gtin' ? gs1Problem('GTIN', text) : null
  if (wrong !== null) return failure(wrong, `GTIN "${text}" was mistyped: type it again from the label.`)
  return { kind: 'typed', field, text }
}

const NO_DATE = failure('DATE', 'This is no date: type YYYY-MM-DD, with THH:MM where the label prints a time.')

/** Written out, or the six digits of the label. */
function typedExpiry(text: string, now: number): LabelExpiry | null {
  const date = labelDate(text, now)
  return date === null ? parseLocalExpiry(text) : { date, time: null }
}

/** Everything a person read of the label of a unit, put together; what could not be read adds nothing. */
export function labelReadOf(parts: readonly ScanPart[], now: number): LabelRead {
  const read = parts.map((part) => readPart(part, now))
  const labelParts = read.flatMap((one) => (!isFailure(one) && one.kind === 'label' ? [one.part] : []))
  return { ...labelRead(labelParts), isTyped: parts.some(({ entry }) => entry === 'typed') }
}
