import { randomBytes } from 'node:crypto'
import type { IConnackPacket } from 'mqtt'
import { z } from 'zod'
import type { Config } from '../../config.ts'
import { type BrokerOptions, messageOf, SESSION_EXPIRY_S, subscriptionsOf } from '../../ingest/session.ts'
import { openProbe, type ProbeClient } from './probe-client.ts'
import { probeQueue, type QueueFacts } from './queue-probe.ts'
import { whenQuiet } from './when-quiet.ts'

/** What a broker was seen to do; the embedded one is not probed: it lives in the service and keeps nothing. */
export type BrokerFacts =
  | { kind: 'embedded' }
  | { kind: 'unreachable'; host: string; reason: string }
  | ({ kind: 'probed'; host: string } & ProbedBroker)

export type ProbedBroker = {
  offer: Offer
  system: SystemFacts
  /** What asking for each of the service's subscriptions was answered: the QoS granted, or why not. */
  subscriptions: { filter: string; granted: number | string }[]
  queue: QueueFacts
}

/** What the CONNACK said; null: nothing (MQTT 3.1.1 never does), which means without restriction. */
export type Offer = {
  sessionExpiryS: number | null
  receiveMaximum: number | null
  maximumPacketSize: number | null
  maximumQoS: number | null
  retain: boolean | null
  wildcards: boolean | null
  shared: boolean | null
}

/** What the broker publishes about itself, in Mosquitto's topics; null: hidden from this user, or another broker. */
export type SystemFacts = {
  version: string | null
  startedAt: number | null
  /** Messages dropped since its start. */
  dropped: number | null
  /** When an earlier doctor left its mark there, retained; null: none did, or the broker forgot it. */
  markedAt: number | null
}

/** Probes the configured broker with connections of its own; a few thousand small messages go through it. */
export async function brokerFacts(config: Pick<Config, 'broker' | 'mqtt'>, now: () => number): Promise<BrokerFacts> {
  if (config.broker.kind === 'embedded') return { kind: 'embedded' }
  const broker = { url: config.broker.url, ...config.mqtt }
  const { host } = new URL(broker.url)
  const run = randomBytes(6).toString('hex')
  try {
    const asked = await ask(broker, run, now)
    const queue = await probeQueue(broker, { run, brokerTakes: asked.offer.receiveMaximum })
    return { kind: 'probed', host, ...asked, queue }
  } catch (error) {
    return { kind: 'unreachable', host, reason: error instanceof Error ? messageOf(error) : String(error) }
  }
}

/** What needs no traffic: promises, rights, and what the broker says of itself. */
async function ask(broker: BrokerOptions, run: string, now: () => number): Promise<Omit<ProbedBroker, 'queue'>> {
  const heard = new Map<string, string>()
  const probe = await openProbe(broker, {
    clientId: `unbroken-doctor-${run}-ask`,
    session: 'new',
    // as long as the service asks for, to hear what is granted; nothing waits in it, and it is removed at the end
    sessionExpiryS: SESSION_EXPIRY_S,
    // of the readings that its subscriptions bring meanwhile, one at most comes here
    receiveMaximum: 1,
    acks: 'withheld',
    onMessage: ({ topic, payload }) => heard.set(topic, payload.toString()),
  })
  try {
    const offer = offerOf(probe.connack)
    const system = await readSystem(probe, { heard, broker, now })
    const subscriptions = await askSubscriptions(probe, broker, run)
    // last: a broker may end the connection of who publishes what it must not
    if (system.markedAt === null && offer.retain !== false) await leaveMark(probe, broker, now)
    return { offer, system, subscriptions }
  } finally {
    await probe.close()
  }
}

function offerOf({ properties = {} }: IConnackPacket): Offer {
  return {
    sessionExpiryS: properties.sessionExpiryInterval ?? null,
    receiveMaximum: properties.receiveMaximum ?? null,
    maximumPacketSize: properties.maximumPacketSize ?? null,
    maximumQoS: properties.maximumQoS ?? null,
    retain: properties.retainAvailable ?? null,
    wildcards: properties.wildcardSubscriptionAvailable ?? null,
    shared: properties.sharedSubscriptionAvailable ?? null,
  }
}

const VERSION = '$SYS/broker/version'
const UPTIME = '$SYS/broker/uptime'
const DROPPED = '$SYS/broker/publish/messages/dropped'

type Asking = { heard: ReadonlyMap<string, string>; broker: BrokerOptions; now: () => number }

async function readSystem({ client, during }: ProbeClient, { heard, broker, now }: Asking): Promise<SystemFacts> {
  const mark = markTopic(broker)
  // who may not read them is refused, or hears nothing
  await during(client.subscribeAsync([VERSION, UPTIME, DROPPED, mark], { qos: 0 })).catch(() => undefined)
  await whenQuiet(() => heard.size, { enough: 4, quietMs: RETAINED_MS })
  const upS = leadingNumber(heard.get(UPTIME))
  return {
    version: heard.get(VERSION) ?? null,
    startedAt: upS === null ? null : now() - upS * 1000,
    dropped: leadingNumber(heard.get(DROPPED)),
    markedAt: readMark(heard.get(mark)),
  }
}

/** Retained messages follow the answer to the subscription at once. */
const RETAINED_MS = 500

/** `3907 seconds` */
function leadingNumber(text: string | undefined): number | null {
  const digits = /^\d+/.exec(text ?? '')?.[0]
  return digits === undefined ? null : Number(digits)
}

/** A retained message that stays: one that is older than the broker's start proves that the broker keeps things. */
function markTopic({ prefix }: BrokerOptions): string {
  return `${prefix}/doctor/mark`
}

const mark = z.object({ markedAt: z.iso.datetime({ offset: true }) })

function readMark(text: string | undefined): number | null {
  if (text === undefined) return null
  try {
    const read = mark.safeParse(JSON.parse(text))
    return read.success ? Date.parse(read.data.markedAt) : null
  } catch {
    // no JSON: not left by a doctor
    return null
  }
}

async function leaveMark({ client, during }: ProbeClient, broker: BrokerOptions, now: () => number): Promise<void> {
  const payload = JSON.stringify({ markedAt: new Date(now()).toISOString() })
  // a broker that refuses it is told of by the queue's probe, which publishes beside it
  await during(client.publishAsync(markTopic(broker), payload, { qos: 1, retain: true })).catch(() => undefined)
}

/** Shared ones under a group of the probe's own: in the service's group it would be handed the service's messages. */
async function askSubscriptions({ client, during }: ProbeClient, broker: BrokerOptions, run: string) {
  const group = broker.group === '' ? '' : `doctor-${run}`
  const answers: ProbedBroker['subscriptions'] = []
  const own = subscriptionsOf({ ...broker, group })
  for (const [index, filter] of subscriptionsOf(broker).entries()) {
    const granted = await during(client.subscribeAsync(own[index] ?? filter, { qos: 1 })).then(
      ([grant]) => grant?.qos ?? 'no answer',
      (error: Error) => messageOf(error),
    )
    answers.push({ filter, granted })
  }
  return answers
}
