import { runDemo } from '../../simulators/demo.ts'
import { JOURNEY_MS } from '../../simulators/journeys.ts'
import { atTrialPlace, startOnTime, type TrialClock } from './supervised-service.ts'

/**
 * `unbroken demo`: starts the service as a process of its own on embedded backends, with a clock that begins one
 * journey ago and runs scaled to the real now, plays the journeys of `simulators/` through the public doors, and
 * compares every served answer with what was injected. Should the service be killed, it is started again and nothing
 * acked is lost. Returns the exit code: 0 when all answers were right.
 */
export async function demo(options: { exit: boolean; print: (text: string) => void; isTty: boolean }): Promise<number> {
  return atTrialPlace('demo', async (place) => {
    const service = await startOnTime(place, clockFrom, options.print)
    try {
      const write = (text: string) => void process.stdout.write(text)
      const { adminKey } = place
      const result = await runDemo({ ...service, adminKey, speed: SPEED, print: write, isTty: options.isTty })
      if (!options.exit) {
        options.print(
          `\nThe service stays up as process ${service.pid()}: kill it with -9, it comes back. Ctrl-C ends it.`,
        )
        await signalled()
      }
      result.close()
      return result.equal ? 0 : 1
    } finally {
      await service.stop()
    }
  })
}

/** One journey in this time: fast enough for a look, slow enough for each sensor to act like one. */
const PLAY_MS = 22_000
const SPEED = JOURNEY_MS / PLAY_MS

/** Stands one journey ago until `startedAt`, then runs scaled and meets the real time after `PLAY_MS`. */
function clockFrom(startedAt: number): TrialClock {
  return { originAt: startedAt + PLAY_MS - JOURNEY_MS, startedAt, speed: SPEED }
}

async function signalled(): Promise<void> {
  await new Promise<void>((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => resolve())
  })
}
