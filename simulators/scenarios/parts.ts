import { arrival, at, departure, PACKED_MS } from '../custody-script.ts'
import { type DeviceScript, PLAIN_DEVICE } from '../device/script.ts'
import type { Curve } from '../physics/curve.ts'
import { legs } from '../physics/input.ts'
import { FRIDGE_BOX, pcmBox } from '../physics/pcm-box.ts'
import { type Probe, PT100, THERMISTOR } from '../physics/probe.ts'
import type { CertificatePart, PlacementPart, Script, SensorPart, Statement } from '../scenario.ts'
import { SCENARIO_LIMITS, type ScenarioLimitsKey } from '../scenario-limits.ts'

const DAYS_MS = at(24)

/** Two seals, put on at the depot and seen at every handover. */
export const SEALS = ['SEAL-1', 'SEAL-2']

/** Given from hand to hand by all the right parties and opened by the consignee: nothing is wrong with it. */
export const SOUND_CUSTODY: readonly Statement[] = [...departure(SEALS), ...arrival(SEALS)]

/** What a script has where its story says nothing else. */
export function script(given: Pick<Script, 'limits' | 'sensors'> & Partial<Script>): Script {
  return { custody: SOUND_CUSTODY, looks: [], kills: [], afterwards: null, gridMs: 60_000, ...given }
}

/** Placed before packing, until the window ends. */
export const RIDES: PlacementPart = {
  role: 'product',
  fromMs: PACKED_MS,
  toMs: null,
  toldMs: at(2, 45),
  correction: null,
}

/** Dated 90 days before the journey, good for a year. */
export const CERTIFIED: CertificatePart = {
  correctionMilliC: 0,
  datedMs: -90 * DAYS_MS,
  dueMs: 275 * DAYS_MS,
  addedMs: null,
}

/** What a sensor part can change; of its device only what differs from a plain one. */
export type SensorChange = Partial<Omit<SensorPart, 'device'>> & { device?: Partial<DeviceScript> }

const PROBES: Record<ScenarioLimitsKey, Probe> = {
  cryo: PT100,
  fridge: THERMISTOR,
  dryice: { ...PT100, noiseSdC: 0.2 },
  room: THERMISTOR,
}

/** A sensor of the usual kind for these limits, at the product, from the bench until an hour after opening. */
export function sensor(limits: ScenarioLimitsKey, curve: Curve, change: SensorChange = {}): SensorPart {
  const { limits: rule, sensor: usual } = SCENARIO_LIMITS[limits]
  const { device, ...rest } = change
  return {
    key: 'product',
    fromMs: at(2),
    untilMs: at(28),
    intervalMs: rule.nominalIntervalMs,
    echoMs: null,
    curve,
    inputs: [],
    probe: PROBES[limits],
    device: { ...PLAIN_DEVICE, ...device },
    rangeC: { lowC: usual.lowC, highC: usual.highC },
    certificates: [CERTIFIED],
    placements: [RIDES],
    readOutMs: null,
    downloadsMs: [],
    releasedMs: null,
    localOffsetMs: null,
    ...rest,
  }
}

/** A second sensor beside the product's. */
export function backup(limits: ScenarioLimitsKey, curve: Curve, change: SensorChange = {}): SensorPart {
  return sensor(limits, curve, { key: 'backup', placements: [{ ...RIDES, role: 'product_backup' }], ...change })
}

/** A box as it should be packed, on a mild day: 5 C all the way. */
export function calmBox(): Curve {
  const ambientC = legs([
    { forMs: at(4), value: 5 },
    { forMs: at(5), value: 20 },
    { forMs: at(9), value: 16 },
    { forMs: at(12), value: 18 },
  ])
  return pcmBox(FRIDGE_BOX, { ambientC }).productC
}

/** Shows exactly what is there: for stories about numbers, not about noise. */
export const EXACT: Probe = { lagTauMs: 0, noiseSdC: 0, quantumC: 0.1, lowestC: -200, highestC: 100 }

/** A sound ending, and what a story changes of it. */
export const WELL = {
  status: 'in_range',
  severity: null,
  complete: true,
  chain: 'intact',
  holder: 'centre',
} as const

/** Fine and nearly without noise: for slow crossings of a limit, which noise would cut into several events. */
export const QUIET: Probe = { lagTauMs: 60_000, noiseSdC: 0.003, quantumC: 0.001, lowestC: -200, highestC: 100 }
