import { setTimeout as pause } from 'node:timers/promises'
import { seededRandom, seedOf } from './random.ts'

/** One outage of one process: killed `atMs` after the beginning, started again `downMs` later. */
export type Outage = { name: string; atMs: number; downMs: number }

export type OutageOptions = {
  seed: number
  /** No process is killed after this; one that is down then still comes back. */
  durationMs: number
  /** How long a process runs before it is killed, again and again; uniform between both. */
  upMs: Span
  downMs: Span
}

export type Span = { min: number; max: number }

/** The outages of some processes, oldest first: each has its own sequence, so that several may be down at once. */
export function planOutages(names: readonly string[], { seed, durationMs, upMs, downMs }: OutageOptions): Outage[] {
  const outages = names.flatMap((name) => {
    const random = seededRandom(seedOf(seed, `outages of ${name}`))
    const draw = ({ min, max }: Span) => Math.round(min + random() * (max - min))
    const own: Outage[] = []
    let atMs = draw(upMs)
    while (atMs < durationMs && own.length < MAX_OUTAGES) {
      const outage = { name, atMs, downMs: draw(downMs) }
      own.push(outage)
      atMs += outage.downMs + draw(upMs)
    }
    return own
  })
  return outages.sort((a, b) => a.atMs - b.atMs)
}

/** A plan with spans of nothing would never end. */
const MAX_OUTAGES = 10_000

/** A process as an outage sees it; `kill` resolves when it is dead, `start` when it serves again. */
export type Outageable = { name: string; kill: () => Promise<void>; start: () => Promise<void> }

export type Outages = {
  plan: readonly Outage[]
  /** How many of them have happened. */
  happened: () => number
  /** Resolves when all have happened and every process is back; rejects where one cannot be killed or started. */
  done: Promise<void>
  /** No more outages: resolves when every process is back. */
  stop: () => Promise<void>
}

/** Kills and starts processes as `planOutages` says, in real time from now on. */
export function scheduleOutages(processes: readonly Outageable[], options: OutageOptions): Outages {
  const names = processes.map(({ name }) => name)
  if (new Set(names).size < names.length) throw new Error('two processes of one name would share their outages')
  const plan = planOutages(names, options)
  const stopped = new AbortController()
  const startedAt = performance.now()
  let happened = 0
  const suffer = async (process: Outageable): Promise<void> => {
    for (const { atMs, downMs } of plan.filter(({ name }) => name === process.name)) {
      await waitUnlessStopped(startedAt + atMs - performance.now(), stopped.signal)
      if (stopped.signal.aborted) return
      await process.kill()
      happened += 1
      await waitUnlessStopped(downMs, stopped.signal)
      await process.start()
    }
  }
  const done = Promise.all(processes.map(suffer)).then(() => undefined)
  const stop = () => {
    stopped.abort()
    return done
  }
  return { plan, happened: () => happened, done, stop }
}

async function waitUnlessStopped(ms: number, signal: AbortSignal): Promise<void> {
  await pause(Math.max(0, ms), undefined, { signal }).catch(() => undefined)
}
