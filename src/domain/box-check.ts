import { isFailure } from './gs1-field.ts'
import { readPart, type ScanPart } from './scan-part.ts'

/** What the label of the box, its container and its loggers must say; null where nothing is on file. */
export type ExpectedBox = {
  readonly sscc: string | null
  readonly coi: string | null
  /** Of the order; null also without an order. */
  readonly orderCoi: string | null
  readonly container: { readonly serial: string; readonly grai: string | null } | null
  /** Serials of the sensors that ride along; one registered as `(8004)…` is an asset number. */
  readonly loggers: readonly string[]
}

export const BOX_FIELDS = ['sscc', 'coi', 'container', 'logger'] as const
export type BoxField = (typeof BOX_FIELDS)[number]

/**
 * One thing of the box: `differs` as soon as anything read of it is not what is on file, `not_read` where nothing was,
 * `not_on_file` where there is nothing to compare with.
 */
export type BoxAnswer = {
  readonly field: BoxField
  readonly result: 'match' | 'mismatch' | 'not_read' | 'not_on_file'
  readonly expected: readonly string[]
  readonly found: readonly string[]
}

/**
 * The outer label, container and loggers against shipment and order (domain page 4.5: outer label against the order,
 * container id, logger id). Everything given is compared: the newest reading of each person.
 */
export function boxCheck(readings: readonly BoxReading[], expected: ExpectedBox): BoxAnswer[] {
  const found = readings.flatMap(({ parts, readAt }) => parts.flatMap((part) => foundIn(part, readAt)))
  return BOX_FIELDS.map((field) => {
    const texts = [...new Set(found.filter((one) => one.field === field).map(({ text }) => text))]
    const names = namesOf(field, expected)
    const isRight = (text: string) => names.every((allowed) => allowed.includes(text))
    const result =
      texts.length === 0 ? 'not_read' : names.length === 0 ? 'not_on_file' : texts.every(isRight) ? 'match' : 'mismatch'
    return { field, result, expected: [...new Set(names.flat())], found: texts }
  })
}

export type BoxReading = { readonly parts: readonly ScanPart[]; readonly readAt: number }

/** Each list is one word on what may be read: that of the shipment, that of the order. All must allow it. */
function namesOf(field: BoxField, { sscc, coi, orderCoi, container, loggers }: ExpectedBox): string[][] {
  switch (field) {
    case 'sscc':
      return sscc === null ? [] : [[sscc]]
    case 'coi':
      return [coi, orderCoi].flatMap((code) => (code === null ? [] : [[code]]))
    case 'container':
      return container === null ? [] : [[container.serial, ...(container.grai === null ? [] : [container.grai])]]
    case 'logger':
      return loggers.length === 0 ? [] : [loggers.flatMap((serial) => [serial, serial.replace(/^\(8004\)/, '')])]
  }
}

type Found = { field: BoxField; text: string }

function foundIn(part: ScanPart, readAt: number): Found[] {
  const read = readPart(part, readAt)
  if (isFailure(read)) return []
  if (read.kind !== 'label') {
    const key = read.kind === 'container' ? read.scan?.keys.grai : read.scan?.keys.giai
    return [{ field: read.kind, text: key ?? read.text }]
  }
  if (read.part.kind === 'coi') return [{ field: 'coi', text: read.part.text }]
  if (read.part.kind !== 'scan') return []
  const { sscc, grai, giai } = read.part.scan.keys
  const keyed: [BoxField, string | null][] = [
    ['sscc', sscc],
    ['container', grai],
    ['logger', giai],
  ]
  return keyed.flatMap(([field, text]) => (text === null ? [] : [{ field, text }]))
}
