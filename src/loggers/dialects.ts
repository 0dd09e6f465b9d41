import type { Dialect } from './dialect.ts'
import { anyDialect } from './dialects/any.ts'
import { berlinger } from './dialects/berlinger.ts'
import { hobo } from './dialects/hobo.ts'
import { lascar } from './dialects/lascar.ts'
import { maxim } from './dialects/maxim.ts'
import { ruuvi } from './dialects/ruuvi.ts'
import { wellzion } from './dialects/wellzion.ts'

/** The dialects with a description of their own; none of them is recognised in a file of another. */
export const DIALECTS: readonly Dialect[] = [berlinger, maxim, lascar, hobo, wellzion, ruuvi]

/** The dialect of a file by its head (its first lines, joined); any other file is read by what its table shows. */
export function dialectOf(head: string): Dialect {
  return DIALECTS.find(({ recognise }) => recognise.every((pattern) => pattern.test(head))) ?? anyDialect
}
