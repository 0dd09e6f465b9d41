import { z } from 'zod'
import { firstTrue } from './crossing.ts'
import type { Curve } from './curve.ts'
import { DRY_ICE_BOX, dryIceBox, iceLifeMs } from './dry-ice.ts'
import { DRY_SHIPPER, type DryShipper, depletionMs, dryShipper } from './dry-shipper.ts'
import { firstOrder } from './first-order.ts'
import { constant, during } from './input.ts'
import { lagged } from './lag.ts'
import { FRIDGE_BOX, pcmBox } from './pcm-box.ts'

/** Files this module checks. */
export const schema = 'coldchain-vectors/thermal@1'

/** Outcome of one published case, as `check-vectors` counts them. */
export type ThermalResult = { id: string; ok: true } | { id: string; ok: false; message: string }

/**
 * Runs every case of a thermal file against the simulators' physics. Each expected number is read off the simulated
 * curves and must lie within 0.05 C (temperatures) or 0.5 % (all others).
 */
export function check(file: unknown): ThermalResult[] {
  const parsed = fileSchema.safeParse(file)
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
    return [{ id: 'file', ok: false, message: problems.join('; ') }]
  }
  return parsed.data.cases.map((given) => {
    const wrong = comparisonsOf(given).filter((comparison) => !isWithin(comparison))
    if (wrong.length === 0) return { id: given.id, ok: true }
    return { id: given.id, ok: false, message: wrong.map(printed).join('; ') }
  })
}

const MAX_OFF_C = 0.05
const MAX_OFF_SHARE = 0.005

/** `temperature` and `amount` say which tolerance holds. */
type Comparison = { name: string; kind: 'temperature' | 'amount'; expected: number; simulated: number | null }

function isWithin({ kind, expected, simulated }: Comparison): boolean {
  if (simulated === null) return false
  return Math.abs(simulated - expected) <= (kind === 'temperature' ? MAX_OFF_C : Math.abs(expected) * MAX_OFF_SHARE)
}

function printed({ name, expected, simulated }: Comparison): string {
  const got = simulated === null ? 'never' : Number(simulated.toPrecision(7))
  return `${name}: expected ${expected}, got ${got}`
}

function temperature(name: string, expected: number, simulated: number): Comparison {
  return { name, kind: 'temperature', expected, simulated }
}

function amount(name: string, expected: number, simulated: number | null): Comparison {
  return { name, kind: 'amount', expected, simulated }
}

const lumpedCase = z.strictObject({
  id: z.string(),
  model: z.literal('lumped'),
  why: z.string(),
  params: z.strictObject({ C_J_K: z.number(), UA_W_K: z.number(), T0_C: z.number(), Ta_C: z.number() }),
  expected: z.strictObject({
    tau_s: z.number(),
    points: z.array(z.tuple([z.number(), z.number()])).min(1),
    timeTo8C_s: z.number(),
  }),
})

const pcmCase = z.strictObject({
  id: z.string(),
  model: z.literal('pcm'),
  why: z.string(),
  params: z.strictObject({
    m_kg: z.number(),
    L_J_kg: z.number(),
    Tm_C: z.number(),
    UA_W_K: z.number(),
    Ta_C: z.number(),
  }),
  expected: z.strictObject({ heatLeak_W: z.number(), plateau_s: z.number(), plateau_h: z.number() }),
})

const dryIceCase = z.strictObject({
  id: z.string(),
  model: z.literal('dry_ice'),
  why: z.string(),
  params: z.strictObject({
    m0_kg: z.number(),
    UA_W_K: z.number(),
    Ta_C: z.number(),
    Tsub_C: z.number(),
    L_J_kg: z.number(),
  }),
  expected: z.strictObject({ heatLeak_W: z.number(), rate_kg_day: z.number(), life_h: z.number() }),
})

const byLimit = z.record(z.string(), z.number())

const shipperCase = z.strictObject({
  id: z.string(),
  model: z.literal('ln2_dry_shipper'),
  why: z.string(),
  params: z.strictObject({
    V0_L: z.number(),
    loss_L_day: z.number(),
    tiltFactor: z.number(),
    tiltFrom_s: z.number(),
    tiltTo_s: z.number(),
    rho_kg_L: z.number(),
    hfg_J_kg: z.number(),
    Ta_C: z.number(),
    Tb_C: z.number(),
    kPost: z.number(),
    Cwarm_J_K: z.number(),
  }),
  expected: z.strictObject({
    Q0_W: z.number(),
    G0_W_K: z.number(),
    staticHold_days: z.number(),
    litresAtDay3: z.number(),
    depletion_s: z.number(),
    depletion_days: z.number(),
    tauWarm_h: z.number(),
    coreAfterDepletion_h: byLimit,
    probeAfterDepletion_h: byLimit,
    probe_C: z.record(z.templateLiteral(['fill', z.number()]), z.number()),
  }),
})

const lagCase = z.strictObject({
  id: z.string(),
  model: z.literal('sensor_lag'),
  why: z.string(),
  params: z.strictObject({ tau_s: z.number(), base_C: z.number(), step_C: z.number(), open_s: z.number() }),
  expected: z.strictObject({ peak_C: z.number(), after10min_C: z.number() }),
})

const thermalCase = z.discriminatedUnion('model', [lumpedCase, pcmCase, dryIceCase, shipperCase, lagCase])
const fileSchema = z.object({ schema: z.literal(schema), cases: z.array(thermalCase).min(1) })

function comparisonsOf(given: z.infer<typeof thermalCase>): Comparison[] {
  switch (given.model) {
    case 'lumped':
      return lumped(given)
    case 'pcm':
      return pcm(given)
    case 'dry_ice':
      return dryIce(given)
    case 'ln2_dry_shipper':
      return shipper(given)
    case 'sensor_lag':
      return lag(given)
  }
}

const SECOND_MS = 1000
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** Longer than anything lasts. */
const YEAR_MS = 365 * DAY_MS

function lumped({ params, expected }: z.infer<typeof lumpedCase>): Comparison[] {
  const tauMs = (params.C_J_K / params.UA_W_K) * SECOND_MS
  const curve = firstOrder(constant(params.Ta_C), { startC: params.T0_C, tauMs })
  return [
    amount('tau_s', expected.tau_s, timeConstantMs(curve, { fromMs: 0, endC: params.Ta_C }) / SECOND_MS),
    ...expected.points.map(([atS, celsius]) => temperature(`at ${atS} s`, celsius, curve(atS * SECOND_MS))),
    amount('timeTo8C_s', expected.timeTo8C_s, inUnits(warmAfterMs(curve, 8, 0), SECOND_MS)),
  ]
}

function pcm({ params, expected }: z.infer<typeof pcmCase>): Comparison[] {
  const box = {
    ...FRIDGE_BOX,
    leakWPerK: params.UA_W_K,
    pcmKg: params.m_kg,
    meltingJPerKg: params.L_J_kg,
    meltsAtC: params.Tm_C,
    packsStartC: params.Tm_C,
    productStartC: params.Tm_C,
    meltedShare: 0,
  }
  const { heatJ, productC } = pcmBox(box, { ambientC: constant(params.Ta_C) })
  const endMs = firstTrue((ms) => productC(ms) > params.Tm_C, { fromMs: 0, toMs: YEAR_MS })
  return [
    amount('heatLeak_W', expected.heatLeak_W, heatJ(HOUR_MS) / 3600),
    amount('plateau_s', expected.plateau_s, inUnits(endMs, SECOND_MS)),
    amount('plateau_h', expected.plateau_h, inUnits(endMs, HOUR_MS)),
  ]
}

function dryIce({ params, expected }: z.infer<typeof dryIceCase>): Comparison[] {
  const box = {
    ...DRY_ICE_BOX,
    iceKg: params.m0_kg,
    leakWPerK: params.UA_W_K,
    sublimesC: params.Tsub_C,
    sublimationJPerKg: params.L_J_kg,
  }
  const course = dryIceBox(box, { ambientC: constant(params.Ta_C) })
  const kgPerDay = course.iceKg(0) - course.iceKg(DAY_MS)
  return [
    amount('heatLeak_W', expected.heatLeak_W, (kgPerDay * params.L_J_kg) / (DAY_MS / SECOND_MS)),
    amount('rate_kg_day', expected.rate_kg_day, kgPerDay),
    amount('life_h', expected.life_h, inUnits(iceLifeMs(course, YEAR_MS), HOUR_MS)),
  ]
}

function shipper({ params, expected }: z.infer<typeof shipperCase>): Comparison[] {
  const built = builtShipper(params)
  const ambientC = constant(params.Ta_C)
  const upright = dryShipper(built, { ambientC })
  const onItsSide = { fromMs: params.tiltFrom_s * SECOND_MS, toMs: params.tiltTo_s * SECOND_MS, value: 90 }
  const { probeC, coreC, litres } = dryShipper(built, { ambientC, tiltDeg: during(0, [onItsSide]) })
  const lossKg = (upright.massKg(0) - upright.massKg(DAY_MS)) / (DAY_MS / SECOND_MS)
  const emptyMs = depletionMs({ litres }, YEAR_MS)
  const tauMs = emptyMs === null ? null : timeConstantMs(coreC, { fromMs: emptyMs, endC: params.Ta_C })
  const leakWPerK = tauMs === null ? null : params.Cwarm_J_K / (tauMs / SECOND_MS) / params.kPost
  const warmedH = (curve: Curve, limitC: string) =>
    emptyMs === null ? null : inUnits(warmAfterMs(curve, Number(limitC), emptyMs), HOUR_MS)
  return [
    amount('Q0_W', expected.Q0_W, lossKg * params.hfg_J_kg),
    amount('G0_W_K', expected.G0_W_K, leakWPerK),
    amount('staticHold_days', expected.staticHold_days, inUnits(depletionMs(upright, YEAR_MS), DAY_MS)),
    amount('litresAtDay3', expected.litresAtDay3, litres(3 * DAY_MS)),
    amount('depletion_s', expected.depletion_s, inUnits(emptyMs, SECOND_MS)),
    amount('depletion_days', expected.depletion_days, inUnits(emptyMs, DAY_MS)),
    amount('tauWarm_h', expected.tauWarm_h, inUnits(tauMs, HOUR_MS)),
    ...Object.entries(expected.coreAfterDepletion_h).map(([limitC, hours]) =>
      amount(`core at ${limitC} C`, hours, warmedH(coreC, limitC)),
    ),
    ...Object.entries(expected.probeAfterDepletion_h).map(([limitC, hours]) =>
      amount(`probe at ${limitC} C`, hours, warmedH(probeC, limitC)),
    ),
    ...Object.entries(expected.probe_C).map(([fill, celsius]) => {
      const charged = { ...built, chargedL: built.capacityL * Number(fill.slice('fill'.length)) }
      return temperature(fill, celsius, dryShipper(charged, { ambientC }).probeC(0))
    }),
  ]
}

function builtShipper(params: z.infer<typeof shipperCase>['params']): DryShipper {
  return {
    ...DRY_SHIPPER,
    chargedL: params.V0_L,
    capacityL: params.V0_L,
    lossLPerDay: params.loss_L_day,
    ratedAmbientC: params.Ta_C,
    tiltFactors: { ...DRY_SHIPPER.tiltFactors, side: params.tiltFactor },
    warmLeakFactor: params.kPost,
    heatCapacityJPerK: params.Cwarm_J_K,
    nitrogen: { boilsC: params.Tb_C, kgPerL: params.rho_kg_L, jPerKg: params.hfg_J_kg },
  }
}

function lag({ params, expected }: z.infer<typeof lagCase>): Comparison[] {
  const openMs = params.open_s * SECOND_MS
  const air = during(params.base_C, [{ fromMs: 0, toMs: openMs, value: params.step_C }])
  const probe = lagged(air.valueAt, { tauMs: params.tau_s * SECOND_MS, inputs: [air] })
  return [
    temperature('peak_C', expected.peak_C, probe(openMs)),
    temperature('after10min_C', expected.after10min_C, probe(openMs + 10 * 60 * SECOND_MS)),
  ]
}

/** How long after an instant a warming curve passes a temperature; null when it never does. */
function warmAfterMs(curve: Curve, limitC: number, fromMs: number): number | null {
  const passedMs = firstTrue((ms) => curve(ms) >= limitC, { fromMs, toMs: fromMs + YEAR_MS })
  return passedMs === null ? null : passedMs - fromMs
}

/** Read off the first hour of a curve that goes towards `endC`. */
function timeConstantMs(curve: Curve, { fromMs, endC }: { fromMs: number; endC: number }): number {
  return HOUR_MS / Math.log((curve(fromMs) - endC) / (curve(fromMs + HOUR_MS) - endC))
}

function inUnits(ms: number | null, unitMs: number): number | null {
  return ms === null ? null : ms / unitMs
}
