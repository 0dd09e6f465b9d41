/** What a unit is called on its label and papers; null where nobody said. */
export type UnitNames = {
  readonly code: string
  readonly gtin: string | null
  readonly serial: string | null
  readonly din: string | null
  readonly lot: string | null
}

/** A unit as one shipment carries it; epoch milliseconds, null: not packed, window still open. */
export type UnitRow = UnitNames & {
  readonly unitId: number
  readonly shipmentId: number
  readonly packedAt: number | null
  readonly closedAt: number | null
}

/** A unit's ride with a shipment; `untilAt` is where its time with it ends, Infinity while it is still there. */
export type Leg = UnitRow & { readonly untilAt: number }

/**
 * Whether two units of one product are the same bag (domain page 2.6: consumption is carried over legs and owners).
 * GTIN with serial decides where both have it. Else it is the code on the label, unless something that both state
 * contradicts it.
 */
export function isSameUnit(a: UnitNames, b: UnitNames): boolean {
  if (isSerialised(a) && isSerialised(b)) return a.gtin === b.gtin && a.serial === b.serial
  return a.code === b.code && KEYS.every((key) => a[key] === null || b[key] === null || a[key] === b[key])
}

const KEYS = ['gtin', 'serial', 'din', 'lot'] as const

function isSerialised({ gtin, serial }: UnitNames): boolean {
  return gtin !== null && serial !== null
}

/**
 * The rides of one bag in order of packing, those not packed yet last. A bag is in one place: where two windows
 * overlap, because nobody said that the first was opened, its time goes with whatever it was packed into later. So each
 * instant of its life is charged once.
 */
export function legsOf(rows: readonly UnitRow[]): Leg[] {
  const ordered = rows.toSorted((a, b) => packing(a) - packing(b) || a.unitId - b.unitId)
  return ordered.map((row, index) => {
    const nextAt = ordered[index + 1]?.packedAt ?? Number.POSITIVE_INFINITY
    const untilAt = row.packedAt === null ? Number.POSITIVE_INFINITY : Math.min(row.closedAt ?? nextAt, nextAt)
    return { ...row, untilAt }
  })
}

/** Beyond any instant, and a number that can be subtracted. */
const NOT_PACKED = Number.MAX_SAFE_INTEGER

function packing({ packedAt }: UnitRow): number {
  return packedAt ?? NOT_PACKED
}

/** Whether a unit's time with a shipment is over: what it used there no longer grows by itself. */
export function isOver({ untilAt }: Leg): boolean {
  return untilAt !== Number.POSITIVE_INFINITY
}
