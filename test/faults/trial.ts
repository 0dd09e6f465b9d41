import { withClient } from '../../db/connect.ts'
import { type Random, seededRandom, seedOf } from '../../simulators/random.ts'
import { drive, noTraffic, openRoad, type Road, settle, spanOf } from '../soak/drive.ts'
import { openBoxes, openFleet, patient, type SoakFleet } from '../soak/fleet.ts'
import { watchMemory } from '../soak/memory.ts'
import { prove } from '../soak/proof.ts'
import { openStage, type SoakStage, type StageOptions } from '../soak/stage.ts'
import type { TrafficCounts } from '../soak/traffic.ts'

/** One kind of harm and the stage it is done on. */
export type Trial = {
  /** A tick is a minute of every journey. */
  tickMs?: number
  stage?: Omit<StageOptions, 'seed'>
  /** Done beside the traffic, which goes on for as long; everything is whole again when it resolves. */
  harm: (scene: Scene) => Promise<Harm>
  /** What else must be so at the end, each as a sentence of what is not. */
  check?: (scene: Scene, found: Found) => Promise<string[]>
  /** After the stage has closed. */
  close?: () => void
}

export type Scene = { stage: SoakStage; fleet: SoakFleet; road: Road; random: Random; say: (line: string) => void }

/** What was done, for the table; `poison` counts messages that are no readings. */
export type Harm = { done: string; poison?: number }

/** What a trial found; it failed where `problems` has a line. */
export type Result = { name: string; done: string; counts: TrafficCounts; found: Found; problems: string[] }

export type Found = {
  lost: number
  twice: number
  foreign: number
  wrong: number
  answers: number
  peakMb: number
  gaps: number
}

const SHIPMENTS = 40
const TICK_MS = 100
/** Journeys of five minutes at most; the harm decides. */
const MOST_TICKS = 3000
/** Traffic before the first harm: of numbers before the first one that is seen nobody can know. */
const PEACE_TICKS = 20
/** Traffic after the last harm: what was lost shows by what comes later. */
const CALM_TICKS = 40
/** A missing message is asked for after a minute. */
const PATIENCE_MS = 200_000
/** Far above what the service needs (about 200 MB). */
const MOST_RESIDENT_MB = 800

/** Plays one trial: a fleet publishes while harm is done; then every reading and every answer is compared. */
export async function play(name: string, trial: Trial, { seed, say }: Play): Promise<Result> {
  try {
    const stage = await openStage({ seed, ...trial.stage })
    try {
      return await onStage(trial, { name, stage, seed, say })
    } finally {
      await stage.close()
    }
  } finally {
    trial.close?.()
  }
}

type Play = { seed: number; say: (line: string) => void }

type Playing = Play & { name: string; stage: SoakStage }

async function onStage(trial: Trial, { name, stage, seed, say }: Playing): Promise<Result> {
  const { fromAt } = spanOf(MOST_TICKS)
  const fleet = await openFleet(stage.service, { shipments: SHIPMENTS, seed, startAt: fromAt })
  const counts = noTraffic()
  const { topicPrefix } = stage.service
  const road = await openRoad(fleet, { mqttUrl: stage.sensorsUrl, topicPrefix, startAt: fromAt, counts })
  const memory = watchMemory(() => stage.services.map((service) => service.program().pid))
  const scene = { stage, fleet, road, random: seededRandom(seedOf(seed, name)), say }
  const { harm, ticks } = await harmDriven(trial, scene, { startAt: fromAt, counts })
  for (const service of stage.services) await service.ready()
  const { unacked } = await settle(road, { ownerUrl: stage.ownerUrl, counts, say, patienceMs: PATIENCE_MS })
  const asking = { ...fleet, ...clientsOf(stage, fleet) }
  const span = { fromAt, toAt: fromAt + ticks * 60_000 }
  await openBoxes(asking, span.toAt)
  const { lines, ...found } = await prove(asking, { ownerUrl: stage.ownerUrl, span, poison: harm.poison ?? 0 })
  const peakMb = memory.stop().peak
  await road.close()
  const gaps = await gapsOf(stage)
  const measured = { ...found, answers: SHIPMENTS, peakMb, gaps: gaps.shown }
  const problems = [...lines, ...((await trial.check?.(scene, measured)) ?? [])]
  if (unacked > 0) problems.push(`${unacked} messages without acknowledgement`)
  if (gaps.restarts > 0) problems.push(`${gaps.restarts} restarts of sensors were noticed that did not happen`)
  if (gaps.open > 0) problems.push(`of ${gaps.open} sensors messages are shown as missing still`)
  if (peakMb > MOST_RESIDENT_MB) problems.push(`${peakMb} MB resident`)
  const bad = found.lost + found.twice + found.foreign + found.wrong
  if (bad > 0 && problems.length === 0) problems.push(`${bad} readings or answers are not as injected`)
  return { name, done: harm.done, counts, found: measured, problems }
}

/** Traffic for as long as the harm lasts, and a little longer. */
async function harmDriven(trial: Trial, scene: Scene, { startAt, counts }: { startAt: number; counts: TrafficCounts }) {
  let calmSince: number | null = null
  let ticked = 0
  const atPeace = Promise.withResolvers<void>()
  const harming = atPeace.promise
    .then(() => trial.harm(scene))
    .finally(() => {
      calmSince = ticked
    })
  const plan = { ticks: MOST_TICKS, tickMs: trial.tickMs ?? TICK_MS, startAt, counts }
  const ticks = await drive(scene.fleet, scene.road, {
    ...plan,
    onTick: (tick) => {
      ticked = tick
      if (tick === PEACE_TICKS) atPeace.resolve()
    },
    isOver: () => calmSince !== null && ticked >= calmSince + CALM_TICKS,
  })
  return { harm: await harming, ticks }
}

function clientsOf({ service }: SoakStage, { sponsor, centre }: SoakFleet) {
  return { sponsor: patient(service, sponsor), centre: patient(service, centre) }
}

/** Messages that were noticed as missing, sensors of which some are missing still, and restarts. */
async function gapsOf({ ownerUrl }: SoakStage): Promise<{ shown: number; open: number; restarts: number }> {
  return withClient(ownerUrl, async (client) => {
    const { rows } = await client.query<{ shown: string; open: string; restarts: string }>(
      `select (select coalesce(sum(to_seq - from_seq + 1), 0) from sequence_event where kind = 'missing') as shown,
         (select count(*) from sensor_sequence where missing_since is not null) as open,
         (select count(*) from sequence_event where kind = 'restart') as restarts`,
    )
    const { shown, open, restarts } = rows[0] ?? {}
    return { shown: Number(shown), open: Number(open), restarts: Number(restarts) }
  })
}
