import { type Selectable, sql } from 'kysely'
import { z } from 'zod'
import type { Tx } from '../../db/connect.ts'
import type { Tables } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import type { Actor } from '../domain/actor.ts'
import { askerKey } from '../domain/reader.ts'
import type { Refusal } from '../domain/refusal.ts'
import { SCAN_SUBJECTS, type ScanPart, TYPED_SUBJECTS } from '../domain/scan-part.ts'
import type { LabelScan } from '../domain/shipment-identity.ts'
import { type Listing, listing, type Page } from './page.ts'
import { refuseUnlessSeen } from './shipments.ts'

/** What one person read of one label at once, as it is stored. */
export type StoredScan = LabelScan & {
  id: number
  shipmentId: number
  organisationId: number
  personName: string
  place: string | null
  remark: string | null
  knownAt: number
}

/** A scan as an asker may see it: null where it is kept from them, so that they read blindly. */
export type ShownScan = Pick<StoredScan, 'id' | 'unitCode' | 'organisationId' | 'personName' | 'readAt' | 'knownAt'> & {
  shown: Pick<StoredScan, 'place' | 'remark' | 'parts'> | null
}

/** Which scans, and for whom: a machine names the person it asks for. */
export type AskedScans = { shipmentId: number; person: string | null; page: Page }

/**
 * The scans of a shipment in order of recording. What the asker's own organisation read off a label is shown to those
 * of its people who have read that label themselves, and to no other of them (`maySeeReadings`); other parties see it.
 */
export async function listScans(ctx: Ctx, actor: Actor, asked: AskedScans): Promise<Listing<ShownScan> | Refusal> {
  return ctx.db.kysely.transaction().execute(async (tx) => {
    const refusal = await refuseUnlessSeen(tx, actor, asked.shipmentId)
    if (refusal !== null) return refusal
    const rows = await tx
      .selectFrom('label_scan')
      .selectAll()
      .where('shipment_id', '=', asked.shipmentId)
      .where('id', '>', asked.page.after ?? 0)
      .orderBy('id')
      .limit(asked.page.limit + 1)
      .execute()
    const { items, next } = listing(rows, asked.page.limit, ({ id }) => id)
    const key = askerKey(actor, asked.person)
    const own = await labelsReadBy(tx, actor, { shipmentId: asked.shipmentId, key })
    const isShown = (scan: StoredScan) => scan.organisationId !== actor.organisationId || own.has(scan.unitCode)
    return { items: items.map(storedScan).map((scan) => shownScan(scan, isShown(scan))), next }
  })
}

type Reads = Pick<Tx, 'selectFrom'>

/** The labels a person of the actor's organisation has read; null is that of the box. */
async function labelsReadBy(
  db: Reads,
  actor: Actor,
  { shipmentId, key }: { shipmentId: number; key: string | null },
): Promise<Set<string | null>> {
  const rows = await db
    .selectFrom('label_scan')
    .select('unit_code')
    .distinct()
    .where('shipment_id', '=', shipmentId)
    .where('organisation_id', '=', actor.organisationId)
    .where('person_key', '=', key)
    .execute()
  return new Set(rows.map((row) => row.unit_code))
}

function shownScan({ place, remark, parts, ...scan }: StoredScan, isShown: boolean): ShownScan {
  const { id, unitCode, organisationId, personName, readAt, knownAt } = scan
  return { id, unitCode, organisationId, personName, readAt, knownAt, shown: isShown ? { place, remark, parts } : null }
}

/** What the people of one organisation read off the labels of a shipment, in order of recording. */
export async function loadScans(db: Reads, of: { shipmentId: number; organisationId: number }): Promise<StoredScan[]> {
  const rows = await db
    .selectFrom('label_scan')
    .selectAll()
    .where('shipment_id', '=', of.shipmentId)
    .where('organisation_id', '=', of.organisationId)
    .orderBy('id')
    .execute()
  return rows.map(storedScan)
}

const text = { raw: z.string(), symbology: z.string().nullable() }
const parts = z.array(
  z.discriminatedUnion('entry', [
    z.object({ entry: z.literal('scanned'), of: z.enum(SCAN_SUBJECTS), ...text }),
    z.object({ entry: z.literal('typed'), of: z.enum(TYPED_SUBJECTS), ...text }),
  ]),
)

/** A row as a scan. */
export function storedScan(row: Selectable<Tables['label_scan']>): StoredScan {
  return {
    id: row.id,
    shipmentId: row.shipment_id,
    unitCode: row.unit_code,
    organisationId: row.organisation_id,
    person: row.person_key,
    personName: row.person_name,
    readAt: row.read_at,
    place: row.place,
    remark: row.remark,
    parts: parts.parse(row.parts),
    knownAt: row.known_at,
  }
}

/** Parts for their column: escaped as JSON has it, a scanner's NUL or broken Unicode is stored as it came. */
export function partsColumn(given: readonly ScanPart[]) {
  return sql<unknown>`${JSON.stringify(given)}::json`
}
