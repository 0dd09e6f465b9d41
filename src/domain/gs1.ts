/** GS1 keys with a check digit that the service reads (domain page section 5.1). */
export type Gs1Key = 'GLN' | 'GTIN' | 'SSCC'

const LENGTHS: Record<Gs1Key, readonly number[]> = { GLN: [13], GTIN: [8, 12, 13, 14], SSCC: [18] }

/** Why a text is no valid key. */
export type Gs1Problem = 'NON_DIGIT' | 'LENGTH' | 'CHECK_DIGIT'

/** What is wrong with a GLN, GTIN or SSCC in plain digits; null when it is valid. */
export function gs1Problem(key: Gs1Key, text: string): Gs1Problem | null {
  if (!/^[0-9]+$/.test(text)) return 'NON_DIGIT'
  if (!LENGTHS[key].includes(text.length)) return 'LENGTH'
  return gs1CheckDigit(text.slice(0, -1)) === Number(text.slice(-1)) ? null : 'CHECK_DIGIT'
}

/** Check digit of the digits before it: weights 3, 1, 3 … from the right, then what is missing to the next ten. */
export function gs1CheckDigit(digits: string): number {
  const sum = [...digits]
    .reverse()
    .reduce((total, digit, place) => total + Number(digit) * (place % 2 === 0 ? 3 : 1), 0)
  return (10 - (sum % 10)) % 10
}
