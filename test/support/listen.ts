import { randomUUID } from 'node:crypto'
import { connectAsync } from 'mqtt'

/** One message as somebody at the broker hears it. */
export type Heard = { topic: string; payload: Buffer; retained: boolean; contentType: string | null }

/** Listens to a filter and speaks for a test; `close` ends both. */
export type Listener = {
  heard: Heard[]
  retain: (topic: string, payload: string) => Promise<unknown>
  close: () => Promise<unknown>
}

export async function listenAt(url: string, filter: string): Promise<Listener> {
  const heard: Heard[] = []
  const client = await connectAsync(url, { protocolVersion: 5, clientId: `listener-${randomUUID()}` })
  client.on('message', (topic, payload, { retain, properties }) =>
    heard.push({ topic, payload, retained: retain, contentType: properties?.contentType ?? null }),
  )
  await client.subscribeAsync(filter, { qos: 1 })
  return {
    heard,
    retain: (topic, payload) => client.publishAsync(topic, payload, { qos: 1, retain: true }),
    close: () => client.endAsync(true),
  }
}
