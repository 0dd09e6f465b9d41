import { describe, expect, test } from 'vitest'
import { checkBroker } from '../../src/commands/doctor/broker-checks.ts'
import type { BrokerFacts, ProbedBroker } from '../../src/commands/doctor/broker-facts.ts'
import { type Check, printCheck } from '../../src/commands/doctor/check.ts'
import { checkClock } from '../../src/commands/doctor/clock-checks.ts'
import { checkService } from '../../src/commands/doctor/service-checks.ts'
import type { ServiceFacts } from '../../src/commands/doctor/service-facts.ts'

const NOW = Date.UTC(2026, 2, 20, 10)
const HOUR = 3_600_000

/** The lines that are not well. */
function told(checks: readonly Check[]): string[] {
  return checks.filter(({ level }) => level !== 'ok').map(printCheck)
}

const OFFER = {
  sessionExpiryS: null,
  receiveMaximum: null,
  maximumPacketSize: null,
  maximumQoS: null,
  retain: null,
  wildcards: null,
  shared: null,
}
const BROKER: ProbedBroker = {
  offer: OFFER,
  system: { version: 'mosquitto version 2.1.2', startedAt: NOW - HOUR, dropped: 0, markedAt: NOW - 2 * HOUR },
  subscriptions: [{ filter: 'unbroken/v1/+/readings/#', granted: 1 }],
  queue: { outcome: 'kept', sent: 2000, kept: 2000, unacked: 2000 },
}
const ASKED = { protocolVersion: 5, receiveMaximum: 65_535, group: '', prefix: 'unbroken/v1' } as const

function ofBroker(changed: Partial<ProbedBroker>, asked: Partial<typeof ASKED | { group: string }> = {}): string[] {
  const facts: BrokerFacts = { kind: 'probed', host: 'broker:1883', ...BROKER, ...changed }
  return told(checkBroker(facts, { ...ASKED, ...asked }))
}

describe('the broker', () => {
  test('as the service needs it is ok in every line', () => {
    expect(ofBroker({})).toEqual([])
    expect(checkBroker({ kind: 'probed', host: 'b', ...BROKER }, ASKED)).toHaveLength(8)
  })

  const queue = (outcome: object) => ({ queue: { outcome: 'kept', sent: 2000, kept: 2000, unacked: 2000, ...outcome } })

  test.each<[string, object, RegExp[]]>([
    ['keeps 1,000', queue({ kept: 1000, unacked: 1000 }), [/^fail {2}queue limit: of 2,000 .* max_queued_messages 0/]],
    ['a window of 20', queue({ unacked: 20 }), [/^fail {2}broker window: only 20 messages of 2,000 .*_messages 0/]],
    ['one message short', queue({ unacked: 1999 }), [/^fail {2}broker window/]],
    [
      'keeps a session for an hour',
      { offer: { ...OFFER, sessionExpiryS: 3600 } },
      [/^fail {2}session expiry: .* for 60 min, the service asks for 7 days/],
    ],
    ['keeps it as long as asked', { offer: { ...OFFER, sessionExpiryS: 604_800 } }, []],
    ['QoS 0 only', { offer: { ...OFFER, maximumQoS: 0 } }, [/^fail {2}broker features: .* QoS 1/]],
    ['nothing retained', { offer: { ...OFFER, retain: false } }, [/^fail {2}broker features: .* retained messages/]],
    [
      'small packets',
      { offer: { ...OFFER, maximumPacketSize: 65_536 } },
      [/^warn {2}broker features: .* 65,536 bytes/],
    ],
    ['unshared, and nobody shares', { offer: { ...OFFER, shared: false } }, []],
    [
      'granted at QoS 0',
      { subscriptions: [{ filter: 'a/#', granted: 0 }] },
      [/^fail {2}subscription: .* a\/# at QoS 0/],
    ],
    [
      'refused subscription',
      { subscriptions: [{ filter: 'a/#', granted: 'Not authorized' }] },
      [/^fail {2}subscription: the broker refuses a\/# \(Not authorized\): no readings arrive/],
    ],
    ['dropped', { system: { ...BROKER.system, dropped: 3 } }, [/^warn {2}dropped messages: 3 messages since/]],
    [
      'hides what it says of itself',
      { system: { version: null, startedAt: null, dropped: null, markedAt: null } },
      [/^warn {2}persistence: cannot tell: .*uptime/, /^warn {2}dropped messages: cannot tell/],
    ],
  ])('%s', (_what, changed, lines) => {
    expect(ofBroker(changed)).toEqual(lines.map((line) => expect.stringMatching(line)))
  })

  test.each<[string, number | null, 'ok' | 'warn']>([
    ['a mark that outlived a restart proves it', NOW - 2 * HOUR, 'ok'],
    ['a mark left since the start proves nothing', NOW - HOUR / 2, 'warn'],
    ['nor does one left within the rounding of the start', NOW - HOUR - 30_000, 'warn'],
    ['nor does its absence', null, 'warn'],
  ])('persistence: %s', (_what, markedAt, level) => {
    const facts: BrokerFacts = { kind: 'probed', host: 'b', ...BROKER, system: { ...BROKER.system, markedAt } }
    expect(checkBroker(facts, ASKED).find(({ name }) => name === 'persistence')?.level).toBe(level)
  })

  test('shared subscriptions need a broker that has and keeps them', () => {
    const system = { ...BROKER.system, version: 'mosquitto version 2.0.18' }
    expect(ofBroker({ system }, { group: 'two' })).toEqual([
      expect.stringMatching(/^warn {2}broker: mosquitto version 2\.0\.18 .* Unset MQTT_SHARE_GROUP/),
    ])
    expect(ofBroker({ offer: { ...OFFER, shared: false } }, { group: 'two' })).toEqual([
      expect.stringMatching(/^fail {2}broker features: .* shared subscriptions/),
    ])
  })

  test.each<[ProbedBroker['queue'], RegExp]>([
    [{ outcome: 'refused', topic: 'p/doctor/1', reason: 'Not authorized' }, /refuses p\/doctor\/1 \(Not authorized\)/],
    [{ outcome: 'unheard', topic: 'p/doctor/1' }, /nothing published to p\/doctor\/1 came back/],
    [{ outcome: 'service_would_hear' }, /MQTT_LORAWAN_TOPICS takes in unbroken\/v1\/doctor\/#/],
  ])('what could not be measured is never called good: %j', (outcome, reason) => {
    const lines = ofBroker({ queue: outcome })
    expect(lines.map((line) => line.split(':', 1)[0])).toEqual(['warn  broker window', 'warn  queue limit'])
    for (const line of lines) expect(line).toMatch(reason)
  })

  test.each([
    ['connect ECONNREFUSED 127.0.0.1:1', 'Check that it runs, and MQTT_URL.'],
    ['Connection refused: Not authorized', 'Correct MQTT_USERNAME and MQTT_PASSWORD'],
    ['Connection refused: Unsupported Protocol Version', 'Set MQTT_PROTOCOL=3.1.1'],
  ])('that cannot be used (%s) fails in one line', (reason, change) => {
    const lines = told(checkBroker({ kind: 'unreachable', host: 'b', reason }, ASKED))
    expect(lines).toEqual([expect.stringContaining(change)])
  })

  test('that is embedded is for trials only', () => {
    expect(told(checkBroker({ kind: 'embedded' }, ASKED))).toEqual([expect.stringMatching(/^warn .*for trials only/)])
  })
})

describe('a clock', () => {
  test.each<[string, number, number, Check['level']]>([
    ['a few milliseconds', 40, 5, 'ok'],
    ['a second and a half', 1500, 5, 'warn'],
    ['the same behind', -1500, 5, 'warn'],
    ['all within what the measuring is worth', 1500, 600, 'ok'],
    ['half a minute', 31_000, 5, 'fail'],
    ['half a minute behind', -31_000, 5, 'fail'],
    ['perhaps half a minute', 31_000, 2000, 'warn'],
  ])('%s apart', (_what, offsetMs, boundMs, level) => {
    expect(checkClock('clock', 'The database', { offsetMs, boundMs }).level).toBe(level)
  })

  test('is told with its side and how well that is known', () => {
    expect(printCheck(checkClock('clock', 'the database', { offsetMs: -90_000, boundMs: 3 }))).toMatch(
      /^fail {2}clock: the database is 90\.0 s behind this machine's clock, ± 3 ms\. Synchronise both machines/,
    )
  })
})

describe('the service', () => {
  const url = 'http://127.0.0.1:8080'
  const running = { url, answers: 'service', database: true, broker: true, sessionsLost: 0, queuedMessages: 0 } as const
  test.each<[string, ServiceFacts, RegExp[]]>([
    ['connected and subscribed', { ...running, clock: { offsetMs: 20, boundMs: 502 } }, []],
    ['not at the broker', { ...running, broker: false, clock: null }, [/^fail {2}session: .* no readings arrive/]],
    ['without database', { ...running, database: false, clock: null }, [/^fail {2}session: .* its database/]],
    ['a lost session', { ...running, sessionsLost: 2, clock: null }, [/^warn {2}session: .* 2 times since its start/]],
    ['not running', { url, answers: 'nothing' }, [/^warn {2}session: cannot tell whether ours .* nothing answers/]],
    ['another program', { url, answers: 'something_else' }, [/^warn {2}session: cannot tell .* another program/]],
    [
      'another clock',
      { ...running, clock: { offsetMs: 60_000, boundMs: 502 } },
      [/^fail {2}clock of the service: .* 60\.0 s ahead of/],
    ],
  ])('%s', (_what, facts, lines) => {
    expect(told(checkService(facts, 'ours'))).toEqual(lines.map((line) => expect.stringMatching(line)))
  })
})
