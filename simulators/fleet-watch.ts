import { setTimeout as pause } from 'node:timers/promises'
import { evaluationList } from './answers.ts'
import type { ApiClient } from './client.ts'
import type { FleetClock } from './fleet-clock.ts'
import type { PlannedShipment } from './fleet-plan.ts'
import { type FleetSight, sightLine } from './fleet-view.ts'

/** Shows a running fleet until stopped. */
export type Watching = {
  stop: () => void
  /** Resolves after `stop`; rejects where the service stays away. */
  done: Promise<void>
  /** Totals of the whole play. */
  summary: () => string
}

export type Watched = {
  api: ApiClient
  shipments: readonly PlannedShipment[]
  shipmentIds: readonly number[]
  startAt: number
  clock: FleetClock
  scenario: { durationMs: number }
  publisher: { progress: () => PublisherProgress }
  print: (text: string) => void
  isTty: boolean
}

type PublisherProgress = { published: number; acked: number; inFlight: number; lagMs: number }

/**
 * Draws a line about the fleet now and then, and asks the service for the newest stored evaluation of one shipment
 * after the other, a few a second.
 */
export function watchFleet(watched: Watched): Watching {
  const stopped = new AbortController()
  const asked = new Map<number, boolean>()
  const totals: Totals = { startedMs: performance.now(), endedMs: null, peakBytes: 0, longestLagMs: 0 }
  const done = Promise.all([
    draw(watched, { signal: stopped.signal, asked, totals }),
    ask(watched, { signal: stopped.signal, asked }),
  ]).then(() => undefined)
  const stop = () => {
    totals.endedMs ??= performance.now()
    stopped.abort()
  }
  return { stop, done, summary: () => summaryText(watched, totals) }
}

type Totals = { startedMs: number; endedMs: number | null; peakBytes: number; longestLagMs: number }
/** Per shipment asked about, whether it was last served as anything but in range. */
type Asked = Map<number, boolean>

/** Columns of a terminal that does not say how many it has; a line drawn over itself must not be broken. */
const WIDE = 160
const REDRAW_MS = 500
const NEXT_LINE_MS = 10_000
const BETWEEN_QUESTIONS_MS = 100

async function draw(
  watched: Watched,
  { signal, asked, totals }: { signal: AbortSignal; asked: Asked; totals: Totals },
): Promise<void> {
  const { print, isTty, publisher } = watched
  let [before, beforeMs, lineMs] = [publisher.progress(), performance.now(), performance.now()]
  while (!signal.aborted) {
    await pause(REDRAW_MS, undefined, { signal }).catch(() => undefined)
    const [now, nowMs] = [publisher.progress(), performance.now()]
    totals.peakBytes = Math.max(totals.peakBytes, process.memoryUsage.rss())
    totals.longestLagMs = Math.max(totals.longestLagMs, now.lagMs)
    if (!isTty && !signal.aborted && nowMs - lineMs < NEXT_LINE_MS) continue
    const seconds = (nowMs - beforeMs) / 1000
    const line = sightLine({
      ...lookAt(watched, asked),
      ...now,
      publishedPerS: (now.published - before.published) / seconds,
      ackedPerS: (now.acked - before.acked) / seconds,
    })
    print(isTty ? `\r${line.slice(0, (process.stdout.columns ?? WIDE) - 1)}\u001b[K` : `${line}\n`)
    before = now
    beforeMs = nowMs
    lineMs = nowMs
  }
  if (isTty) print('\n')
}

function lookAt({ clock, startAt, scenario, shipments }: Watched, asked: Asked) {
  const sinceMs = clock.now() - startAt
  return {
    sinceMs,
    lengthMs: Math.max(scenario.durationMs, sinceMs),
    disturbed: shipments.filter(({ disturbance }) => disturbance !== null && disturbance.fromMs <= sinceMs).length,
    asked: asked.size,
    notInRange: [...asked.values()].filter(Boolean).length,
  } satisfies Partial<FleetSight>
}

async function ask({ api, shipmentIds }: Watched, { signal, asked }: { signal: AbortSignal; asked: Asked }) {
  while (!signal.aborted) {
    for (const id of shipmentIds) {
      await pause(BETWEEN_QUESTIONS_MS, undefined, { signal }).catch(() => undefined)
      if (signal.aborted) return
      const { items } = await api.get(`/shipments/${id}/evaluations?limit=1`, evaluationList)
      for (const { status } of items) asked.set(id, status !== 'in_range')
    }
  }
}

function summaryText({ publisher }: Watched, totals: Totals): string {
  const { published, acked } = publisher.progress()
  const seconds = ((totals.endedMs ?? performance.now()) - totals.startedMs) / 1000
  const megabytes = Math.round(totals.peakBytes / 1024 / 1024)
  return [
    `${published} messages published, ${acked} acknowledged in ${seconds.toFixed(1)} s`,
    `${Math.round(acked / seconds)}/s`,
    `longest lag ${(totals.longestLagMs / 1000).toFixed(1)} s`,
    `resident memory at most ${megabytes} MiB`,
  ].join(', ')
}
