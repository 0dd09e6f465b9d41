/**
 * A quantity given from outside (ambient temperature, angle, air pressure, an open lid as 0 or 1) that holds its value
 * from one change to the next. Times are ms since the start of the journey.
 */
export type Input = {
  valueAt: (sinceMs: number) => number
  /** The first change after an instant; Infinity when there is none. A change may keep the value. */
  changeAfter: (sinceMs: number) => number
}

/** Always the same. */
export function constant(value: number): Input {
  return { valueAt: () => value, changeAfter: () => Number.POSITIVE_INFINITY }
}

/** One value after the other, in order of time; the first also holds before its time. */
export function steps(values: readonly { fromMs: number; value: number }[]): Input {
  return inTurn(values.map(({ fromMs, value }) => ({ fromMs, input: constant(value) })))
}

/** One value after the other, each for its time; the last one lasts for ever. */
export function legs(values: readonly { forMs: number; value: number }[]): Input {
  let nextMs = 0
  return steps(
    values.map(({ forMs, value }) => {
      const fromMs = nextMs
      nextMs += forMs
      return { fromMs, value }
    }),
  )
}

/** One input after the other, in order of time: the weather of each place along a lane. */
export function inTurn(inputs: readonly { fromMs: number; input: Input }[]): Input {
  const [first] = inputs
  if (first === undefined) throw new Error('an input needs at least one value')
  const current = (sinceMs: number) => inputs.findLast(({ fromMs }) => fromMs <= sinceMs) ?? first
  const nextTurn = (sinceMs: number) => inputs.find(({ fromMs }) => fromMs > sinceMs)?.fromMs
  return {
    valueAt: (sinceMs) => current(sinceMs).input.valueAt(sinceMs),
    changeAfter: (sinceMs) =>
      Math.min(current(sinceMs).input.changeAfter(sinceMs), nextTurn(sinceMs) ?? Number.POSITIVE_INFINITY),
  }
}

/** Another value during each stretch `[fromMs, toMs)`, and `base` otherwise. */
export function during(base: number, stretches: readonly { fromMs: number; toMs: number; value: number }[]): Input {
  const edges = stretches.flatMap(({ fromMs, toMs }) => [fromMs, toMs]).sort((a, b) => a - b)
  return {
    valueAt: (ms) => stretches.find(({ fromMs, toMs }) => ms >= fromMs && ms < toMs)?.value ?? base,
    changeAfter: (ms) => edges.find((edge) => edge > ms) ?? Number.POSITIVE_INFINITY,
  }
}

/** 1 for `forMs` at `firstMs` and every `everyMs` after it, 0 otherwise: a defrost clock, a courier's round. */
export function repeating(clock: { firstMs: number; everyMs: number; forMs: number }): Input {
  const { firstMs, everyMs, forMs } = clock
  const roundAt = (ms: number) => firstMs + Math.floor((ms - firstMs) / everyMs) * everyMs
  return {
    valueAt: (ms) => (ms >= firstMs && ms < roundAt(ms) + forMs ? 1 : 0),
    changeAfter: (ms) => {
      if (ms < firstMs) return firstMs
      return ms < roundAt(ms) + forMs ? roundAt(ms) + forMs : roundAt(ms) + everyMs
    },
  }
}

/** Two inputs as one: the weather and what the sun adds on the apron. */
export function combined(a: Input, b: Input, combine: (a: number, b: number) => number): Input {
  return {
    valueAt: (sinceMs) => combine(a.valueAt(sinceMs), b.valueAt(sinceMs)),
    changeAfter: (sinceMs) => nextChange([a, b], sinceMs),
  }
}

/** The first change of any of the inputs after an instant. */
export function nextChange(inputs: readonly Input[], sinceMs: number): number {
  return Math.min(...inputs.map(({ changeAfter }) => changeAfter(sinceMs)))
}
