import { setTimeout as pause } from 'node:timers/promises'
import { connectAsync, type MqttClient } from 'mqtt'
import { T0 } from '../support/limits.ts'

/** What to publish, where: `perSecond` messages for so many seconds, the first with number `first`. */
export type Publishing = {
  url: string
  prefix: string
  sensors: readonly number[]
  perSecond: number
  seconds: number
  first: number
}

/*
 * A process of its own: whatever it is sent it publishes at a steady rate, and tells when it published each message.
 */
process.on('message', (publishing: Publishing) => void publish(publishing))
process.once('disconnect', () => client?.end())

let client: MqttClient | null = null

const TICK_MS = 5

async function publish({ url, prefix, sensors, perSecond, seconds, first }: Publishing): Promise<void> {
  client ??= await connectAsync(url, { protocolVersion: 5 })
  const opened = client
  const count = perSecond * seconds
  const publishedMs = new Array<number>(count)
  const startMs = monotonicMs()
  let [published, acked] = [0, 0]
  while (acked < count) {
    const due = Math.min(count, Math.ceil(((monotonicMs() - startMs) / 1000) * perSecond))
    for (; published < due; published++) {
      // a millisecond each, so that every message is told apart
      const index = first + published
      const at = new Date(T0 + index).toISOString()
      const payload = `{"readings":[{"at":"${at}","channel":"probe","value":5.2,"unit":"CEL"}]}`
      publishedMs[published] = monotonicMs()
      opened.publish(`${prefix}/${sensors[index % sensors.length]}/readings`, payload, { qos: 1 }, () => acked++)
    }
    await pause(TICK_MS)
  }
  process.send?.(publishedMs)
}

function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
