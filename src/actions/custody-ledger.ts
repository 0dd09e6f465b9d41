import { z } from 'zod'
import type { Tx } from '../../db/connect.ts'
import { at } from '../../db/tables.ts'
import { CUSTODY_KINDS, type CustodyEvent, type CustodyStatement } from '../domain/custody-event.ts'
import type { ChainHead, LedgerEntry } from '../domain/ledger.ts'
import { GENESIS } from '../domain/ledger.ts'
import { parseInstant } from '../domain/units.ts'

/**
 * A shipment's ledger in order of recording: all entries as they are hashed, and those among them that say something
 * about custody. The others are the service's own (`readings_root`): they stand in the chain and are no events.
 */
export type Ledger = { events: CustodyEvent[]; entries: LedgerEntry[]; head: ChainHead }

/**
 * Loads a shipment's ledger, or what was known of it by an instant; the events are read from the hashed records, so
 * what is judged is what is proven.
 */
export async function loadLedger(tx: Tx, shipmentId: number, knownAt: number | 'now' = 'now'): Promise<Ledger> {
  const all = tx
    .selectFrom('custody_event')
    .select(['seq', 'kind', 'record', 'prev_hash', 'hash'])
    .where('shipment_id', '=', shipmentId)
  const known = knownAt === 'now' ? all : all.where('known_at', '<=', at(knownAt))
  const rows = await known.orderBy('seq').execute()
  const entries = rows.map((row) => ({
    ...ledgerRecord.parse(row.record),
    seq: row.seq,
    prevHash: row.prev_hash,
    hash: row.hash,
  }))
  const last = entries.at(-1)
  return {
    events: rows.filter(({ kind }) => kind !== READINGS_ROOT).map(ledgerEvent),
    entries,
    head: last === undefined ? GENESIS : { seq: last.seq, hash: last.hash },
  }
}

/** The kind of the service's own entries. */
export const READINGS_ROOT = 'readings_root'

/** The event in a stored record, which is none of the service's own entries. */
export function ledgerEvent({ record, seq }: { record: unknown; seq: number }): CustodyEvent {
  return { ...storedEvent.parse(record), seq }
}

type Json = string | number | boolean | null | Json[] | { [name: string]: Json }

const canonical: z.ZodType<Json> = z.lazy(() =>
  z.union([z.string(), z.int(), z.boolean(), z.null(), z.array(canonical), z.record(z.string(), canonical)]),
)

const ledgerRecord = z.record(z.string(), canonical)

/** An instant as it stands in a hashed record. */
export const instant = z.string().transform((text, context) => {
  const parsed = parseInstant(text)
  if (typeof parsed === 'object') return parsed.at
  context.addIssue({ code: 'custom', message: `"${text}" in a stored custody event is no instant` })
  return z.NEVER
})

const acknowledgement = z.object({
  name: z.string().optional(),
  company: z.string().optional(),
  code: z.string().optional(),
  waybill: z.string().optional(),
})

const statement = z.object({
  kind: z.enum(CUSTODY_KINDS),
  at: instant,
  byOrg: z.string(),
  units: z.array(z.string()),
  coi: z.string().nullable().optional(),
  seals: z.array(z.string()).optional(),
  reason: z.string().optional(),
  handoverId: z.string().optional(),
  toOrg: z.string().optional(),
  acknowledgement: acknowledgement.optional(),
  signature: z.string().optional(),
  signatures: z.array(canonical).optional(),
  authority: z.string().optional(),
  witness: z.string().optional(),
  replaces: z.array(z.string()).optional(),
  place: z.string().optional(),
  actor: z.string().optional(),
  tzOffset: z.string().optional(),
  details: z.record(z.string(), canonical).optional(),
  corrects: z.int().optional(),
})

const storedEvent = statement.extend({
  recordedAt: instant,
  replacement: statement.extend({ recordedAt: instant.optional() }).nullable().optional(),
})

/** Fields of a statement that its maker gives; organisation, actor, signatures and time of recording are ours. */
export type StatedFields = Omit<CustodyStatement, OfService> & {
  toOrganisationId?: number | undefined
  replacement?: Omit<StatedFields, 'replacement'> | null | undefined
}

type OfService = 'byOrg' | 'actor' | 'toOrg' | 'replacement' | 'signature' | 'signatures'
