import { canonicalJson } from './canonical.ts'
import { fromHex, toHex } from './hex.ts'
import { type HashBytes, type InclusionPath, inclusionPath, merkleRoot, rootOfPath } from './merkle.ts'
import { isoInstant } from './units.ts'

/**
 * The readings a judgement rests on as one hash, such that one of them can be proven without showing the others
 * (domain page section 4.4):
 *
 *   reading ─┐
 *   reading ─┴─► root of a sensor's channel and hour ─┐
 *   reading ───► root of the next hour ───────────────┴─► root, which stands in the ledger
 *
 * A leaf holds what is judged and nothing that depends on the order of arrival.
 */
export type RootedReading = {
  readonly sensorId: number
  readonly channel: string
  /** When it was measured, epoch milliseconds. */
  readonly at: number
  readonly source: 'live' | 'readout'
  /** Null: the sensor reported a fault. */
  readonly milliC: number | null
}

/** The readings of one sensor channel in one hour of UTC, as one hash. */
export type HourRoot = {
  readonly sensorId: number
  readonly channel: string
  /** Beginning of the hour, epoch milliseconds. */
  readonly hourAt: number
  readonly readings: number
  /** SHA-256, hex. */
  readonly root: string
}

/** Hour by hour; `readings` hold each of their hours whole. */
export function hourRoots(readings: readonly RootedReading[], sha256: HashBytes): HourRoot[] {
  return [...Map.groupBy(readings, hourKey).values()].map((hour) => hourRoot(hour, sha256))
}

/** Above every hour; hex. The order in which hours are given does not matter. */
export function readingsRoot(hours: readonly HourRoot[], sha256: HashBytes): string {
  return toHex(merkleRoot(hours.toSorted(byHour).map(hourLeaf), sha256))
}

/** Why a reading is one of those under a root, without the others. */
export type ReadingProof = {
  readonly reading: RootedReading
  /** From the reading to the root of its hour, and from there to the root of all; hashes as hex. */
  readonly inHour: ProofPath
  readonly inRoot: ProofPath
}

export type ProofPath = { readonly index: number; readonly size: number; readonly path: readonly string[] }

/** Proves a reading of an hour that is among the hours of a root; null where it is in none. */
export function proveReading(
  reading: RootedReading,
  { inHour, hours }: { readonly inHour: readonly RootedReading[]; readonly hours: readonly HourRoot[] },
  sha256: HashBytes,
): ReadingProof | null {
  const leaves = leavesOf(inHour)
  const wanted = leafText(reading)
  const index = leaves.indexOf(wanted)
  const sorted = hours.toSorted(byHour)
  const place = sorted.findIndex((hour) => hourKey(reading) === keyOf(hour))
  if (index < 0 || place < 0) return null
  return {
    reading,
    inHour: printed(inclusionPath(leaves.map(bytesOf), index, sha256)),
    inRoot: printed(inclusionPath(sorted.map(hourLeaf), place, sha256)),
  }
}

/** The root to which a proof leads, hex; null where it leads nowhere. Compare it with that of a ledger entry. */
export function rootOfProof({ reading, inHour, inRoot }: ReadingProof, sha256: HashBytes): string | null {
  const [below, above] = [parsed(inHour), parsed(inRoot)]
  if (below === null || above === null) return null
  const hour = rootOfPath(bytesOf(leafText(reading)), below, sha256)
  if (hour === null) return null
  const { sensorId, channel, at } = reading
  const leaf = hourLeaf({ sensorId, channel, hourAt: hourOf(at), readings: below.size, root: toHex(hour) })
  const root = rootOfPath(leaf, above, sha256)
  return root && toHex(root)
}

const HOUR_MS = 3_600_000

/** Beginning of the hour of UTC in which an instant lies. */
export function hourOf(at: number): number {
  return Math.floor(at / HOUR_MS) * HOUR_MS
}

function hourRoot(readings: readonly RootedReading[], sha256: HashBytes): HourRoot {
  const [first] = readings
  if (first === undefined) throw new RangeError('an hour without readings has no root')
  const leaves = leavesOf(readings)
  const { sensorId, channel, at } = first
  const root = toHex(merkleRoot(leaves.map(bytesOf), sha256))
  return { sensorId, channel, hourAt: hourOf(at), readings: leaves.length, root }
}

/** By time, then by text; one placed twice counts once. */
function leavesOf(readings: readonly RootedReading[]): string[] {
  const texts = new Map(readings.map((reading) => [leafText(reading), reading.at]))
  return [...texts].sort(([a, at], [b, other]) => at - other || (a < b ? -1 : 1)).map(([text]) => text)
}

function leafText({ sensorId, channel, at, source, milliC }: RootedReading): string {
  return canonicalJson({ sensorId, channel, at: isoInstant(at), source, milliC })
}

function hourLeaf({ sensorId, channel, hourAt, readings, root }: HourRoot): Uint8Array {
  return bytesOf(canonicalJson({ sensorId, channel, hourAt: isoInstant(hourAt), readings, root }))
}

function hourKey({ sensorId, channel, at }: RootedReading): string {
  return keyOf({ sensorId, channel, hourAt: hourOf(at) })
}

function keyOf({ sensorId, channel, hourAt }: Pick<HourRoot, 'sensorId' | 'channel' | 'hourAt'>): string {
  return `${sensorId}/${channel}/${hourAt}`
}

function byHour(a: HourRoot, b: HourRoot): number {
  if (a.sensorId !== b.sensorId) return a.sensorId - b.sensorId
  if (a.channel !== b.channel) return a.channel < b.channel ? -1 : 1
  return a.hourAt - b.hourAt
}

const utf8 = new TextEncoder()

function bytesOf(text: string): Uint8Array {
  return utf8.encode(text)
}

function printed({ index, size, path }: InclusionPath): ProofPath {
  return { index, size, path: path.map(toHex) }
}

function parsed({ index, size, path }: ProofPath): InclusionPath | null {
  const hashes = path.map(fromHex).filter((hash) => hash !== null)
  const areWhole = hashes.length === path.length && hashes.every(({ length }) => length === 32)
  return areWhole ? { index, size, path: hashes } : null
}
