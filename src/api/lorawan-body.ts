import { z } from '@hono/zod-openapi'
import type { LorawanRegistration } from '../actions/lorawan-registration.ts'
import { isObservationUnit, OBSERVATION_UNIT_CODES, quantityOf, sharedBy } from '../domain/quantity.ts'
import { UNIT_CODES } from '../domain/units.ts'
import { DECODERS } from '../domain/uplink.ts'
import { channel, line } from './inputs.ts'

const MAX_FIELDS = 50
const MAX_FAULTS = 20
const MAX_POINTER_CHARS = 200

const unit = z.enum([...UNIT_CODES, ...OBSERVATION_UNIT_CODES])

const field = z
  .object({
    pointer: z
      .string()
      .max(MAX_POINTER_CHARS)
      .regex(/^(?:\/(?:[^~/]|~[01])*)+$/, 'must be a JSON pointer (RFC 6901), such as /TempC_SHT')
      .refine((text) => text.isWellFormed() && !text.includes('\0'), 'is not well-formed')
      .meta({ description: 'where the value stands in the decoded payload' }),
    channel,
    unit: unit.meta({ description: 'UN/ECE Rec 20 code' }),
    faults: z
      .array(z.union([z.number(), line]).transform(String))
      .max(MAX_FAULTS)
      .default([])
      .meta({ description: 'values that mean a fault of the device, such as 327.67' }),
  })
  .superRefine((given, context) => {
    if (!isObservationUnit(given.unit) || quantityOf(given.unit, given.channel) !== null) return
    const names = sharedBy(given.unit)
    const message = `${given.unit} measures several things: name the channel ${names}, or so with _ and more`
    context.addIssue({ code: 'custom', path: ['channel'], message })
  })

/** How a sensor is known to a LoRaWAN network server, as bodies say it. */
export const lorawanFields = {
  devEui: z
    .string()
    .regex(/^[0-9A-Fa-f]{16}$/, 'must be 16 hexadecimal digits')
    .transform((text) => text.toLowerCase()),
  decoder: z.enum(DECODERS).nullish().meta({ description: 'how its bytes are read; null: not known yet' }),
  decoderFields: z.array(field).max(MAX_FIELDS).default([]).meta({ description: 'of the decoder "decoded" only' }),
}

type Given = {
  decoder?: (typeof DECODERS)[number] | null | undefined
  decoderFields: readonly { channel: string; unit: string }[]
}

/** What cannot be between decoder and fields. */
export function refineDecoder({ decoder = null, decoderFields }: Given, context: z.core.$RefinementCtx): void {
  const say = (message: string) => context.addIssue({ code: 'custom', path: ['decoderFields'], message })
  if (decoder === 'decoded' && decoderFields.length === 0) say('name at least one field of the decoded payload')
  if (decoder !== 'decoded' && decoderFields.length > 0) say('are of the decoder "decoded" only')
  const names = decoderFields.map((one) => `${one.channel} ${one.unit}`)
  if (new Set(names).size < names.length) say('name a channel and unit twice: two values could contradict each other')
}

/** The same as answers print it; all null for a sensor that publishes by itself. */
export const lorawanAnswer = {
  devEui: z.string().nullable().meta({ description: 'under which a LoRaWAN network server publishes it' }),
  decoder: z.enum(DECODERS).nullable(),
  decoderFields: z.array(z.object({ pointer: z.string(), channel: z.string(), unit, faults: z.array(z.string()) })),
}

/** Prints it. */
export function printLorawan(registration: LorawanRegistration | null) {
  const { devEui = null, decoder = null, fields = [] } = registration ?? {}
  return { devEui, decoder, decoderFields: fields }
}
