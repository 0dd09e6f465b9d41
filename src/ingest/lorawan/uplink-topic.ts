/** Network servers whose uplinks are read. */
export type NetworkServer = 'the_things_stack' | 'chirpstack'

/** What a topic of a network server carries: an uplink, or another event of a device (join, acknowledgement, log …). */
export type UplinkTopic = { network: NetworkServer; event: 'up' | 'other' }

/**
 * Reads the topics as the two publish them, with anything before them that a bridge may add; null for any other topic.
 *
 *   v3/{application}@{tenant}/devices/{device}/up | join | down/… | service/data | location/solved
 *   application/{application}/device/{DevEUI}/event/up | join | status | ack | txack | log | location | integration
 */
export function readUplinkTopic(topic: string): UplinkTopic | null {
  for (const [network, pattern] of PATTERNS) {
    const event = pattern.exec(topic)?.[1]
    if (event !== undefined) return { network, event: event === 'up' ? 'up' : 'other' }
  }
  return null
}

const PATTERNS: readonly [NetworkServer, RegExp][] = [
  ['the_things_stack', /(?:^|\/)v3\/[^/]+\/devices\/[^/]+\/([^/]+(?:\/[^/]+)?)$/],
  ['chirpstack', /(?:^|\/)application\/[^/]+\/device\/[^/]+\/(?:event\/)?([^/]+(?:\/[^/]+)?)$/],
]

/** Whether a topic matches one of some MQTT topic filters. */
export function isUplinkTopic(topic: string, filters: readonly string[]): boolean {
  return filters.some((filter) => matches(filter.split('/'), topic.split('/')))
}

function matches(filter: readonly string[], topic: readonly string[]): boolean {
  for (const [index, level] of filter.entries()) {
    if (level === '#') return true
    if (index >= topic.length || (level !== '+' && level !== topic[index])) return false
  }
  return filter.length === topic.length
}
