import type { Transmission } from './firmware.ts'

/**
 * What a service knows once it has acknowledged these transmissions, computed from what was told: each value of each
 * channel and instant once, in the order of instants. Two values for one instant are a conflict, and both stand here.
 * `held` waits for a person because of its time: more than 300 s ahead of receipt, or before 2001. `rejected` is what
 * SenML cannot say: a time before 1978 is there one relative to now.
 * `receivedAt` says when a transmission was received by the service's clock: where not given, when it was sent.
 */
export function knownReadings(
  transmissions: readonly Transmission[],
  receivedAt: (transmission: Transmission) => number = ({ sentAt }) => sentAt,
): Record<Fate, KnownReading[]> {
  const known: Record<Fate, KnownByKey> = { stored: new Map(), held: new Map(), rejected: new Map() }
  for (const transmission of transmissions) {
    const at = receivedAt(transmission)
    for (const told of transmission.told) {
      note(known[fateOf(told.at, at, transmission)], {
        channel: told.channel,
        at: told.at,
        milliC: told.milliC,
        knownAt: at,
      })
    }
  }
  return { stored: ordered(known.stored), held: ordered(known.held), rejected: ordered(known.rejected) }
}

/** A reading as the service keeps it, and since when; `milliC` null is a fault. */
export type KnownReading = { channel: string; at: number; milliC: number | null; knownAt: number }

export type Fate = 'stored' | 'held' | 'rejected'

type KnownByKey = Map<string, KnownReading>

/** Domain page section 6, stated here again: the truth must not lean on the code it judges. */
const MAX_AHEAD_MS = 300_000
const EARLIEST_AT = Date.UTC(2001, 0, 1)
/** RFC 8428 section 4.5.3. */
const SENML_ABSOLUTE_FROM = 2 ** 28 * 1000

function fateOf(toldAt: number, receivedAt: number, { ending }: Transmission): Fate {
  if (ending !== '' && toldAt < SENML_ABSOLUTE_FROM) return 'rejected'
  return toldAt > receivedAt + MAX_AHEAD_MS || toldAt < EARLIEST_AT ? 'held' : 'stored'
}

function note(known: KnownByKey, reading: KnownReading): void {
  const key = `${reading.channel} ${reading.at} ${reading.milliC}`
  const earlier = known.get(key)
  if (earlier === undefined || reading.knownAt < earlier.knownAt) known.set(key, reading)
}

function ordered(known: KnownByKey): KnownReading[] {
  return [...known.values()].sort((a, b) => a.at - b.at || (a.milliC ?? 0) - (b.milliC ?? 0))
}
