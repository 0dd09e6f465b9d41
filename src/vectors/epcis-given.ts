import type { EpcisBody } from '../documents/epcis-event.ts'
import { type SensorSaid, sensorBody } from '../documents/epcis-sensor-body.ts'
import type { EpcisTerms } from '../documents/epcis-terms.ts'
import { boxEpc, sensorEpc } from '../documents/epcis-things.ts'
import { CUSTODY_KINDS, type CustodyKind, type CustodyStatement } from '../domain/custody-event.ts'
import type { RecordedEntry, ShipmentRecord } from '../domain/shipment-record.ts'
import { keysOf, type Told, toldSchema } from './epcis-told.ts'

/**
 * The custody facts that a published EPCIS event tells, read back from its data: when, where, who, which things, which
 * numbers. Its EPCIS terms are not looked at: those are the mapping's to find. A text says why there are none.
 */
export function givenFor(published: string, expected: unknown, kindOfId: KindOfId): Given | string {
  const parsed = toldSchema.safeParse(expected)
  if (!parsed.success) return parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')
  const told = parsed.data
  if (published === 'sensor_summary') return { body: summaryOf(told), eventID: told.eventID }
  const name = published === 'correction' ? kindOfId.get(told.eventID) : published
  const kind = RENAMED.get(name) ?? CUSTODY_KINDS.find((one) => one === name)
  if (kind === undefined) return `no custody kind is known for "${name ?? published}"`
  return givenBy(statements(kind, told), told)
}

/** Which published kind stands under an event id in the file: a correction has the id of the event it is about. */
export type KindOfId = ReadonlyMap<string, string>

export type Given = { record: ShipmentRecord; terms: EpcisTerms } | { body: EpcisBody; eventID: string }

/** Kinds that the file calls otherwise than the ledger does. */
const RENAMED: ReadonlyMap<string | undefined, CustodyKind> = new Map<string, CustodyKind>([
  ['handover', 'handover_accept'],
  ['arrived_hub', 'arrived'],
  ['inspected_ok', 'inspected'],
])

type Stated = { readonly said: CustodyStatement; readonly recordedAt: number; readonly id: string }

/** What led up to it, the event itself, and its correction, in order of recording. */
function statements(kind: CustodyKind, told: Told): Stated[] {
  const said = statementOf(kind, told)
  const before = leadingUp(kind, told).map((one) => ({ said: one, recordedAt: one.at, id: 'urn:uuid:before' }))
  const itself = { said, recordedAt: told.eventTime, id: told.eventID }
  if (told.errorDeclaration === undefined) return [...before, itself]
  const { declarationTime: at, correctiveEventIDs } = told.errorDeclaration
  const id = correctiveEventIDs[0]
  const replacement = id === undefined ? null : { ...said, reason: 'what was meant' }
  const corrects = before.length + 1
  const correction = { kind: 'correction' as const, at, byOrg: said.byOrg, units: [], corrects, replacement }
  return [...before, itself, { said: correction, recordedAt: at, id: id ?? 'urn:uuid:none' }]
}

function leadingUp(kind: CustodyKind, told: Told): CustodyStatement[] {
  const { from: byOrg, to: toOrg } = keysOf(told)
  if (byOrg === undefined) return []
  const [at, units] = [told.eventTime, []]
  if (kind === 'received') return [{ kind: 'handover_accept', at, byOrg, units }]
  if (kind !== 'handover_accept') return []
  return [
    {
      kind: 'handover_release',
      at: told['cc:releasedAt'] ?? at,
      byOrg,
      toOrg,
      units,
      handoverId: told['cc:handoverId'],
    },
  ]
}

function statementOf(kind: CustodyKind, told: Told): CustodyStatement {
  const { units, from, to, gln, giai, waybill, rma } = keysOf(told)
  const takes = kind === 'handover_accept' || kind === 'received'
  const details = {
    ...(kind === 'logger_paired' && giai !== null && { sensorId: SENSOR }),
    ...(waybill !== undefined && { waybill }),
    ...(rma !== undefined && { rma }),
    ...(told['cc:sealCheck'] !== undefined && { sealCheck: told['cc:sealCheck'] }),
    ...(told['cc:verdict'] !== undefined && { verdict: told['cc:verdict'] }),
    ...(told['cc:findings'] !== undefined && { findings: told['cc:findings'] }),
  }
  return {
    kind,
    at: told.eventTime,
    byOrg: (takes ? to : from) ?? gln,
    toOrg: takes ? undefined : to,
    units: units.map(({ code }) => code),
    coi: told['cc:coi'],
    seals: told['cc:seals'],
    reason: told['cc:reason'],
    handoverId: told['cc:handoverId'],
    signature: told['cc:signatureId'],
    witness: told['cc:witness'],
    // where it is delivered is known without a word: at the consignee's
    place: kind === 'delivered' ? undefined : told.readPoint.id,
    tzOffset: told.eventTimeZoneOffset,
    details,
  }
}

function givenBy(stated: readonly Stated[], told: Told): Given {
  const ledger = stated.map(({ said, recordedAt }, index): RecordedEntry => {
    return { event: { ...said, seq: index + 1, recordedAt }, hash: String(index) }
  })
  const eventId: EpcisTerms['eventId'] = ({ ordinal }) => stated[ordinal - 1]?.id ?? ''
  const record = recordOf(told)
  // whose place it is matters where nobody says so, and would make any other place one that is known
  const isUnsaid = stated.some(({ said }) => said.kind === 'delivered')
  const shipment = isUnsaid ? { ...record.shipment, consigneeOrg: keysOf(told).gln } : record.shipment
  return { record: { ...record, shipment, ledger }, terms: { ...ADDRESSES, eventId } }
}

const ADDRESSES = { idUrl: 'https://id.example.org', apiUrl: 'https://coldchain.example.org' }
const SENSOR = 42

function recordOf(told: Told): ShipmentRecord {
  const { sscc, grai, giai, units, gln, registeredGln } = keysOf(told)
  const site = { id: 1, org: gln, name: 'site', timeZone: 'UTC', knownAt: 0 }
  return {
    shipment: {
      id: 1,
      reference: told['cc:shipmentId'] ?? '',
      sscc,
      coi: null,
      senderOrg: 'organisation:1',
      consigneeOrg: 'organisation:2',
    },
    container: grai === null ? null : { id: 1, grai },
    units,
    sites: registeredGln === null ? [] : [{ ...site, gln: registeredGln }],
    sensors: giai === null ? [] : [{ id: SENSOR, serial: `(8004)${giai}`, knownAt: 0 }],
    ledger: [],
    placements: [],
    evaluations: [],
  }
}

/** A summary comes from readings, which the file does not have: its numbers and addresses are the facts. */
function summaryOf(told: Told): EpcisBody {
  const record = recordOf(told)
  const terms = { ...ADDRESSES, eventId: () => '' }
  const sensors = told.sensorElementList.map(({ sensorMetadata, sensorReport }): SensorSaid => {
    const { startTime: fromAt, endTime: toAt, deviceID: _device, ...addresses } = sensorMetadata
    const [values] = sensorReport.filter(({ meanValue }) => meanValue !== undefined)
    return {
      ...addresses,
      during: { fromAt, toAt },
      deviceID: sensorEpc(record, SENSOR, terms),
      measure: {
        lowestMilliC: milli(values?.minValue),
        highestMilliC: milli(values?.maxValue),
        meanMilliC: milli(values?.meanValue),
      },
      exceptions: sensorReport.flatMap(({ time }) =>
        time === undefined ? [] : [{ exception: 'ALARM_CONDITION' as const, at: time, own: {} }],
      ),
    }
  })
  return sensorBody({
    at: told.eventTime,
    offset: told.eventTimeZoneOffset,
    epc: boxEpc(record, terms),
    readPoint: told.readPoint.id,
    sensors,
    own: {
      ...(told['cc:shipmentId'] !== undefined && { 'cc:shipmentId': told['cc:shipmentId'] }),
      ...(told['cc:coi'] !== undefined && { 'cc:coi': told['cc:coi'] }),
    },
  })
}

function milli(celsius: number | undefined): number | null {
  return celsius === undefined ? null : Math.round(celsius * 1000)
}
