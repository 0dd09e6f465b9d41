import { firstReach } from './crossing.ts'
import { type Curve, type Piece, trajectory } from './curve.ts'
import { constant, type Input, nextChange, repeating } from './input.ts'
import { twoNodes } from './two-nodes.ts'

/** A cooled container, van or cold room: air with a thermostat, and product in it (domain page 3.4). */
export type ActiveContainer = {
  /** Air with walls and shelves; product. */
  airJPerK: number
  productJPerK: number
  leakWPerK: number
  /** Between air and product: heat capacity of the product over this is its time constant, 2 to 6 h. */
  contactWPerK: number
  coolingW: number
  /** 0 in a unit that can only cool. */
  heatingW: number
  /** Cooling starts this far above the set point and stops as far below it. */
  deadBandK: number
  defrostW: number
  /** How fast the air of an open door becomes that outside, 2 to 5 min. */
  doorTauMs: number
  startC: number
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** A van with 500 kg of product. */
export const VAN: ActiveContainer = {
  airJPerK: 200_000,
  productJPerK: 1_750_000,
  leakWPerK: 40,
  contactWPerK: 120,
  coolingW: 3000,
  heatingW: 1500,
  deadBandK: 1,
  defrostW: 800,
  doorTauMs: 3 * MINUTE_MS,
  startC: 5,
}

/** An active air cargo container of pallet size: better insulated, no defrost worth mentioning. */
export const CARGO_CONTAINER: ActiveContainer = {
  ...VAN,
  airJPerK: 120_000,
  productJPerK: 1_400_000,
  leakWPerK: 20,
  contactWPerK: 100,
  coolingW: 1500,
  heatingW: 800,
  defrostW: 0,
}

/** Defrosting for 15 min every 5 h. */
export const DEFROST_CLOCK: Input = repeating({ firstMs: 3 * HOUR_MS, everyMs: 5 * HOUR_MS, forMs: 15 * MINUTE_MS })

/**
 * What happens to it; all but the temperatures are 0 or 1. Without power nothing runs; without the compressor the
 * heater and the defrost still do.
 */
export type ActiveInputs = {
  ambientC: Input
  setPointC: Input
  doorOpen: Input
  defrost: Input
  power: Input
  compressor: Input
}

const IN_ORDER: ActiveInputs = {
  ambientC: constant(22),
  setPointC: constant(5),
  doorOpen: constant(0),
  defrost: constant(0),
  power: constant(1),
  compressor: constant(1),
}

export type ActiveCourse = { airC: Curve; productC: Curve }

/** The course of an active container: the thermostat switches exactly where the air reaches its band. */
export function activeContainer(container: ActiveContainer, happens: Partial<ActiveInputs> = {}): ActiveCourse {
  const inputs = { ...IN_ORDER, ...happens }
  const start: Running = { airC: container.startC, productC: container.startC, demand: 'idle' }
  const course = trajectory(start, (running, sinceMs) => run(container, inputs, { running, sinceMs }))
  return { airC: (sinceMs) => course(sinceMs).airC, productC: (sinceMs) => course(sinceMs).productC }
}

/** What the thermostat calls for, whether or not it gets it. */
type Demand = 'idle' | 'cooling' | 'heating'
type Running = { airC: number; productC: number; demand: Demand }
type Moment = { running: Running; sinceMs: number }

function run(container: ActiveContainer, inputs: ActiveInputs, { running, sinceMs }: Moment): Piece<Running> {
  const { airC, productC } = running
  const bands = bandsOf(container, inputs.setPointC.valueAt(sinceMs))
  const demand = demandAt(bands, running)
  const nodes = twoNodes(
    { outerC: airC, innerC: productC },
    {
      outerJPerK: container.airJPerK,
      innerJPerK: container.productJPerK,
      leakWPerK: leakWPerK(container, inputs, sinceMs),
      contactWPerK: container.contactWPerK,
      ambientC: inputs.ambientC.valueAt(sinceMs),
      heatW: heatW(container, inputs, { running: { ...running, demand }, sinceMs }),
    },
  )
  const at = (ms: number) => ({ airC: nodes.outerC(ms), productC: nodes.innerC(ms), demand })
  const changeMs = nextChange(Object.values(inputs), sinceMs)
  const arc = { turnsMs: nodes.outerTurnsMs, untilMs: changeMs - sinceMs }
  const reachedMs = firstReach(nodes.outerC, bands[demand], arc)
  if (reachedMs === Number.POSITIVE_INFINITY) return { untilMs: changeMs, at }
  const end = at(reachedMs)
  return { untilMs: sinceMs + reachedMs, at, end: { ...end, demand: demandAt(bands, end) } }
}

type Band = { low: number; high: number }

/** How far the air may go before the thermostat changes its mind. */
function bandsOf({ deadBandK }: ActiveContainer, setPointC: number): Record<Demand, Band> {
  const below = setPointC - deadBandK
  return {
    // heating starts below the end of cooling, so that the two never work against each other
    idle: { low: below - deadBandK, high: setPointC + deadBandK },
    cooling: { low: below, high: Number.POSITIVE_INFINITY },
    heating: { low: Number.NEGATIVE_INFINITY, high: below },
  }
}

function demandAt(bands: Record<Demand, Band>, { airC, demand }: Running): Demand {
  if (demand === 'cooling' && airC > bands.cooling.low) return 'cooling'
  if (demand === 'heating' && airC < bands.heating.high) return 'heating'
  if (airC >= bands.idle.high) return 'cooling'
  return airC <= bands.idle.low ? 'heating' : 'idle'
}

function leakWPerK(container: ActiveContainer, inputs: ActiveInputs, sinceMs: number): number {
  const doorWPerK = container.airJPerK / (container.doorTauMs / 1000)
  return container.leakWPerK + inputs.doorOpen.valueAt(sinceMs) * doorWPerK
}

function heatW(container: ActiveContainer, inputs: ActiveInputs, { running, sinceMs }: Moment): number {
  if (inputs.power.valueAt(sinceMs) === 0) return 0
  if (inputs.defrost.valueAt(sinceMs) === 1) return container.defrostW
  if (running.demand === 'heating') return container.heatingW
  return running.demand === 'cooling' && inputs.compressor.valueAt(sinceMs) === 1 ? -container.coolingW : 0
}
