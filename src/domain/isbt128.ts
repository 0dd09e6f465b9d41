import { type CodeFailure, failure } from './gs1-field.ts'

/**
 * ISBT 128 donation identification numbers (DIN): 13 characters of facility, year and sequence, then two flag
 * characters that belong to the label, not to the donation. Reading is free; issuing needs a licence (ICCBBA). Other
 * data structures, such as the chain of identity identifier, stay opaque text with their scheme.
 */
export type Din = { readonly din: string; readonly flags: string | null }

const DIN = /^[A-NP-Z1-9][A-NP-Z0-9]{4}[0-9]{8}$/

/** A scanned donation number, `=` and 15 characters (data structure 001), as any scanner sends it. */
export function parseScannedDin(text: string): Din | CodeFailure {
  const [, din = '', flags = ''] = /^=(.{13})(.{2})$/s.exec(text) ?? []
  if (!DIN.test(din)) {
    const words =
      'This ISBT 128 code is no donation number: scan the one at the upper left of the label, it begins with'
    return failure('UNKNOWN_CODE', `${words} "=".`)
  }
  if (!/^[0-9A-Z]{2}$/.test(flags)) {
    return failure('CHARACTER', `The flag characters of donation number ${din} are unreadable. Scan it again.`)
  }
  return isFlagCheckWrong(din, flags) ? wrongCheck(din) : { din, flags }
}

/**
 * A donation number as somebody enters it for others to compare with: with its check character, as scanned, or the 13
 * characters alone.
 */
export function parseEnteredDin(text: string): Din | CodeFailure {
  if (text.trim().startsWith('=')) return parseScannedDin(text.trim())
  const plain = text.toUpperCase().replace(/[\s-]/g, '')
  return DIN.test(plain) ? { din: plain, flags: null } : parseTypedDin(text)
}

/** Flags 60 to 96 are the check character's value plus 60 (type 3 flags); others say other things. */
function isFlagCheckWrong(din: string, flags: string): boolean {
  const value = /^[0-9]{2}$/.test(flags) ? Number(flags) : 0
  return value >= 60 && value <= 96 && value !== 60 + CHARACTERS.indexOf(dinCheckCharacter(din))
}

/**
 * A donation number typed from the label, spaces as printed, with the check character in its box behind it. The flag
 * characters, printed on their side, are left out.
 */
export function parseTypedDin(text: string): Din | CodeFailure {
  const plain = text.toUpperCase().replace(/[\s-]/g, '')
  const [din, check] = [plain.slice(0, 13), plain.slice(13)]
  if (!DIN.test(din))
    return failure('LENGTH', 'A donation number has 13 characters: type it as printed, from the left.')
  if (check.length !== 1) {
    return failure('CHECK_CHARACTER', 'Type the check character too: it stands in a box behind the donation number.')
  }
  return check === dinCheckCharacter(din) ? { din, flags: null } : wrongCheck(din)
}

function wrongCheck(din: string): CodeFailure {
  return failure('CHECK_CHARACTER', `Donation number ${din} has a wrong check character: read the label again.`)
}

const CHARACTERS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*'

/** The keyboard-entry check character of a donation number: ISO/IEC 7064 MOD 37-2 over its 13 characters. */
export function dinCheckCharacter(din: string): string {
  const sum = [...din].reduce((total, character) => ((total + CHARACTERS.indexOf(character)) * 2) % 37, 0)
  return CHARACTERS[(38 - sum) % 37] ?? ''
}
