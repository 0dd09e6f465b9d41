import { once } from 'node:events'
import { createReadStream, createWriteStream, openSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { finished } from 'node:stream/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { FleetProblem } from './fleet-problem.ts'
import { Link } from './link.ts'
import { waitUntil } from './wait.ts'

/** Writes down MQTT traffic: one JSON object per line, `{"ms", "topic", "payload"}`, the payload in base64. */
export type Recorder = {
  write: (message: { topic: string; payload: string }) => Promise<void>
  close: () => Promise<void>
}

/** Opens a recording; offsets count from the first message. An existing file is replaced; throws where none can be. */
export function recordTo(file: string): Recorder {
  const stream = createWriteStream(file, { fd: openSync(file, 'w') })
  let failed: Error | null = null
  stream.on('error', (error) => {
    failed = error
  })
  let startedMs: number | null = null
  return {
    write: async ({ topic, payload }) => {
      if (failed !== null) throw failed
      const now = performance.now()
      startedMs ??= now
      const line = { ms: Math.round(now - startedMs), topic, payload: Buffer.from(payload).toString('base64') }
      if (!stream.write(`${JSON.stringify(line)}\n`)) await once(stream, 'drain')
    },
    close: async () => {
      stream.end()
      await finished(stream)
    },
  }
}

/**
 * Publishes a recording again, with its relative times divided by `speed`, or as fast as it is acknowledged where that
 * is 0. Resolves with the number of messages when all are acknowledged; throws where a line is none, or no PUBACK comes
 * for a minute.
 */
export async function replayFrom(file: string, { speed, onProgress, ...door }: ReplayOptions): Promise<number> {
  const link = new Link({ ...door, maxUnacked: Number.POSITIVE_INFINITY, clientId: `replay-${process.pid}` })
  link.goOnline()
  const startedMs = performance.now()
  let count = 0
  try {
    for await (const { ms, topic, payload } of linesOf(file)) {
      if (speed > 0) await pause(Math.max(0, startedMs + ms / speed - performance.now()))
      if (link.unacked() >= MAX_UNACKED) await below(link, MAX_UNACKED)
      link.publish({ topic, payload })
      count += 1
      onProgress(link.progress())
    }
    await below(link, 1)
    return count
  } finally {
    await link.close()
  }
}

export type ReplayOptions = {
  mqttUrl: string
  /** Empty: anonymous. */
  username: string
  password: string
  speed: number
  onProgress: (progress: { published: number; acked: number }) => void
}

const MAX_UNACKED = 5000
const STALLED_MS = 60_000

/** Waits until fewer messages than that are on their way; throws where nothing moves. */
async function below(link: Link, limit: number): Promise<void> {
  while (link.unacked() >= limit) {
    const { acked } = link.progress()
    const what = () => `PUBACKs: ${link.unacked()} messages wait for theirs`
    await waitUntil(() => link.progress().acked > acked, { deadlineMs: STALLED_MS, what })
  }
}

const recorded = z.object({ ms: z.number().nonnegative(), topic: z.string().min(1), payload: z.base64() })

async function* linesOf(file: string) {
  let number = 0
  for await (const line of createInterface({ input: createReadStream(file, { fd: openSync(file, 'r') }) })) {
    number += 1
    if (line === '') continue
    const parsed = recorded.safeParse(json(line))
    if (!parsed.success)
      throw new FleetProblem(`${file} line ${number} is no recorded message: ${z.prettifyError(parsed.error)}`)
    yield { ...parsed.data, payload: Buffer.from(parsed.data.payload, 'base64') }
  }
}

function json(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
