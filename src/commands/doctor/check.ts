/** One thing that was looked at: what was found, and what to change where it is not well. */
export type Check = {
  name: string
  level: 'ok' | 'warn' | 'fail'
  found: string
  change: string | null
}

/** As it should be. */
export function ok(name: string, found: string): Check {
  return { name, level: 'ok', found, change: null }
}

/** Worth a person's look, or not to be seen from here; nothing is lost by it now. */
export function warn(name: string, found: string, change: string): Check {
  return { name, level: 'warn', found, change }
}

/** Readings, evidence or the service itself suffer from it. */
export function fail(name: string, found: string, change: string): Check {
  return { name, level: 'fail', found, change }
}

/** `fail  broker window: what was found. What to change.` */
export function printCheck({ name, level, found, change }: Check): string {
  return `${level.padEnd(4)}  ${name}: ${found}.${change === null ? '' : ` ${change}.`}`
}

/** A number with its thousands apart. */
export function count(value: number): string {
  return value.toLocaleString('en-US')
}

/** `1 message`, `2 messages`. */
export function many(value: number, word: string): string {
  return `${count(value)} ${word}${value === 1 ? '' : 's'}`
}

/** A length of time for a person's eye: its largest fitting unit, rounded. */
export function duration(ms: number): string {
  const size = Math.abs(ms)
  if (size < 1000) return `${Math.round(ms)} ms`
  if (size < 120_000) return `${(ms / 1000).toFixed(1)} s`
  if (size < 7_200_000) return `${Math.round(ms / 60_000)} min`
  if (size < 172_800_000) return `${Math.round(ms / 3_600_000)} h`
  return `${Math.round(ms / 86_400_000)} days`
}
