import type { Canonical } from './canonical.ts'
import { type Codec, canonical, decoded, instant, int, isObject, listOf, oneOf, orNull, text } from './codec.ts'
import {
  type Acknowledgement,
  CUSTODY_KINDS,
  type CustodyEvent,
  type CustodyStatement,
  type Replacement,
} from './custody-event.ts'
import type { LedgerEntry } from './ledger.ts'

/** The kind of the service's own entries, which say nothing about custody. */
export const ROOT_KIND = 'readings_root'

/**
 * The custody events of a ledger, read from the hashed records themselves: what is judged is what is proven. A problem
 * names the first entry that is none.
 */
export function custodyEvents(entries: readonly LedgerEntry[]): { value: CustodyEvent[] } | { problem: string } {
  const said = entries.filter(({ kind }) => kind !== ROOT_KIND)
  return decoded({ read: () => said.map(eventOf), write: () => null }, said)
}

type Record = { readonly [name: string]: unknown }

function eventOf(entry: LedgerEntry): CustodyEvent {
  const path = `entry ${entry.seq}`
  return {
    ...statementOf(entry, path),
    ...replaced(entry, path),
    seq: entry.seq,
    recordedAt: instant.read(entry.recordedAt, `${path}.recordedAt`),
  }
}

function replaced({ replacement }: Record, path: string): { replacement?: Replacement | null } {
  if (replacement === undefined) return {}
  if (!isObject(replacement)) return { replacement: null }
  const place = `${path}.replacement`
  const { recordedAt } = replacement
  const recorded = recordedAt === undefined ? {} : { recordedAt: instant.read(recordedAt, `${place}.recordedAt`) }
  return { replacement: { ...statementOf(replacement, place), ...recorded } }
}

const kind = oneOf(...CUSTODY_KINDS)
const texts = listOf(text)

function statementOf(record: Record, path: string): CustodyStatement {
  const maybe = <T>(name: string, codec: Codec<T>): T | undefined => {
    return record[name] === undefined ? undefined : codec.read(record[name], `${path}.${name}`)
  }
  return {
    kind: kind.read(record.kind, `${path}.kind`),
    at: instant.read(record.at, `${path}.at`),
    byOrg: text.read(record.byOrg, `${path}.byOrg`),
    units: texts.read(record.units, `${path}.units`),
    coi: maybe('coi', orNull(text)),
    seals: maybe('seals', texts),
    reason: maybe('reason', text),
    handoverId: maybe('handoverId', text),
    toOrg: maybe('toOrg', text),
    acknowledgement: maybe('acknowledgement', acknowledgement),
    signature: maybe('signature', text),
    signatures: maybe('signatures', listOf(canonical)),
    authority: maybe('authority', text),
    witness: maybe('witness', text),
    replaces: maybe('replaces', texts),
    place: maybe('place', text),
    actor: maybe('actor', text),
    tzOffset: maybe('tzOffset', text),
    details: maybe('details', details),
    corrects: maybe('corrects', int),
  }
}

const acknowledgement: Codec<Acknowledgement> = {
  read: (value, path) => {
    const given = isObject(value) ? value : {}
    const maybe = (name: keyof Acknowledgement) =>
      given[name] === undefined ? undefined : text.read(given[name], `${path}.${name}`)
    return { name: maybe('name'), company: maybe('company'), code: maybe('code'), waybill: maybe('waybill') }
  },
  write: () => null,
}

const details: Codec<{ readonly [name: string]: Canonical }> = {
  read: (value, path) => {
    const given = isObject(value) ? value : {}
    const read = Object.entries(given).map(([name, one]) => [name, canonical.read(one, `${path}.${name}`)] as const)
    return Object.fromEntries(read)
  },
  write: (value) => value,
}
