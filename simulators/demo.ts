import { evaluationList, type ShipmentStatus, shipmentStatus } from './answers.ts'
import type { Journey } from './journey.ts'
import { demoJourneys, JOURNEY_MS } from './journeys.ts'
import { type Play, playJourney } from './play.ts'
import { shown } from './progress.ts'
import { SimulatedSensor } from './sensor.ts'
import { type Progress, table } from './table.ts'
import {
  differences,
  expectedTruth,
  injectedVerdict,
  servedVerdict,
  summary,
  temperatureText,
  type Verdict,
} from './verdict.ts'
import { openStage, openWorld, type World } from './world.ts'

/**
 * Plays the demo's journeys against a running service through its public doors, then asks the service how they ended
 * and compares every answer with what was injected. Throws where a door stays shut or refuses what must be taken. /
 */
export async function runDemo(options: DemoOptions): Promise<DemoResult> {
  const startAt = Math.ceil(options.now() / MINUTE_MS) * MINUTE_MS
  options.print(`${EXAMPLE_NOTICE}\n\n`)
  const world = await openWorld({ apiUrl: options.apiUrl, key: options.adminKey }, startAt)
  const audience = { gone: false }
  const setting = { options, world, startAt, isOver: () => audience.gone }
  const plays = await Promise.all(demoJourneys().map((journey) => setUp(setting, journey)))
  options.print(`${programme(plays)}\n`)
  const close = () => {
    audience.gone = true
    for (const play of plays) play.sensor.goOffline()
  }
  try {
    await shown(options, () => progressOf(options, plays), Promise.all(plays.map(playJourney)))
    const rows = await Promise.all(plays.map(judged))
    const { key } = world.parties.distributor.api
    options.print(closing(options, rows, key))
    return { equal: rows.every((row) => row.differences.length === 0), rows, key, close }
  } catch (error) {
    close()
    throw error
  }
}

export type DemoOptions = {
  /** Root of the service, without `/api/v1`. */
  apiUrl: string
  mqttUrl: string
  /** A key that may register organisations. */
  adminKey: string
  /** The service's clock in epoch ms: begins `JOURNEY_MS` before the real time and ends at it. */
  now: () => number
  /** How many times as fast as the real time that clock runs until it has caught up. */
  speed: number
  /** Writes a piece of text as it is; lines bring their own end. */
  print: (text: string) => void
  /** Whether the progress line may be drawn over itself. */
  isTty: boolean
}

export type DemoResult = {
  /** Every served answer equals the injected truth. */
  equal: boolean
  rows: DemoRow[]
  /** A working API key: the distributor's, who sees every shipment of the demo. */
  key: string
  /** Stops the sensor of the shipment that is still under way. */
  close: () => void
}

export type DemoRow = {
  shipmentId: number
  reference: string
  served: Verdict
  injected: Verdict
  differences: string[]
  /** Who relied on what came out otherwise, and how; one line each. */
  lateTruth: string[]
}

const MINUTE_MS = 60_000
const EXAMPLE_NOTICE = 'EXAMPLE LIMITS, not for use: every profile, product and organisation of this demo is made up.'
/** The same seed plays the same curves, noise and losses. */
const SEED = 7

type Setting = { options: DemoOptions; world: World; startAt: number; isOver: () => boolean }

async function setUp({ options, world, startAt, isOver }: Setting, journey: Journey): Promise<Play> {
  const { mqttUrl, now, speed } = options
  const stage = await openStage(world, journey, startAt)
  return {
    world,
    journey,
    stage,
    isOver,
    sensor: new SimulatedSensor({ mqttUrl, sensorId: stage.sensorId, secret: stage.secret, now }),
    clock: { now, speed },
    staging: { startAt, seed: SEED },
    notes: { events: 0, before: null },
  }
}

function programme(plays: readonly Play[]): string {
  const rows = plays.map(({ stage, journey }) => [stage.reference, journey.title, journey.story])
  return table(['shipment', 'journey', 'story'], rows, STORY_WIDTH)
}

const STORY_WIDTH = 80
/** Cells narrow enough that the closing table fits a terminal of 140 columns. */
const ANSWER_WIDTH = 28

function progressOf({ now }: DemoOptions, plays: readonly Play[]): Progress {
  const sensors = plays.map((play) => play.sensor.progress())
  const startAt = plays[0]?.staging.startAt ?? 0
  return {
    share: (now() - startAt) / JOURNEY_MS,
    published: sensors.reduce((sum, { published }) => sum + published, 0),
    acked: sensors.reduce((sum, { acked }) => sum + acked, 0),
    events: plays.reduce((sum, play) => sum + play.notes.events, 0),
  }
}

/** Asks the service for one shipment and the oracle for the same instant. */
async function judged({ world, stage, journey, staging, notes }: Play): Promise<DemoRow> {
  const { api } = world.parties.distributor
  const status = await api.get(`/shipments/${stage.shipmentId}/status`, shipmentStatus)
  const { items } = await api.get(`/shipments/${stage.shipmentId}/evaluations?limit=500`, evaluationList)
  const holderId = status.custody.holder?.organisationId
  const holder = Object.values(world.parties).find((party) => party.id === holderId)?.name ?? null
  const { before } = notes
  const kept = items.find(({ version }) => version === before?.evaluationVersion)
  const served = servedVerdict(status, {
    holder,
    before: before === null ? null : temperatureText(before.temperature),
    historyKept: before === null || (kept?.status === before.temperature.status && kept !== items[0]),
  })
  const truth = expectedTruth(journey, staging, status.asOf)
  const injected = injectedVerdict(journey, truth, world.parties[journey.expected.holder].name)
  const { shipmentId, reference } = stage
  const lateTruth = lateTruthOf(status, world)
  return { shipmentId, reference, served, injected, differences: differences(served, injected), lateTruth }
}

function lateTruthOf({ review }: ShipmentStatus, world: World): string[] {
  const nameOf = (key: string) => Object.values(world.parties).find(({ gln }) => key === gln)?.name ?? key
  return review.open.flatMap(({ evaluationVersion, reliedOnBy, grounds }) =>
    reliedOnBy.map(({ what, organisation, at }, index) => {
      const when = new Date(at).toISOString().slice(0, 16).replace('T', ' ')
      const changed = grounds[index]?.text ?? ''
      return `${nameOf(organisation)}, ${what} ${when}: ${changed} Superseded by version ${evaluationVersion}.`
    }),
  )
}

function closing({ apiUrl }: DemoOptions, rows: readonly DemoRow[], key: string): string {
  const lines = rows.map(({ reference, served, injected, differences: unequal }) => [
    reference,
    temperatureText(served),
    served.chainStatus,
    served.review === 'none' ? '-' : served.review,
    served.holder ?? 'nobody',
    summary(served),
    summary(injected),
    unequal.length === 0 ? 'yes' : 'NO',
  ])
  const headings = ['shipment', 'temperature', 'custody', 'review', 'holder', 'served', 'injected', 'equal']
  const unequal = rows.flatMap((row) => row.differences.map((difference) => `${row.reference}: ${difference}\n`))
  const shipmentId = rows[0]?.shipmentId ?? 1
  const first = new URL(`/api/v1/shipments/${shipmentId}/status`, apiUrl)
  const certificate = new URL(`/api/v1/shipments/${shipmentId}/certificate.pdf`, apiUrl)
  return [
    `\n${EXAMPLE_NOTICE}\nTimes are UTC.\n\n`,
    table(headings, lines, ANSWER_WIDTH),
    '\n',
    ...unequal,
    ...rows.flatMap(({ reference, lateTruth }) => lateTruth.map((line) => `${reference} re-review: ${line}\n`)),
    `Service:  ${apiUrl}\nAPI key:  ${key}  (the distributor's, who sees all of these shipments)\n`,
    `Try:      curl -H 'Authorization: Bearer ${key}' ${first}\n`,
    `Certify:  curl -OJ -H 'Authorization: Bearer ${key}' ${certificate}\n`,
    `          npx unbroken verify certificate-${shipmentId}.pdf\n`,
  ].join('')
}
