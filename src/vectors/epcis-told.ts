import { z } from 'zod'
import { isFailure } from '../domain/gs1-field.ts'
import { parseDigitalLink } from '../domain/gs1-link.ts'
import { instant } from '../fields.ts'

/** The data of a published EPCIS event: everything but its terms (type, action, business step, disposition, reason). */
export type Told = z.output<typeof toldSchema>

const uri = z.string()
const metadata = z.object({
  startTime: instant,
  endTime: instant,
  deviceID: uri,
  deviceMetadata: uri,
  rawData: uri,
  bizRules: uri,
})
const report = z.object({
  minValue: z.number().optional(),
  maxValue: z.number().optional(),
  meanValue: z.number().optional(),
  time: instant.optional(),
})

export const toldSchema = z.object({
  eventID: uri,
  eventTime: instant,
  eventTimeZoneOffset: z.string(),
  epcList: z.array(uri).default([]),
  parentID: uri.optional(),
  childEPCs: z.array(uri).default([]),
  readPoint: z.object({ id: uri }),
  bizLocation: z.object({ id: uri }).optional(),
  sourceList: z.array(z.object({ source: uri })).default([]),
  destinationList: z.array(z.object({ destination: uri })).default([]),
  bizTransactionList: z.array(z.object({ bizTransaction: uri })).default([]),
  sensorElementList: z.array(z.object({ sensorMetadata: metadata, sensorReport: z.array(report) })).default([]),
  errorDeclaration: z.object({ declarationTime: instant, correctiveEventIDs: z.array(uri).default([]) }).optional(),
  'cc:shipmentId': z.string().optional(),
  'cc:coi': z.string().optional(),
  'cc:seals': z.array(z.string()).optional(),
  'cc:handoverId': z.string().optional(),
  'cc:releasedAt': instant.optional(),
  'cc:reason': z.string().optional(),
  'cc:signatureId': z.string().optional(),
  'cc:witness': z.string().optional(),
  'cc:sealCheck': z.string().optional(),
  'cc:verdict': z.string().optional(),
  'cc:findings': z.array(z.string()).optional(),
})

/** The keys in the URIs of an event: of its things, its parties, its place. */
export function keysOf(told: Told) {
  const things = [...told.epcList, told.parentID ?? '', ...told.childEPCs]
  const fields = things.map(fieldsOf)
  const key = (ai: string) => fields.flatMap((one) => one[ai] ?? [])[0] ?? null
  const bags = fields.flatMap(({ '01': gtin, '21': serial }) => (gtin && serial ? [{ gtin, serial }] : []))
  const dins = things.flatMap((thing) => lastAfter('/isbt128/din/', thing))
  return {
    sscc: key('00'),
    grai: key('8003'),
    giai: key('8004') ?? fieldsOf(told.sensorElementList[0]?.sensorMetadata.deviceID ?? '')['8004'] ?? null,
    units: [
      ...bags.map(({ gtin, serial }) => ({ code: serial, gtin, serial, din: null })),
      ...dins.map((din) => ({ code: din, gtin: null, serial: null, din })),
    ],
    from: fieldsOf(told.sourceList[0]?.source ?? '')['417'],
    to: fieldsOf(told.destinationList[0]?.destination ?? '')['417'],
    gln: fieldsOf(told.readPoint.id)['414'] ?? '',
    registeredGln: fieldsOf(told.bizLocation?.id ?? '')['414'] ?? null,
    waybill: told.bizTransactionList.flatMap((one) => lastAfter('/awb/', one.bizTransaction))[0],
    rma: told.bizTransactionList.flatMap((one) => lastAfter('/rma/', one.bizTransaction))[0],
  }
}

function fieldsOf(link: string): Readonly<Record<string, string>> {
  const parsed = parseDigitalLink(link)
  return isFailure(parsed) ? {} : parsed.fields
}

function lastAfter(part: string, address: string): string[] {
  const [, rest] = address.split(part)
  return rest === undefined ? [] : [decodeURIComponent(rest)]
}
