/** A quantity over the time since a start: temperatures in degrees Celsius, masses in kg, volumes in litres. */
export type Curve = (sinceMs: number) => number

/** A stretch without change of the equations, solved exactly. `at` takes the time since the piece began. */
export type Piece<State> = {
  /** When the next piece begins, since the start of all; Infinity where nothing changes any more. */
  untilMs: number
  at: (ms: number) => State
  /** The state the next piece starts from, where an event sets it exactly; otherwise `at` the end of the piece. */
  end?: State
}

/** What follows from a state; called with the same arguments it must answer the same. */
export type Follow<State> = (state: State, sinceMs: number) => Piece<State>

/**
 * The state over time, laid piece by piece from the start. Where pieces begin depends on the inputs and the events
 * between them, never on the times asked for, so asking more often, in another order or again changes no bit of an
 * answer. Before the start it is the state at the start.
 */
export function trajectory<State>(start: State, follow: Follow<State>): (sinceMs: number) => State {
  const first = { state: start, fromMs: 0, index: 0, instants: 0 }
  const kept: Begin<State>[] = [first]
  let current = lay(follow, first)
  return (sinceMs) => {
    const ms = Math.max(0, sinceMs)
    if (ms < current.fromMs) current = lay(follow, kept.findLast(({ fromMs }) => fromMs <= ms) ?? first)
    while (current.piece.untilMs <= ms) {
      const begin = ended(current)
      if (begin.index === kept.length * KEPT_EACH) kept.push(begin)
      current = lay(follow, begin)
    }
    return current.piece.at(ms - current.fromMs)
  }
}

type Begin<State> = { state: State; fromMs: number; index: number; instants: number }
type Laid<State> = Begin<State> & { piece: Piece<State> }

/** Going back starts from a kept begin: of a fleet of 10,000 sensors over weeks, all pieces would fill the memory. */
const KEPT_EACH = 16
/** A few events may fall on one instant; more in a row would go on for ever (a thermostat without a dead band). */
const MAX_INSTANT_PIECES = 8
const INSTANT_MS = 1

function lay<State>(follow: Follow<State>, begin: Begin<State>): Laid<State> {
  const piece = follow(begin.state, begin.fromMs)
  const instants = piece.untilMs - begin.fromMs < INSTANT_MS ? begin.instants + 1 : 0
  // the negated form also catches NaN
  if (!(piece.untilMs >= begin.fromMs) || instants > MAX_INSTANT_PIECES) {
    throw new Error(`a trajectory stands still at ${begin.fromMs} ms: ${JSON.stringify(begin.state)}`)
  }
  return { ...begin, instants, piece }
}

function ended<State>({ piece, fromMs, index, instants }: Laid<State>): Begin<State> {
  const state = piece.end ?? piece.at(piece.untilMs - fromMs)
  return { state, fromMs: piece.untilMs, index: index + 1, instants }
}
