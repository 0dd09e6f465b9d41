import type { Config } from '../../config.ts'
import { SESSION_EXPIRY_S } from '../../ingest/session.ts'
import type { BrokerFacts, Offer, ProbedBroker } from './broker-facts.ts'
import { type Check, count, duration, fail, many, ok, warn } from './check.ts'
import { checkPersistence } from './persistence-check.ts'
import type { QueueFacts } from './queue-probe.ts'

/** What the service asks of a broker. */
export type Asked = Pick<Config['mqtt'], 'protocolVersion' | 'receiveMaximum' | 'group' | 'prefix'>

/** Judges what a broker was seen to do. */
export function checkBroker(facts: BrokerFacts, asked: Asked): Check[] {
  switch (facts.kind) {
    case 'embedded':
      return [
        warn(
          'broker',
          'embedded broker: for trials only, on 127.0.0.1, MQTT 3.1.1, nothing on disk',
          'Set MQTT_URL to a broker in production',
        ),
      ]
    case 'unreachable':
      return [unreachable(facts)]
    case 'probed':
      return [
        reached(facts, asked),
        features(facts.offer, asked),
        rights(facts.subscriptions),
        window(facts.queue, asked),
        queueLimit(facts.queue, asked),
        sessionKept(facts, asked),
        checkPersistence(facts.system),
        dropped(facts),
      ]
  }
}

function unreachable({ host, reason }: { host: string; reason: string }): Check {
  const found = `cannot be used at ${host} (${reason})`
  if (/not authori[sz]ed|bad user ?name or password/i.test(reason)) {
    return fail('broker', found, 'Correct MQTT_USERNAME and MQTT_PASSWORD, or let this user in at the broker')
  }
  if (/protocol version/i.test(reason)) {
    return fail('broker', found, 'Set MQTT_PROTOCOL=3.1.1, or use a broker that speaks MQTT 5')
  }
  return fail('broker', found, 'Check that it runs, and MQTT_URL')
}

function reached({ host, system }: ProbedBroker & { host: string }, { protocolVersion, group }: Asked): Check {
  const version = system.version ?? 'a broker that hides its version'
  const found = `${version} at ${host} speaks MQTT ${protocolVersion === 5 ? '5' : '3.1.1'}`
  if (group !== '' && /mosquitto version 2\.0\./.test(version)) {
    return warn(
      'broker',
      `${found}, and forgets shared subscriptions when it restarts: what is published before the service is back ` +
        'is lost',
      'Unset MQTT_SHARE_GROUP, or share on a broker that keeps them',
    )
  }
  return ok('broker', found)
}

/** The largest message the service reads (README, "Limits"). */
const LARGEST_MESSAGE = 256 * 1024

function features(offer: Offer, { group, protocolVersion }: Asked): Check {
  const name = 'broker features'
  const lacking = [
    ...(offer.maximumQoS === 0 ? ['QoS 1: nothing published is acknowledged'] : []),
    ...(offer.retain === false ? ['retained messages: sensors cannot be asked for what is missing'] : []),
    ...(offer.wildcards === false ? ['wildcards in subscriptions'] : []),
    ...(offer.shared === false && group !== '' ? ['shared subscriptions, which MQTT_SHARE_GROUP needs'] : []),
  ]
  if (lacking.length > 0) {
    return fail(name, `this broker does not offer ${lacking.join('; ')}`, 'Allow it there, or use another broker')
  }
  if (offer.maximumPacketSize !== null && offer.maximumPacketSize < LARGEST_MESSAGE) {
    return warn(
      name,
      `messages above ${count(offer.maximumPacketSize)} bytes are refused, the service reads up to ` +
        `${count(LARGEST_MESSAGE)}`,
      'Mosquitto: max_packet_size 300000, as in infra/mosquitto/profile.conf',
    )
  }
  const said = protocolVersion === 5 ? 'nothing that the service needs is restricted' : 'MQTT 3.1.1 does not tell them'
  return ok(name, said)
}

function rights(subscriptions: ProbedBroker['subscriptions']): Check {
  const name = 'subscription'
  const refused = subscriptions.filter(({ granted }) => typeof granted === 'string')
  if (refused.length > 0) {
    const each = refused.map(({ filter, granted }) => `${filter} (${granted})`).join(', ')
    return fail(
      name,
      `the broker refuses ${each}: no readings arrive`,
      'Allow this user to read it, see infra/mosquitto/acl',
    )
  }
  const weak = subscriptions.filter(({ granted }) => granted === 0)
  if (weak.length > 0) {
    const each = weak.map(({ filter }) => filter).join(', ')
    return fail(name, `the broker grants ${each} at QoS 0 only: readings get lost`, 'Allow QoS 1 there')
  }
  return ok(name, `${subscriptions.map(({ filter }) => filter).join(', ')} at QoS 1`)
}

function window(queue: QueueFacts, asked: Asked): Check {
  const name = 'broker window'
  if (queue.outcome !== 'kept') return unmeasured(name, queue, asked)
  const { kept, unacked } = queue
  const wanted = Math.min(kept, asked.receiveMaximum)
  if (unacked < wanted) {
    return fail(
      name,
      `only ${many(unacked, 'message')} of ${count(kept)} came before the first acknowledgement, and the service ` +
        `acknowledges after its commit: at most ${many(unacked, 'message')} per commit`,
      'Mosquitto: max_inflight_messages 0, as in infra/mosquitto/profile.conf; others: the in-flight window of a ' +
        'session',
    )
  }
  if (asked.receiveMaximum < SMALL_WINDOW) {
    return warn(
      name,
      `MQTT_RECEIVE_MAXIMUM lets at most ${many(asked.receiveMaximum, 'message')} into one commit`,
      `Unset it, or set it to ${count(SMALL_WINDOW)} or more`,
    )
  }
  return ok(name, `${many(unacked, 'message')} came before the first acknowledgement, all there were`)
}

/** A batch of so many is stored at nearly the cost per reading of the largest one. */
const SMALL_WINDOW = 1000

function queueLimit(queue: QueueFacts, asked: Asked): Check {
  const name = 'queue limit'
  if (queue.outcome !== 'kept') return unmeasured(name, queue, asked)
  const { sent, kept } = queue
  if (kept < sent) {
    return fail(
      name,
      `of ${many(sent, 'message')} to a session that was away ${count(kept)} were kept, the others acknowledged ` +
        'and dropped: readings get lost while the service is away',
      'Mosquitto: max_queued_messages 0 and no max_queued_bytes, as in infra/mosquitto/profile.conf; others: the ' +
        'queue of an offline session',
    )
  }
  return ok(
    name,
    `all of ${many(sent, 'message')} to a session that was away were kept; a limit above that is not seen`,
  )
}

function unmeasured(name: string, queue: Exclude<QueueFacts, { outcome: 'kept' }>, { prefix }: Asked): Check {
  const allow = `Let this user publish to and read ${prefix}/doctor/#, as infra/mosquitto/acl does`
  switch (queue.outcome) {
    case 'service_would_hear':
      return warn(
        name,
        `cannot tell: MQTT_LORAWAN_TOPICS takes in ${prefix}/doctor/#, so the service would store what is ` +
          'published to measure it',
        'Name the topics of the network server only',
      )
    case 'refused':
      return warn(name, `cannot tell: the broker refuses ${queue.topic} (${queue.reason})`, allow)
    case 'unheard':
      return warn(name, `cannot tell: nothing published to ${queue.topic} came back`, allow)
    case 'forgotten':
      return warn(name, 'cannot tell: the broker forgot the session that was away', 'See the session expiry')
  }
}

function sessionKept({ offer, queue }: ProbedBroker, { protocolVersion }: Asked): Check {
  const name = 'session expiry'
  const change = 'Mosquitto: no persistent_client_expiration, or 7d; others: the longest session expiry'
  if (queue.outcome === 'forgotten') {
    return fail(
      name,
      'the broker forgot a session as soon as it was away: readings get lost while the service is',
      change,
    )
  }
  const { sessionExpiryS } = offer
  if (sessionExpiryS !== null && sessionExpiryS < SESSION_EXPIRY_S) {
    const kept = duration(sessionExpiryS * 1000)
    const wanted = duration(SESSION_EXPIRY_S * 1000)
    return fail(
      name,
      `the broker keeps a session that is away for ${kept}, the service asks for ${wanted}: then what waits is lost`,
      change,
    )
  }
  if (protocolVersion === 4) {
    return ok(name, 'a session that was away was kept; MQTT 3.1.1 does not tell for how long it can be')
  }
  return ok(name, `${duration(SESSION_EXPIRY_S * 1000)}, as the service asks`)
}

function dropped({ system, queue }: ProbedBroker): Check {
  const name = 'dropped messages'
  if (system.dropped === null) {
    return warn(
      name,
      'cannot tell: the broker does not show $SYS/broker/publish/messages/dropped to this user',
      'Mosquitto: topic read $SYS/broker/#, as in infra/mosquitto/acl; others: look at its own count of dropped ' +
        'messages',
    )
  }
  if (system.dropped === 0) return ok(name, 'none since the broker started')
  const own = queue.outcome === 'kept' && queue.kept < queue.sent ? ' (earlier runs of doctor among them)' : ''
  return warn(
    name,
    `${many(system.dropped, 'message')} since the broker started${own}: readings may be among them`,
    "Look at the sensors' sequence events, and let the queue be without limit",
  )
}
