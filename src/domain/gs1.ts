/** GS1 keys that the service reads (domain page section 5.1); PGLN is the GLN of a party. */
export type Gs1Key = 'GLN' | 'GTIN' | 'SSCC' | 'PGLN' | 'GRAI' | 'GIAI'

/** Why a text is no valid key. */
export type Gs1Problem = 'NON_DIGIT' | 'LENGTH' | 'CHECK_DIGIT' | 'CHARACTER'

/**
 * What is wrong with a key as it stands on a label without its application identifier; null when it is valid. A GRAI
 * begins with its filler zero (AI 8003), a GIAI with the digits of its company prefix.
 */
export function gs1Problem(key: Gs1Key, text: string): Gs1Problem | null {
  switch (key) {
    case 'GLN':
    case 'PGLN':
      return numberProblem(text, [13])
    case 'GTIN':
      return numberProblem(text, [8, 12, 13, 14])
    case 'SSCC':
      return numberProblem(text, [18])
    case 'GRAI':
      return graiProblem(text)
    case 'GIAI':
      return giaiProblem(text)
  }
}

function numberProblem(text: string, lengths: readonly number[]): Gs1Problem | null {
  if (!/^[0-9]+$/.test(text)) return 'NON_DIGIT'
  if (!lengths.includes(text.length)) return 'LENGTH'
  return gs1CheckDigit(text.slice(0, -1)) === Number(text.slice(-1)) ? null : 'CHECK_DIGIT'
}

/** A zero, the 13 digits of the asset type with its check digit, and up to 16 characters of a serial. */
function graiProblem(text: string): Gs1Problem | null {
  if (!/^0[0-9]{0,13}/.test(text) || /[^0-9]/.test(text.slice(0, 14))) return 'NON_DIGIT'
  if (text.length < 14 || text.length > 30) return 'LENGTH'
  if (!isSerial(text.slice(14))) return 'CHARACTER'
  return numberProblem(text.slice(1, 14), [13])
}

/** The shortest company prefix has four digits. */
function giaiProblem(text: string): Gs1Problem | null {
  if (text.length < 5 || text.length > 30) return 'LENGTH'
  if (!/^[0-9]{4}/.test(text)) return 'NON_DIGIT'
  return isSerial(text) ? null : 'CHARACTER'
}

/** The 82 characters that serials, lots and references may have (GS1 General Specifications, figure 7.11-1). */
export const CHARACTERS_82 = '!"%&\'()*+,\\-./0-9:;<=>?A-Z_a-z'
const ONLY_82 = new RegExp(`^[${CHARACTERS_82}]*$`)

function isSerial(text: string): boolean {
  return ONLY_82.test(text)
}

/** Check digit of the digits before it: weights 3, 1, 3 … from the right, then what is missing to the next ten. */
export function gs1CheckDigit(digits: string): number {
  const sum = [...digits]
    .reverse()
    .reduce((total, digit, place) => total + Number(digit) * (place % 2 === 0 ? 3 : 1), 0)
  return (10 - (sum % 10)) % 10
}
