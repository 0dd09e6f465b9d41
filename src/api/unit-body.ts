import { z } from '@hono/zod-openapi'
import { parseLocalExpiry } from '../domain/gs1-date.ts'
import { isFailure } from '../domain/gs1-field.ts'
import { parseEnteredDin } from '../domain/isbt128.ts'
import { gtin, line, moment } from './inputs.ts'

/** A donation number; kept without its check character, which is checked where it is given. */
const din = z
  .string()
  .max(40)
  .transform((text, context) => {
    const read = parseEnteredDin(text)
    if (!isFailure(read)) return read.din
    context.addIssue({ code: 'custom', message: read.detail })
    return z.NEVER
  })
  .meta({
    type: 'string',
    description: 'ISBT 128 donation number: 13 characters, with the check character behind them, or as scanned (=…)',
  })

/** What tells a bag from others, in orders and shipments alike. */
export const unitIdentity = { gtin: gtin.nullish(), serial: line.nullish(), din: din.nullish(), lot: line.nullish() }

/** A day or minute as a label prints it, of no zone; kept as text. */
const expiryLocal = z
  .string()
  .refine(
    (text) => parseLocalExpiry(text) !== null,
    'must be a day or minute as printed: YYYY-MM-DD or YYYY-MM-DDTHH:MM',
  )
  .meta({
    type: 'string',
    description: 'as printed, without zone, where the sponsor gives no instant: unclear between its readings',
  })

/** A bag of the packing list. */
export const unitBody = z
  .object({
    code: line.meta({ description: 'the code on the bag’s label' }),
    ...unitIdentity,
    expiryAt: moment.nullish(),
    expiryLocal: expiryLocal.nullish(),
  })
  .refine(({ expiryAt, expiryLocal: local }) => expiryAt == null || local == null, {
    path: ['expiryLocal'],
    message: 'leave it out where expiryAt says the instant',
  })
  .transform(({ code, gtin = null, serial = null, din = null, lot = null, ...expiry }) => {
    return { code, gtin, serial, din, lot, expiryAt: expiry.expiryAt ?? null, expiryLocal: expiry.expiryLocal ?? null }
  })
