import { hostname } from 'node:os'
import { describe, expect, test } from 'vitest'
import { type Config, readConfig } from '../src/config.ts'

const SERVER = { DATABASE_URL: 'postgres://app:p%40ss@db.example:5432/unbroken', MQTT_URL: 'mqtts://broker.example' }

function read(environment: Record<string, string | undefined>): Config {
  const config = readConfig(environment)
  if ('problems' in config) throw new Error(config.problems.join('\n'))
  return config
}

function problems(environment: Record<string, string | undefined>): string[] {
  const config = readConfig(environment)
  return 'problems' in config ? config.problems : []
}

test('nothing set means embedded backends, listening on 127.0.0.1, subscribed alone, on the real clock', () => {
  expect(read({})).toEqual({
    database: { kind: 'embedded' },
    databasePool: 10,
    broker: { kind: 'embedded', port: 1883 },
    mqtt: {
      protocolVersion: 5,
      clientId: `unbroken-${hostname()}`,
      group: '',
      prefix: 'unbroken/v1',
      lorawanTopics: [],
      receiveMaximum: 65_535,
    },
    http: { host: '127.0.0.1', port: 8080 },
    publicUrl: 'http://127.0.0.1:8080',
    logLevel: 'info',
    instance: 'main',
    dataDir: undefined,
    xdgDataHome: undefined,
    bootstrap: { apiKey: null, organisation: 'Operator' },
    stampSecret: null,
    clock: null,
  })
})

test('everything set is taken', () => {
  const config = read({
    ...SERVER,
    DATABASE_OWNER_URL: 'postgresql://owner@db.example/unbroken',
    DATABASE_POOL: '20',
    MQTT_PROTOCOL: '3.1.1',
    MQTT_USERNAME: 'ingest',
    MQTT_PASSWORD: 'secret',
    MQTT_CLIENT_ID: 'ingest-1',
    MQTT_SHARE_GROUP: 'two',
    MQTT_TOPIC_PREFIX: 'site/unbroken',
    MQTT_LORAWAN_TOPICS: 'v3/+/devices/+/up, application/#',
    MQTT_RECEIVE_MAXIMUM: '1000',
    HTTP_HOST: '::1',
    HTTP_PORT: '0',
    LOG_LEVEL: 'warn',
  })
  expect(config.database).toEqual({
    kind: 'server',
    url: SERVER.DATABASE_URL,
    ownerUrl: 'postgresql://owner@db.example/unbroken',
  })
  expect(config.databasePool).toBe(20)
  expect(config.broker).toEqual({ kind: 'server', url: SERVER.MQTT_URL })
  expect(config.mqtt).toEqual({
    protocolVersion: 4,
    username: 'ingest',
    password: 'secret',
    clientId: 'ingest-1',
    group: 'two',
    prefix: 'site/unbroken',
    lorawanTopics: ['v3/+/devices/+/up', 'application/#'],
    receiveMaximum: 1000,
  })
  expect([config.http, config.logLevel]).toEqual([{ host: '::1', port: 0 }, 'warn'])
})

test('an empty variable is an unset one', () => {
  const empty = { DATABASE_URL: '', MQTT_URL: '', HTTP_PORT: '', LOG_LEVEL: '', MQTT_SHARE_GROUP: '' }
  expect(read(empty)).toEqual(read({}))
})

test('a scaled clock needs all three of its variables and both embedded backends', () => {
  const clock = { CLOCK_ORIGIN: '2026-03-02T10:00:00Z', CLOCK_STARTED: '1772445600000', CLOCK_SPEED: '1234.5' }
  const originAt = Date.UTC(2026, 2, 2, 10)
  expect(read(clock).clock).toEqual({ originAt, startedAt: 1_772_445_600_000, speed: 1234.5 })
  expect(problems({ CLOCK_SPEED: '2' })).toEqual([expect.stringMatching(/^CLOCK_SPEED: .* together or not at all$/)])
  for (const [name, url] of Object.entries(SERVER)) {
    expect(problems({ ...clock, [name]: url })).toEqual([
      expect.stringMatching(/^CLOCK_ORIGIN, CLOCK_STARTED, CLOCK_SPEED: .* on embedded backends only/),
    ])
  }
})

describe('a value that cannot be used is named with what it must be, and never shown:', () => {
  test.each([
    ['DATABASE_URL', 'mysql://u:p@h/d'],
    ['DATABASE_URL', 'postgres://u:p#w@h/d'],
    ['DATABASE_URL', 'postgres://u:100%@h/d'],
    ['DATABASE_URL', 'postgres://h/d'],
    ['DATABASE_POOL', '0'],
    ['DATABASE_POOL', '201'],
    ['MQTT_URL', 'localhost:1883'],
    ['MQTT_URL', 'mqtt://'],
    ['MQTT_URL', 'mqtt://a b:x'],
    ['MQTT_PROTOCOL', '3'],
    ['MQTT_SHARE_GROUP', 'a/b'],
    ['MQTT_TOPIC_PREFIX', 'a/+/b'],
    ['MQTT_TOPIC_PREFIX', 'ends/'],
    ['MQTT_LORAWAN_TOPICS', 'v3/+/devices/up+'],
    ['MQTT_LORAWAN_TOPICS', 'v3/#/up'],
    ['MQTT_LORAWAN_TOPICS', 'v3/+/devices/+/up,'],
    ['MQTT_LORAWAN_TOPICS', '$share/g/v3/#'],
    ['MQTT_RECEIVE_MAXIMUM', '65536'],
    ['MQTT_PORT', '65536'],
    ['HTTP_PORT', '80a'],
    ['HTTP_PORT', '-1'],
    ['HTTP_PORT', '1.5'],
    ['LOG_LEVEL', 'loud'],
    ['UNBROKEN_INSTANCE', '../main'],
    ['BOOTSTRAP_API_KEY', 'short'],
  ])('%s=%s', (name, value) => {
    const said = problems({ [name]: value })
    expect(said).toEqual([expect.stringMatching(new RegExp(`^${name}: must `))])
    expect(said.join()).not.toContain(`"${value}"`)
  })
})

test('an owner without a serving role is a problem', () => {
  expect(problems({ DATABASE_OWNER_URL: 'postgres://owner@h/d' })).toEqual([
    'DATABASE_OWNER_URL: is set without DATABASE_URL: set both, or neither for the embedded database',
  ])
})

test.each([
  ['https://cold.example.org', 'https://cold.example.org'],
  ['https://example.org/cold/', 'https://example.org/cold'],
])('the public address %s begins exported addresses as %s', (given, publicUrl) => {
  expect(read({ PUBLIC_URL: given }).publicUrl).toBe(publicUrl)
})

test('unset, the address it listens on begins them, also one of IPv6', () => {
  expect(read({ HTTP_HOST: '::1', HTTP_PORT: '8081' }).publicUrl).toBe('http://[::1]:8081')
})

test.each([
  'cold.example.org',
  'ftp://cold.example.org',
  'https://cold.example.org?x=1',
  'https://u:p@cold.example.org',
])('a public address that cannot begin an address is refused: %s', (given) =>
  expect(problems({ PUBLIC_URL: given })).toEqual([expect.stringMatching(/^PUBLIC_URL: must read https/)]),
)
