import { z } from '@hono/zod-openapi'
import type { ShownScan } from '../actions/scans.ts'
import type { ShownIdentity } from '../actions/shipment-identity.ts'
import { BOX_FIELDS } from '../domain/box-check.ts'
import { isFailure } from '../domain/gs1-field.ts'
import { readPart, type ScanPart, symbologyOf } from '../domain/scan-part.ts'
import type { UnitIdentity } from '../domain/shipment-identity.ts'
import { isoInstant } from '../domain/units.ts'
import { printedInstant } from './inputs.ts'

const part = z.object({
  entry: z.enum(['scanned', 'typed']),
  of: z.string(),
  raw: z.string().meta({ description: 'exactly as it came' }),
  symbology: z.string().nullable().meta({ description: 'AIM identifier, where the scanner told it' }),
  form: z.string().nullable(),
  fields: z.record(z.string(), z.string()).nullable().meta({ description: 'GS1 application identifiers and values' }),
  problem: z
    .object({ code: z.string(), detail: z.string() })
    .nullable()
    .meta({ description: 'why it cannot be read, and what to do' }),
})

/** A scan, hidden or shown. */
export const scan = z
  .object({
    id: z.int(),
    unit: z.string().nullable().meta({ description: 'the bag that was meant; null: the box' }),
    organisationId: z.int(),
    person: z.string(),
    at: printedInstant,
    knownAt: printedInstant,
    hidden: z.boolean().meta({ description: 'you are still to read this label yourself; only then it is shown' }),
    place: z.string().nullable(),
    remark: z.string().nullable(),
    parts: z.array(part).nullable(),
  })
  .openapi('LabelScan')

const difference = z.object({
  field: z.string(),
  person: z.enum(['first', 'second', 'further', 'between_people']),
  against: z.enum(['shipment', 'order', 'other_person']),
  expected: z.string(),
  found: z.string(),
  maybe: z.enum(['separator_lost']).nullable(),
})

/** How the label of a bag stands. */
export const unitIdentity = z
  .object({
    unit: z.string(),
    onPackingList: z.boolean(),
    result: z.enum(['match', 'mismatch', 'unverified']),
    differs: z.array(difference),
    open: z.array(z.string()).meta({ description: 'what keeps it unverified' }),
    typed: z.boolean().meta({ description: 'something was typed instead of scanned' }),
    readers: z.int().meta({ description: 'how many people have read it' }),
    blindReaders: z.int().meta({ description: 'of them without having seen another’s result' }),
    expiry: z
      .object({ earliestAt: printedInstant, latestAt: printedInstant })
      .nullable()
      .meta({ description: 'both readings of the expiry; equal where the sponsor gave an instant' }),
    expiryFindings: z.array(z.string()).meta({ description: 'EXPIRED, EXPIRY_UNCLEAR, or nothing' }),
  })
  .openapi('UnitIdentity')

/** How the label of the box, its container and its loggers stand. */
export const boxIdentity = z
  .array(
    z.object({
      field: z.enum(BOX_FIELDS),
      result: z.enum(['match', 'mismatch', 'not_read', 'not_on_file']),
      expected: z.array(z.string()),
      found: z.array(z.string()),
    }),
  )
  .openapi('BoxIdentity')

/** Prints a scan; its parts are read again for the answer, as they were when it was recorded. */
export function printScan({ shown, ...found }: ShownScan): z.infer<typeof scan> {
  const { id, organisationId } = found
  return {
    ...{ id, organisationId },
    unit: found.unitCode,
    person: found.personName,
    at: isoInstant(found.readAt),
    knownAt: isoInstant(found.knownAt),
    hidden: shown === null,
    place: shown?.place ?? null,
    remark: shown?.remark ?? null,
    parts: shown?.parts.map((one) => printPart(one, found.readAt)) ?? null,
  }
}

function printPart(given: ScanPart, readAt: number): z.infer<typeof part> {
  const { entry, of, raw } = given
  const said = { entry, of, raw, symbology: symbologyOf(given) }
  const read = readPart(given, readAt)
  if (isFailure(read))
    return { ...said, form: null, fields: null, problem: { code: read.problem, detail: read.detail } }
  const code = read.kind === 'label' ? (read.part.kind === 'scan' ? read.part.scan : null) : read.scan
  return { ...said, form: code?.form ?? null, fields: code && { ...code.fields }, problem: null }
}

/** Prints how a bag's label stands. Who read it is told by the scans. */
export function printUnitIdentity({ code, check, expiry, ...rest }: UnitIdentity): z.infer<typeof unitIdentity> {
  return {
    unit: code,
    onPackingList: rest.onPackingList,
    result: check.result,
    differs: [...check.differs],
    open: [...check.open],
    typed: check.typed,
    readers: check.readers.length,
    blindReaders: check.readers.filter(({ blind }) => blind).length,
    expiry: expiry && { earliestAt: isoInstant(expiry.earliestAt), latestAt: isoInstant(expiry.latestAt) },
    expiryFindings: [...rest.expiryFindings],
  }
}

/** Prints how the box stands. */
export function printBox(found: NonNullable<ShownIdentity['box']>): z.infer<typeof boxIdentity> {
  return found.map(({ field, result, expected, found: texts }) => {
    return { field, result, expected: [...expected], found: [...texts] }
  })
}
