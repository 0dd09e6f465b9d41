import { z } from 'zod'
import type { Tx } from '../../db/connect.ts'
import { at, json } from '../../db/tables.ts'
import { OBSERVATION_UNIT_CODES } from '../domain/quantity.ts'
import { UNIT_CODES } from '../domain/units.ts'
import { DECODERS, type DecodedField, type DecoderName } from '../domain/uplink.ts'

/** How a sensor's uplinks are read; no decoder yet: they wait for one. */
export type LorawanRegistration = { devEui: string; decoder: DecoderName | null; fields: DecodedField[] }

/** What the user reads where another sensor has the DevEUI. */
export const DEV_EUI_TAKEN = {
  lorawan_registration_dev_eui: 'Another sensor is registered with this DevEUI: it names one device in the world.',
}

type Registering = { sensorId: number; registration: LorawanRegistration; reason: string | null; now: number }

/** Inserts a registration; the DevEUI's uniqueness is the database's. */
export async function insertRegistration(tx: Tx, { sensorId, registration, reason, now }: Registering): Promise<void> {
  await tx
    .insertInto('lorawan_registration')
    .values({
      sensor_id: sensorId,
      dev_eui: registration.devEui,
      decoder: registration.decoder,
      fields: json(registration.fields),
      reason,
      known_at: at(now),
    })
    .execute()
}

const storedDecoder = z.enum(DECODERS).nullable()
const storedFields = z.array(
  z.object({
    pointer: z.string(),
    channel: z.string(),
    unit: z.enum([...UNIT_CODES, ...OBSERVATION_UNIT_CODES]),
    faults: z.array(z.string()),
  }),
)

/** A registration as it is stored. */
export function decodingOf(row: { dev_eui: string; decoder: string | null; fields: unknown }): LorawanRegistration {
  return { devEui: row.dev_eui, decoder: storedDecoder.parse(row.decoder), fields: storedFields.parse(row.fields) }
}
