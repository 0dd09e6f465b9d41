import type { Tx } from '../../db/connect.ts'
import { CERTIFICATE_SCHEMA, type CertificateBody } from '../domain/certificate-form.ts'
import { certifiedCustody, correctedEvents } from '../domain/certified.ts'
import { canonical, int, text } from '../domain/codec.ts'
import { type Judgeable, judgeAgain } from '../domain/judge-again.ts'
import type { LedgerEntry } from '../domain/ledger.ts'
import { custodyEvents } from '../domain/ledger-events.ts'
import { certifiedChanges } from './certificate-changes.ts'
import { certifiedPlacements } from './certificate-readings.ts'
import { certifiedReceipt, newestReceiptWord } from './certificate-receipt.ts'
import { loadRegisters } from './certificate-registers.ts'
import { type CertifiedBudgets, certifiedUnits, newestScan } from './certificate-units.ts'
import { READINGS_ROOT } from './custody-ledger.ts'
import type { ShipmentFacts } from './judging-facts.ts'
import { ledgerExport } from './ledger-exports.ts'
import { softwareVersion } from './software-version.ts'

/** All that a certificate says of a shipment that is ready for one: its readings are rooted, its head is stamped. */
export async function certificateBody(
  tx: Tx,
  facts: ShipmentFacts,
  budgets: CertifiedBudgets,
): Promise<CertificateBody> {
  const { shipmentId } = facts
  const { entries, stamps, keys } = await ledgerExport(tx, shipmentId)
  const events = eventsOf(entries)
  const registers = await loadRegisters(tx, facts)
  const { versions, current } = await loadVersions(tx, shipmentId)
  const changes = [...correctedEvents(events), ...(await certifiedChanges(tx, facts))]
  const software = { version: softwareVersion(), judgeVersion: facts.judge.version }
  const judgeable: Judgeable = { ...registers, software, placements: await certifiedPlacements(tx, facts), events }
  const judged = judgeAgain(judgeable)
  if (judged === null) throw new Error(`judge ${facts.judge.version} made an evaluation and is not kept`)
  const { content, inputs, statistics, temperature, monitored } = judged
  const { shipment, profile, sensors, ...others } = registers
  const known = [
    ...entries.map(({ recordedAt }) => Date.parse(String(recordedAt))),
    ...stamps.map(({ stampedAt }) => stampedAt),
    ...keys.map(({ fromAt }) => fromAt),
    ...versions.map(({ knownAt }) => knownAt),
    ...changes.map(({ at }) => at),
    (await newestScan(tx, shipmentId)) ?? 0,
    await newestReceiptWord(tx, shipmentId),
  ]
  const asOf = Math.max(...known)
  return {
    schema: CERTIFICATE_SCHEMA,
    software,
    asOf,
    shipment,
    units: await certifiedUnits(tx, { shipmentId, asOf, budgets }),
    ...others,
    profile,
    sensors,
    placements: judgeable.placements,
    evaluation: { ...current, ...hashed({ content, inputs, statistics }) },
    versions,
    temperature,
    monitored,
    changedSinceFirstEntry: changes.length > 0,
    changes,
    custody: certifiedCustody(events, { asOf, shipment }),
    receipt: await certifiedReceipt(tx, { shipmentId, asOf, budgets: budgets.states }),
    ledger: { entries, stamps },
    keys,
    proof: proofOf(entries),
  }
}

function eventsOf(entries: readonly LedgerEntry[]) {
  const events = custodyEvents(entries)
  if ('problem' in events) throw new Error(`a ledger holds what was never recorded: ${events.problem}`)
  return events.value
}

/** As it is hashed, which is what it says in the certificate. */
function hashed(judged: { content: unknown; inputs: unknown; statistics: unknown }) {
  return {
    content: canonical.read(judged.content, 'content'),
    inputs: canonical.read(judged.inputs, 'inputs'),
    statistics: canonical.read(judged.statistics, 'statistics'),
  }
}

async function loadVersions(tx: Tx, shipmentId: number) {
  const rows = await tx
    .selectFrom('evaluation')
    .select(['version', 'known_at', 'status', 'content_sha256', 'inputs_sha256'])
    .where('shipment_id', '=', shipmentId)
    .orderBy('version')
    .execute()
  const versions = rows.map((row) => ({
    version: row.version,
    knownAt: row.known_at,
    status: row.status,
    contentSha256: row.content_sha256,
    inputsSha256: row.inputs_sha256,
  }))
  const current = versions.at(-1)
  if (current === undefined) throw new Error(`shipment ${shipmentId} is closed and was never judged`)
  const { version, contentSha256, inputsSha256 } = current
  return { versions, current: { version, contentSha256, inputsSha256 } }
}

function proofOf(entries: readonly LedgerEntry[]): CertificateBody['proof'] {
  const newest = entries.findLast(({ kind }) => kind === READINGS_ROOT)
  if (newest === undefined) throw new Error('a certificate was asked for before the readings were rooted')
  return { seq: newest.seq, readings: int.read(newest.readings, 'readings'), root: text.read(newest.root, 'root') }
}
