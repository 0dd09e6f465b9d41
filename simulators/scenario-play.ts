import { z } from 'zod'
import type { CustodyStep } from './journey.ts'
import { Link } from './link.ts'
import type { Look, PlacementPart, Scenario, Script, SensorPart, Statement } from './scenario.ts'
import { type ScenarioStatus, scenarioStatus } from './scenario-answer.ts'
import { certificateBody, type ScenarioStage } from './scenario-stage.ts'
import { journeyStart, type Staging, type Telling, tellingsOf } from './scenario-telling.ts'
import { toldMs } from './scenario-truth.ts'
import { type Clock, waitForInstant } from './wait.ts'
import type { World } from './world.ts'

/** Everything a scenario needs to be played, and what is noted while it is. */
export type ScenarioPlay = {
  world: World
  mqttUrl: string
  scenario: Scenario
  script: Script
  stage: ScenarioStage
  staging: Staging
  clock: Clock
  isOver: () => boolean
  /** Kills the service, which somebody else starts again; null: nobody may. */
  killService: (() => void) | null
  links: Map<string, Link>
  /** Ledger numbers of labelled statements. */
  seqs: Map<string, number>
  looks: Look[]
  told: { statements: number }
}

/** How long a broker or service may be away in the middle of a play, in real time. */
const PATIENCE_MS = 30_000

/**
 * Plays a scenario in the clock's time, one deed after the other in their order: what sensors send, what people say,
 * who asks. Resolves when all is told and acknowledged.
 */
export async function playScenario(play: ScenarioPlay): Promise<void> {
  for (const { atMs, run } of deedsOf(play)) {
    await waitForInstant(play.clock, play.staging.startAt + atMs, play.isOver)
    if (play.isOver()) return
    await run()
  }
  await settled(play)
}

/** A link for each sensor of the scenario, radio off. */
export function linksOf({ script, stage }: Pick<ScenarioPlay, 'script' | 'stage'>, mqttUrl: string): Map<string, Link> {
  return new Map(
    script.sensors.map(({ key }) => {
      const sensor = sensorOf(stage, key)
      const name = String(sensor.id)
      return [key, new Link({ mqttUrl, clientId: `sensor-${name}`, username: name, password: sensor.secret })]
    }),
  )
}

/** Messages published and acknowledged by all sensors. */
export function progressOf({ links }: ScenarioPlay): { published: number; acked: number } {
  const all = [...links.values()].map((link) => link.progress())
  return {
    published: all.reduce((sum, { published }) => sum + published, 0),
    acked: all.reduce((sum, { acked }) => sum + acked, 0),
  }
}

type Deed = { atMs: number; run: () => void | Promise<void> }

function deedsOf(play: ScenarioPlay): Deed[] {
  const { script } = play
  const people = script.custody.map((statement) => ({
    atMs: toldMs(script, statement),
    run: () => state(play, statement),
  }))
  const looks = script.looks.map((look) => ({ atMs: look.atMs, run: () => lookOnce(play) }))
  const kills = script.kills.map((atMs) => ({ atMs, run: () => play.killService?.() }))
  const sensors = script.sensors.flatMap((part) => sensorDeeds(play, part))
  return [...people, ...sensors, ...kills, ...looks].sort((a, b) => a.atMs - b.atMs)
}

function sensorDeeds(play: ScenarioPlay, part: SensorPart): Deed[] {
  const { script, staging, stage } = play
  const sensorId = sensorOf(stage, part.key).id
  const tellings = tellingsOf(script, part, { ...staging, sensorId })
  return [
    ...tellings.map((telling) => ({ atMs: telling.atMs, run: () => tell(play, part, telling) })),
    ...part.placements.flatMap((placement) => placementDeeds(play, part, placement)),
    ...part.certificates.flatMap((certificate) => {
      const { addedMs } = certificate
      const body = certificateBody(play, part, certificate)
      const run = () => play.world.parties.distributor.api.tell(`/sensors/${sensorId}/calibrations`, body)
      return addedMs === null ? [] : [{ atMs: addedMs, run }]
    }),
    ...(part.releasedMs === null ? [] : [{ atMs: part.releasedMs, run: () => release(play, part) }]),
  ]
}

/** What the oracle takes for sent must have been heard before a radio goes off, or a battery dies, for good. */
async function tell({ links, stage }: ScenarioPlay, { key }: SensorPart, said: Telling): Promise<void> {
  const link = links.get(key)
  if (said.radio === 'on') link?.goOnline()
  else {
    await link?.settled(PATIENCE_MS)
    link?.goOffline()
  }
  const topic = `${TOPIC_PREFIX}/${sensorOf(stage, key).id}/readings`
  for (const { ending, payload } of said.transmissions) link?.publish({ topic: `${topic}${ending}`, payload })
}

const TOPIC_PREFIX = 'unbroken/v1'

const placed = z.object({ id: z.int() })

function placementDeeds(play: ScenarioPlay, part: SensorPart, placement: PlacementPart): Deed[] {
  const { script, staging, stage, world } = play
  const { api } = world.parties.distributor
  const startAt = journeyStart(script, staging)
  const iso = (ms: number) => new Date(startAt + ms).toISOString()
  const { role, fromMs, toMs, correction } = placement
  let id = 0
  const place = async () => {
    const body = {
      sensorId: sensorOf(stage, part.key).id,
      channel: part.device.channel,
      role,
      from: iso(fromMs),
      ...(toMs === null ? {} : { to: iso(toMs) }),
      reason: 'as the scenario tells it',
    }
    id = (await api.post(`/shipments/${stage.shipmentId}/placements`, body, placed)).id
  }
  const correct = async () => {
    if (correction === null) return
    const { reason, change } = correction
    // where the window ended meanwhile, another placement stands in the first one's place
    const current = await currentPlacement(play, id)
    const body = change === 'withdrawn' ? { reason, withdraw: true } : { reason, to: iso(change.toMs) }
    await api.tell(`/placements/${current}/correction`, body)
  }
  const deeds: Deed[] = [{ atMs: script.afterwards?.toldMs ?? placement.toldMs, run: place }]
  return correction === null ? deeds : [...deeds, { atMs: correction.toldMs, run: correct }]
}

const placements = z.object({ items: z.array(z.object({ id: z.int(), correctsId: z.int().nullable() })) })

async function currentPlacement({ world, stage }: ScenarioPlay, id: number): Promise<number> {
  const path = `/shipments/${stage.shipmentId}/placements?limit=100`
  const { items } = await world.parties.distributor.api.get(path, placements)
  return items.reduce((current, item) => (item.correctsId === current ? item.id : current), id)
}

const recorded = z.object({ event: z.object({ seq: z.int() }) })

async function state(play: ScenarioPlay, statement: Statement): Promise<void> {
  const { world, stage, seqs } = play
  const { corrects, label, coi } = statement
  const about = corrects && {
    corrects: seqs.get(corrects.label),
    replacement: corrects.instead && said(play, corrects.instead),
  }
  const { api } = world.parties[statement.by]
  const body = { ...said(play, statement), ...(coi === undefined ? {} : { coi }), ...about }
  const { event } = await api.post(`/shipments/${stage.shipmentId}/custody-events`, body, recorded)
  if (label !== undefined) seqs.set(label, event.seq)
  play.told.statements += 1
}

function said({ world, stage, staging, script }: ScenarioPlay, step: CustodyStep) {
  return {
    kind: step.kind,
    at: new Date(journeyStart(script, staging) + step.atMs).toISOString(),
    ...(step.unitsNamed ? { units: stage.unitCodes } : {}),
    ...(step.coiNamed ? { coi: stage.coi } : {}),
    ...(step.to ? { toOrganisationId: world.parties[step.to].id } : {}),
    ...step.said,
  }
}

/** What was measured so far must be known first, or the answer would depend on the network's pace. */
async function lookOnce(play: ScenarioPlay): Promise<void> {
  await settled(play)
  const { temperature } = await askStatus(play)
  const { status, complete } = temperature
  play.looks.push({ atMs: 0, status, complete })
}

/** The status as the distributor sees it. */
export function askStatus({ world, stage }: ScenarioPlay): Promise<ScenarioStatus> {
  return world.parties.distributor.api.get(`/shipments/${stage.shipmentId}/status`, scenarioStatus)
}

async function settled({ links }: ScenarioPlay): Promise<void> {
  for (const link of links.values()) await link.settled(PATIENCE_MS)
}

const keptMessages = z.object({
  items: z.array(z.object({ id: z.int(), sensorId: z.int().nullable(), release: z.unknown() })),
  nextCursor: z.string().nullable(),
})

/** Held messages of a scenario's sensors that nobody has released. */
export async function heldMessages({ world, stage }: ScenarioPlay): Promise<{ id: number; sensorId: number }[]> {
  const { api } = world.parties.distributor
  const own = new Set(Object.values(stage.sensors).map(({ id }) => id))
  const held: { id: number; sensorId: number }[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const after: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`
    const page = await api.get(`/messages?outcome=held&limit=500${after}`, keptMessages)
    for (const { id, sensorId, release: released } of page.items) {
      if (released === null && sensorId !== null && own.has(sensorId)) held.push({ id, sensorId })
    }
    cursor = page.nextCursor
  }
  return held
}

async function release(play: ScenarioPlay, { key }: SensorPart): Promise<void> {
  await settled(play)
  const { id: own } = sensorOf(play.stage, key)
  const { api } = play.world.parties.distributor
  for (const { id, sensorId } of await heldMessages(play)) {
    if (sensorId === own) await api.tell(`/messages/${id}/release`, { reason: 'the clock was set to local time' })
  }
}

function sensorOf({ sensors }: ScenarioStage, key: string): { id: number; secret: string } {
  const sensor = sensors[key]
  if (sensor === undefined) throw new Error(`the scenario has no sensor ${key}`)
  return sensor
}
