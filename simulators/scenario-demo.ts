import { JOURNEY_MS } from './journeys.ts'
import { shown } from './progress.ts'
import type { Scenario } from './scenario.ts'
import {
  type Answer,
  answerDifferences,
  answerText,
  injectedAnswer,
  type ScenarioRow,
  servedAnswer,
} from './scenario-answer.ts'
import { askStatus, heldMessages, linksOf, playScenario, progressOf, type ScenarioPlay } from './scenario-play.ts'
import { openProducts, openScenario, type ScenarioProducts } from './scenario-stage.ts'
import { scenarioTruth } from './scenario-truth.ts'
import { table } from './table.ts'
import { waitForPresent } from './wait.ts'
import { openWorld, type World } from './world.ts'

/**
 * Plays scenarios side by side against a running service through its public doors, asks the service how they ended and
 * compares every answer with what was injected. Throws where a door stays shut or refuses what must be taken.
 */
export async function runScenarios(options: ScenarioOptions, scenarios: readonly Scenario[]): Promise<ScenarioResult> {
  const startAt = Math.ceil(options.now() / MINUTE_MS) * MINUTE_MS
  options.print(`${EXAMPLE_NOTICE}\n\n`)
  const world = await openWorld({ apiUrl: options.apiUrl, key: options.adminKey }, startAt)
  const products = await openProducts(world)
  const plays: ScenarioPlay[] = []
  // so many at a time: all at once would only queue up at the service's door
  for (let from = 0; from < scenarios.length; from += OPENED_AT_ONCE) {
    const some = scenarios.slice(from, from + OPENED_AT_ONCE)
    plays.push(...(await Promise.all(some.map((scenario) => setUp({ options, world, products, startAt }, scenario)))))
  }
  const close = () => {
    for (const { links } of plays) for (const link of links.values()) link.goOffline()
  }
  try {
    const { now, speed } = options
    const work = Promise.all([...plays.map(playScenario), waitForPresent({ now, speed }, () => false)])
    await shown(options, () => progress(options, plays, startAt), work)
    const rows = await Promise.all(plays.map(judged))
    const { key } = world.parties.distributor.api
    options.print(closing(options, rows, key))
    return { equal: rows.every(({ differences }) => differences.length === 0), rows, key, close }
  } catch (error) {
    close()
    throw error
  }
}

export type ScenarioOptions = {
  /** Root of the service, without `/api/v1`. */
  apiUrl: string
  mqttUrl: string
  /** A key that may register organisations. */
  adminKey: string
  /** The service's clock in epoch ms: begins `JOURNEY_MS` before the real time and ends at it. */
  now: () => number
  /** How many times as fast as the real time that clock runs until it has caught up. */
  speed: number
  /** Kills the service, which somebody else starts again; null: scenarios do without. */
  killService: (() => void) | null
  /** Writes a piece of text as it is; lines bring their own end. */
  print: (text: string) => void
  /** Whether the progress line may be drawn over itself. */
  isTty: boolean
}

export type ScenarioResult = {
  /** Every served answer equals the injected truth. */
  equal: boolean
  rows: ScenarioRow[]
  /** A working API key: the distributor's, who sees every shipment of the play. */
  key: string
  close: () => void
}

/** Name and story of each scenario, for people who choose. */
export function scenarioList(scenarios: readonly Scenario[]): string {
  const rows = scenarios.map(({ name, story, reports }) => [name, oneLine(story), reports.join(', ')])
  return table(['scenario', 'story', 'reported elsewhere'], rows, STORY_WIDTH)
}

const MINUTE_MS = 60_000
const EXAMPLE_NOTICE = 'EXAMPLE LIMITS, not for use: every profile, product and organisation of this play is made up.'
/** The same seed plays the same curves, noise and losses. */
const SEED = 7
const OPENED_AT_ONCE = 10
const STORY_WIDTH = 80
const ANSWER_WIDTH = 44

type Setting = { options: ScenarioOptions; world: World; products: ScenarioProducts; startAt: number }

async function setUp({ options, world, products, startAt }: Setting, scenario: Scenario): Promise<ScenarioPlay> {
  const { mqttUrl, now, speed, killService } = options
  const staging = { startAt, seed: SEED, name: scenario.name }
  const script = scenario.script(startAt)
  const stage = await openScenario({ world, products, scenario, script, staging })
  return {
    ...{ world, mqttUrl, scenario, script, stage, staging, killService },
    clock: { now, speed },
    isOver: () => false,
    links: linksOf({ script, stage }, mqttUrl),
    seqs: new Map(),
    looks: [],
    told: { statements: 0 },
  }
}

function progress({ now }: ScenarioOptions, plays: readonly ScenarioPlay[], startAt: number) {
  const sensors = plays.map(progressOf)
  return {
    share: (now() - startAt) / JOURNEY_MS,
    published: sensors.reduce((sum, { published }) => sum + published, 0),
    acked: sensors.reduce((sum, { acked }) => sum + acked, 0),
    events: plays.reduce((sum, { told }) => sum + told.statements, 0),
  }
}

/** Asks the service for one shipment and the oracle for the same instant. */
async function judged(play: ScenarioPlay): Promise<ScenarioRow> {
  const { world, scenario, script, staging } = play
  const status = await askStatus(play)
  const holderId = status.custody.holder?.organisationId
  const [holder = 'nobody'] = Object.entries(world.parties).find(([, { id }]) => id === holderId) ?? []
  const held = (await heldMessages(play)).length
  const served = servedAnswer(status, { holder, held, looks: play.looks })
  const injected = injectedAnswer(scenario.expected, scenarioTruth(script, staging, status.asOf), script.looks)
  return { name: scenario.name, served, injected, differences: answerDifferences(served, injected) }
}

function closing({ apiUrl }: ScenarioOptions, rows: readonly ScenarioRow[], key: string): string {
  const text = (answer: Answer) => answerText(answer)
  const lines = rows.map(({ name, served, injected, differences }) => [
    name,
    text(injected),
    differences.length === 0 ? 'the same' : text(served),
    differences.length === 0 ? 'yes' : 'NO',
  ])
  const unequal = rows.flatMap(({ name, differences }) => differences.map((difference) => `${name}: ${difference}\n`))
  const equal = rows.filter(({ differences }) => differences.length === 0).length
  return [
    `\n${EXAMPLE_NOTICE}\nTimes are UTC: day and hour.\n\n`,
    table(['scenario', 'injected', 'served', 'equal'], lines, ANSWER_WIDTH),
    '\n',
    ...unequal,
    `${equal} of ${rows.length} scenarios equal\n`,
    `Service:  ${apiUrl}\nAPI key:  ${key}  (the distributor's, who sees all of these shipments)\n`,
  ].join('')
}

function oneLine(story: string): string {
  return story.replace(/\s+/g, ' ')
}
