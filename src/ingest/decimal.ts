/** A decimal number without rounding: `units` x 10^-`scale`; scale is not negative. */
export type Decimal = { readonly units: bigint; readonly scale: number }

/** What a double prints as: its shortest decimal text that reads back as the same double. */
const PRINTED = /^(-?\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/

/** A finite double as the shortest decimal that means it: 8.04 is 8.04, not 8.0399999. Null for NaN and infinities. */
export function decimalOf(value: number | bigint): Decimal | null {
  const parts = PRINTED.exec(String(value))
  if (parts === null) return null
  const [, whole = '', fraction = '', exponent = '0'] = parts
  return scaled(BigInt(whole + fraction), fraction.length - Number(exponent))
}

/** `units` x 10^-`scale` for a scale of any sign. */
export function scaled(units: bigint, scale: number): Decimal {
  return scale < 0 ? { units: units * 10n ** BigInt(-scale), scale: 0 } : { units, scale }
}

/** The exact sum. */
export function sumOf(a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(a.scale, b.scale)
  return { units: unitsAt(a, scale) + unitsAt(b, scale), scale }
}

/** The whole multiples of 10^-`scale` in it, truncated towards zero, and whether nothing was cut off. */
export function truncated({ units, scale }: Decimal, toScale: number): { units: bigint; exact: boolean } {
  if (scale <= toScale) return { units: unitsAt({ units, scale }, toScale), exact: true }
  const one = 10n ** BigInt(scale - toScale)
  return { units: units / one, exact: units % one === 0n }
}

/** Plain decimal text without exponent: `-195.8`. */
export function decimalText({ units, scale }: Decimal): string {
  const digits = String(units < 0n ? -units : units).padStart(scale + 1, '0')
  const text = scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`
  return units < 0n ? `-${text}` : text
}

function unitsAt({ units, scale }: Decimal, toScale: number): bigint {
  return units * 10n ** BigInt(toScale - scale)
}
