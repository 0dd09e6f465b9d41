import { setTimeout as pause } from 'node:timers/promises'
import { connectAsync } from 'mqtt'
import { T0 } from '../support/limits.ts'

/** A process of its own that publishes at a steady rate and then tells when it published each message. */
type Plan = { url: string; prefix: string; sensors: number[]; perSecond: number; seconds: number; first: number }

process.once('message', (plan: Plan) => void publish(plan))

const TICK_MS = 5

async function publish({ url, prefix, sensors, perSecond, seconds, first }: Plan): Promise<void> {
  const client = await connectAsync(url, { protocolVersion: 5 })
  const count = perSecond * seconds
  const publishedMs: number[] = []
  const startMs = monotonicMs()
  while (publishedMs.length < count) {
    const due = Math.min(count, Math.ceil(((monotonicMs() - startMs) / 1000) * perSecond))
    while (publishedMs.length < due) {
      // a millisecond each, so that every message is told apart
      const index = first + publishedMs.length
      const at = new Date(T0 + index).toISOString()
      const payload = `{"readings":[{"at":"${at}","channel":"probe","value":5.2,"unit":"CEL"}]}`
      publishedMs.push(monotonicMs())
      client.publish(`${prefix}/${sensors[index % sensors.length]}/readings`, payload, { qos: 1 })
    }
    await pause(TICK_MS)
  }
  await client.endAsync()
  process.send?.(publishedMs)
}

function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
