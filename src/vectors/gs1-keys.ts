import { z } from 'zod'
import { type Gs1Key, gs1Problem } from '../domain/gs1.ts'
import { epcToLink, epcUrn, linkToEpc, parseEpcUrn } from '../domain/gs1-epc.ts'
import { isFailure } from '../domain/gs1-field.ts'
import { digitalLink, parseDigitalLink } from '../domain/gs1-link.ts'
import { parseScan } from '../domain/gs1-scan.ts'
import { dinCheckCharacter } from '../domain/isbt128.ts'
import { type CaseResult, compareCase, malformedFile } from './result.ts'

/** Files this module checks. */
export const schema = 'coldchain-vectors/gs1-keys@1'

/** Runs every case of `gs1-keys.json`: check digits, EPC URN and Digital Link both ways, barcodes, check characters. */
export function check(file: unknown): CaseResult[] {
  const parsed = fileSchema.safeParse(file)
  if (!parsed.success) return malformedFile(parsed.error)
  const { keys, mappings, barcodes, isbt128 } = parsed.data
  return [
    ...keys.map(({ key, value, valid, reason }) =>
      compareCase(`key ${key} ${value}`, valid ? null : (reason ?? 'a reason'), gs1Problem(KEYS[key], value)),
    ),
    ...mappings.map(mappingResult),
    ...barcodes.map(barcodeResult),
    ...isbt128.vectors.map(({ data, check }) => compareCase(`isbt128 ${data}`, check, dinCheckCharacter(data))),
  ]
}

const KEYS: Record<'GTIN-14' | 'SSCC' | 'GLN', Gs1Key> = { 'GTIN-14': 'GTIN', SSCC: 'SSCC', GLN: 'GLN' }
const fields = z.record(z.string(), z.string())
const mapping = z.object({
  what: z.string(),
  keys: fields,
  gcpLength: z.int(),
  epc: z.string(),
  digitalLink: z.string(),
})
const barcode = z.object({
  id: z.string(),
  raw: z.string(),
  expected: fields.nullable(),
  expiryDate: z.string().optional(),
  error: z.string().optional(),
})
const fileSchema = z.object({
  schema: z.literal(schema),
  keys: z.array(
    z.object({
      key: z.enum(['GTIN-14', 'SSCC', 'GLN']),
      value: z.string(),
      valid: z.boolean(),
      reason: z.string().optional(),
    }),
  ),
  mappings: z.array(mapping),
  barcodes: z.array(barcode),
  isbt128: z.object({ vectors: z.array(z.object({ data: z.string(), check: z.string() })) }),
})

/** One mapping is right when all six ways between fields, URN and link agree. */
function mappingResult(given: z.infer<typeof mapping>): CaseResult {
  const { what, keys, gcpLength, epc, digitalLink: link } = given
  const ofUrn = parseEpcUrn(epc)
  const ofLink = parseDigitalLink(link)
  return compareCase(
    `mapping ${what}`,
    { epc, link, fieldsOfEpc: keys, prefixLength: gcpLength, fieldsOfLink: keys, epcToLink: link, linkToEpc: epc },
    {
      epc: epcUrn(keys, gcpLength),
      link: digitalLink(keys),
      fieldsOfEpc: isFailure(ofUrn) ? ofUrn : ofUrn.fields,
      prefixLength: isFailure(ofUrn) ? null : ofUrn.prefixLength,
      fieldsOfLink: isFailure(ofLink) ? ofLink : ofLink.fields,
      epcToLink: epcToLink(epc),
      linkToEpc: linkToEpc(link, gcpLength),
    },
  )
}

/** The years of the published dates are those nearest to the year they were published in. */
const PUBLISHED_AT = Date.UTC(2026, 0, 1)

function barcodeResult({ id, raw, expected, expiryDate, error }: z.infer<typeof barcode>): CaseResult {
  const scan = parseScan(raw, PUBLISHED_AT)
  const actual = isFailure(scan)
    ? { fields: null, expiryDate: null, error: scan.problem }
    : { fields: scan.fields, expiryDate: scan.expiry?.date ?? null, error: null }
  return compareCase(id, { fields: expected, expiryDate: expiryDate ?? null, error: error ?? null }, actual)
}
