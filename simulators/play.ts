import { type ShipmentStatus, shipmentStatus } from './answers.ts'
import { type CustodyStep, type Journey, type Sample, type Silence, type Staging, samplesOf } from './journey.ts'
import type { SimulatedSensor } from './sensor.ts'
import { type Clock, waitForInstant, waitForPresent } from './wait.ts'
import type { Stage, World } from './world.ts'

/** Everything a journey needs to be played, and what is noted while it is. */
export type Play = {
  world: World
  journey: Journey
  stage: Stage
  sensor: SimulatedSensor
  clock: Clock
  staging: Staging
  /** True once the audience has gone: an endless sensor stops. */
  isOver: () => boolean
  notes: Notes
}

export type Notes = {
  /** Custody events recorded so far. */
  events: number
  /** What was served before the upload or the placement changed it. */
  before: ShipmentStatus | null
}

/** How long a broker or service may be away in the middle of a play, in real time. */
const PATIENCE_MS = 30_000

/**
 * Plays one journey in the clock's time: its sensor, its placement and its custody events side by side. Resolves when
 * all is told and acknowledged and the clock has reached the present; an endless sensor then goes on until `isOver`.
 * /
 */
export async function playJourney(play: Play): Promise<void> {
  const present = waitForPresent(play.clock, play.isOver)
  const endless = play.journey.sensor.untilMs === null
  const sensor = endless ? Promise.race([playSensor(play), present]) : playSensor(play)
  await Promise.all([sensor, playPlacement(play), playCustody(play), present])
  await play.sensor.settled(PATIENCE_MS)
}

async function playSensor(play: Play): Promise<void> {
  const { journey, clock, staging } = play
  const silences = journey.sensor.silences.map((silence) => ({ ...silence, uploaded: false }))
  let count = 0
  for (const sample of samplesOf(journey, staging)) {
    await waitForInstant(clock, sample.at, play.isOver)
    if (play.isOver()) break
    for (const silence of silences.filter((candidate) => isDue(candidate, sample, staging))) {
      silence.uploaded = true
      await uploadMemory(play)
    }
    count += 1
    measureOnce(play, sample, count)
  }
}

function isDue(silence: Silence & { uploaded: boolean }, sample: Sample, { startAt }: Staging): boolean {
  return !silence.uploaded && silence.memory !== 'lost' && sample.at >= startAt + silence.memory.uploadAtMs
}

/** What was measured since must be known first, or the gap that the upload closes would never have been seen. */
async function uploadMemory(play: Play): Promise<void> {
  await play.sensor.settled(PATIENCE_MS)
  await noteBefore(play, 'before the upload')
  play.sensor.upload()
}

function measureOnce({ sensor, journey }: Play, sample: Sample, count: number): void {
  if (sample.sentAt === null) {
    sensor.goOffline()
    sensor.lose()
  } else if (sample.sentAt > sample.at) {
    sensor.goOffline()
    sensor.store(sample)
  } else {
    sensor.goOnline()
    const { duplicateEvery } = journey.sensor
    if (duplicateEvery !== null && count % duplicateEvery === 0) sensor.sendTwice([sample])
    else sensor.send([sample])
  }
}

async function playPlacement(play: Play): Promise<void> {
  const { journey, stage, world, staging } = play
  const { madeAtMs, fromMs } = journey.placement
  await waitForInstant(play.clock, staging.startAt + madeAtMs, play.isOver)
  if (play.isOver()) return
  const late = madeAtMs > fromMs
  if (late) {
    await play.sensor.settled(PATIENCE_MS)
    await noteBefore(play, 'before the placement')
  }
  await world.parties.distributor.api.tell(`/shipments/${stage.shipmentId}/placements`, {
    sensorId: stage.sensorId,
    role: 'product',
    from: new Date(staging.startAt + fromMs).toISOString(),
    ...(late ? { reason: 'the packer forgot to place it' } : {}),
  })
}

async function noteBefore({ journey, stage, world, notes }: Play, seen: string): Promise<void> {
  if (journey.expected.before?.seen !== seen) return
  const { api } = world.parties.distributor
  notes.before = await api.get(`/shipments/${stage.shipmentId}/status`, shipmentStatus)
}

async function playCustody(play: Play): Promise<void> {
  for (const step of play.journey.custody.toSorted((a, b) => a.atMs - b.atMs)) {
    await waitForInstant(play.clock, play.staging.startAt + step.atMs, play.isOver)
    if (play.isOver()) return
    const { api } = play.world.parties[step.by]
    await api.tell(`/shipments/${play.stage.shipmentId}/custody-events`, statement(play, step))
    play.notes.events += 1
  }
}

function statement({ world, stage, staging }: Play, step: CustodyStep) {
  return {
    kind: step.kind,
    at: new Date(staging.startAt + step.atMs).toISOString(),
    ...(step.unitsNamed ? { units: stage.unitCodes } : {}),
    ...(step.coiNamed ? { coi: stage.coi } : {}),
    ...(step.to ? { toOrganisationId: world.parties[step.to].id } : {}),
    ...step.said,
  }
}
