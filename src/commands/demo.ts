import { runDemo } from '../../simulators/demo.ts'
import { JOURNEY_MS } from '../../simulators/journeys.ts'
import type { Scenario } from '../../simulators/scenario.ts'
import { runScenarios } from '../../simulators/scenario-demo.ts'
import {
  atTrialPlace,
  startOnTime,
  startTrialService,
  type TrialClock,
  type TrialPlace,
  type TrialService,
  trialNow,
} from './supervised-service.ts'

/**
 * `unbroken demo`: starts the service as a process of its own on embedded backends, with a clock that begins one
 * journey ago and runs scaled to the real now, plays the journeys or scenarios of `simulators/` through the public
 * doors, and compares every served answer with what was injected. Should the service be killed, it is started again and
 * nothing acked is lost. Returns the exit code: 0 when all answers were right.
 */
export async function demo(options: DemoOptions): Promise<number> {
  return atTrialPlace('demo', async (place) => {
    const { service, result } = await (options.scenarios.length > 0 ? playScenarios : playJourneys)(place, options)
    try {
      const { equal, close } = await result
      if (!options.exit) {
        options.print(
          `\nThe service stays up as process ${service.pid()}: kill it with -9, it comes back. Ctrl-C ends it.`,
        )
        await signalled()
      }
      close()
      return equal ? 0 : 1
    } finally {
      await service.stop()
    }
  })
}

/** What was asked on the command line; without scenarios it is the demo's own journeys. */
export type DemoOptions = {
  exit: boolean
  scenarios: readonly Scenario[]
  print: (text: string) => void
  isTty: boolean
}

type Played = { service: TrialService; result: Promise<{ equal: boolean; close: () => void }> }

/** One journey in this time: fast enough for a look, slow enough for each sensor to act like one. */
const PLAY_MS = 22_000

async function playJourneys(place: TrialPlace, { print, isTty }: DemoOptions): Promise<Played> {
  const clockFrom = (startedAt: number) => clockOf(startedAt, PLAY_MS)
  const service = await startOnTime(place, clockFrom, print)
  const { adminKey } = place
  return { service, result: runDemo({ ...service, adminKey, speed: JOURNEY_MS / PLAY_MS, print: write, isTty }) }
}

/** Many scenarios at once keep two cores busy: slower, so that nobody comes late. */
const PLAY_EACH_MS = 650
/** The clock stands while the service starts and while each scenario's shipment is opened. */
const START_MS = 4000
const OPEN_EACH_MS = 150

async function playScenarios(place: TrialPlace, { scenarios, print, isTty }: DemoOptions): Promise<Played> {
  const playMs = Math.max(PLAY_MS, scenarios.length * PLAY_EACH_MS)
  const clock = clockOf(Date.now() + START_MS + scenarios.length * OPEN_EACH_MS, playMs)
  const service = await startTrialService(place, clock, print)
  const killService = () => void process.kill(service.pid(), 'SIGKILL')
  const door = { ...service, adminKey: place.adminKey, now: () => trialNow(clock), speed: clock.speed, killService }
  return { service, result: runScenarios({ ...door, print: write, isTty }, scenarios) }
}

/** Stands one journey ago until `startedAt`, then runs scaled and meets the real time after `playMs`. */
function clockOf(startedAt: number, playMs: number): TrialClock {
  return { originAt: startedAt + playMs - JOURNEY_MS, startedAt, speed: JOURNEY_MS / playMs }
}

function write(text: string): void {
  process.stdout.write(text)
}

async function signalled(): Promise<void> {
  await new Promise<void>((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => resolve())
  })
}
