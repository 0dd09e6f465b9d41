import { isUplinkTopic } from '../../ingest/lorawan/uplink-topic.ts'
import { type BrokerOptions, messageOf } from '../../ingest/session.ts'
import { openProbe, type ProbeClient } from './probe-client.ts'
import { whenQuiet } from './when-quiet.ts'

/**
 * How a broker treats a lasting session that is away: how much it keeps, and how much of it is sent without an ack.
 * `unheard`: nothing came, though nothing was refused, as MQTT 3.1.1 brokers answer who may not publish or read.
 */
export type QueueFacts =
  | { outcome: 'service_would_hear' }
  | { outcome: 'refused'; topic: string; reason: string }
  | { outcome: 'unheard'; topic: string }
  | { outcome: 'forgotten'; sent: number }
  | { outcome: 'kept'; sent: number; kept: number; unacked: number }

export type QueueProbe = {
  /** Makes names of its own: another doctor may probe beside this one. */
  run: string
  /** What the broker takes unacked from a publisher; null where it does not say. */
  brokerTakes: number | null
}

/** Twice the default queue of Mosquitto, EMQX and VerneMQ (1,000 messages), and above any default window. */
export const PROBE_MESSAGES = 2000

/**
 * Publishes to a session that is away, comes back without acking anything and counts, then comes back acking and
 * counts all that was kept. The session is removed in the end; should this program be killed, it expires.
 *
 *   subscribe ─► away ─► 2,000 published ─► back, acks withheld: the window ─► back, acks given: what was kept ─► gone
 */
export async function probeQueue(broker: BrokerOptions, probe: QueueProbe): Promise<QueueFacts> {
  const topic = `${broker.prefix}/doctor/${probe.run}`
  // a filter such as # would store the probe's messages as uplinks that cannot be read
  if (isUplinkTopic(topic, broker.lorawanTopics ?? [])) return { outcome: 'service_would_hear' }
  const session = { clientId: `unbroken-doctor-${probe.run}`, session: 'lasting', sessionExpiryS: LEFTOVER_S } as const
  try {
    const subscriber = await openProbe(broker, { ...session, receiveMaximum: 1, acks: 'given' })
    const refused = await refusal(subscriber.during(subscriber.client.subscribeAsync(topic, { qos: 1 })))
    await subscriber.close('kept')
    if (refused !== null) return { outcome: 'refused', topic, reason: refused }
    const unpublished = await publish(broker, topic, probe)
    if (unpublished !== null) return { outcome: 'refused', topic, reason: unpublished }
    return await comeBack(broker, session, topic)
  } finally {
    const last = { ...session, session: 'new', sessionExpiryS: 0, receiveMaximum: 1, acks: 'given' } as const
    await openProbe(broker, last).then(({ close }) => close())
  }
}

/** What is left behind where this program is killed in the middle. */
const LEFTOVER_S = 300
/** A broker far away answers within a second; what comes at all comes in one stream. */
const QUIET_MS = 1500
/** Beyond what a broker takes unacked it may end the connection. */
const PUBLISH_WINDOW = 100

/** Why the broker does not take the messages; null once it acked them all. */
async function publish(broker: BrokerOptions, topic: string, { run, brokerTakes }: QueueProbe): Promise<string | null> {
  const options = { clientId: `unbroken-doctor-${run}-publish`, session: 'new', sessionExpiryS: 0 } as const
  const publisher = await openProbe(broker, { ...options, receiveMaximum: 1, acks: 'given' })
  const properties = broker.protocolVersion === 5 ? { properties: { messageExpiryInterval: LEFTOVER_S } } : {}
  const window = Math.min(brokerTakes ?? PUBLISH_WINDOW, PUBLISH_WINDOW)
  try {
    for (let first = 0; first < PROBE_MESSAGES; first += window) {
      const numbers = Array.from({ length: Math.min(window, PROBE_MESSAGES - first) }, (_, index) => first + index)
      const publishing = numbers.map((number) =>
        publisher.client.publishAsync(topic, String(number), { qos: 1, ...properties }),
      )
      const refused = await refusal(publisher.during(Promise.all(publishing)))
      if (refused !== null) return refused
    }
    return null
  } finally {
    await publisher.close()
  }
}

async function refusal(work: Promise<unknown>): Promise<string | null> {
  return work.then(
    () => null,
    (error: Error) => messageOf(error),
  )
}

type Session = { clientId: string; session: 'lasting'; sessionExpiryS: number }

async function comeBack(broker: BrokerOptions, session: Session, topic: string): Promise<QueueFacts> {
  const window = await hear(broker, { ...session, receiveMaximum: broker.receiveMaximum, acks: 'withheld' })
  if (!window.sessionPresent) return { outcome: 'forgotten', sent: PROBE_MESSAGES }
  const all = await hear(broker, { ...session, receiveMaximum: MOST_UNACKED, acks: 'given' })
  if (all.heard === 0) return { outcome: 'unheard', topic }
  return { outcome: 'kept', sent: PROBE_MESSAGES, kept: all.heard, unacked: window.heard }
}

/** Of MQTT 5. */
const MOST_UNACKED = 65_535

type Hearing = Session & Pick<Parameters<typeof openProbe>[1], 'receiveMaximum' | 'acks'>

/** How many different messages come on one connection of the session. */
async function hear(broker: BrokerOptions, hearing: Hearing): Promise<{ heard: number; sessionPresent: boolean }> {
  const numbers = new Set<string>()
  const probe: ProbeClient = await openProbe(broker, {
    ...hearing,
    onMessage: ({ payload }) => numbers.add(payload.toString()),
  })
  const heard = await whenQuiet(() => numbers.size, { enough: PROBE_MESSAGES, quietMs: QUIET_MS })
  await probe.close('kept')
  return { heard, sessionPresent: probe.connack.sessionPresent }
}
