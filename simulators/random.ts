/** A source of numbers in [0, 1): the same seed gives the same sequence on every machine. */
export type Random = () => number

/** The generator mulberry32: 32 bits of state, good enough for noise and faults, never for secrets. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A seed of its own for each named part, so that a change in one part leaves the noise of the others alone. */
export function seedOf(seed: number, name: string): number {
  let hash = (seed ^ 0x811c9dc5) >>> 0
  for (const character of name) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0
  return hash
}

/** One draw from the normal distribution with mean 0 and the given standard deviation (Box and Muller). */
export function gaussian(random: Random, sd: number): number {
  // 1 - random() lies in (0, 1], where the logarithm is finite
  return sd * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}
