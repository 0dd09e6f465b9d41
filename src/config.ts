import { isIPv6 } from 'node:net'
import { hostname } from 'node:os'
import { z } from 'zod'

/**
 * The configuration of the service: the only reader of the environment. Every problem is reported at once, each with
 * the variable's name and what to do. An unset DATABASE_URL or MQTT_URL means the embedded backend.
 */
export function readConfig(environment: Record<string, string | undefined> = process.env): Config | ConfigProblems {
  // an empty variable is an unset one: shells and compose files write them that way
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  )
  const parsed = schema.safeParse(given)
  const own = parsed.success ? [] : parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
  const problems = [...own, ...contradictions(given)]
  return parsed.success && problems.length === 0 ? parsed.data : { problems }
}

/** What a child process of this program gets of the environment: all but this program's own settings. */
export function inheritedEnvironment(): Record<string, string> {
  const own = new Set(Object.keys(variables.shape))
  const kept = new Set(['XDG_DATA_HOME', 'UNBROKEN_DATA_DIR'])
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value === undefined || (own.has(name) && !kept.has(name)) ? [] : [[name, value]],
    ),
  )
}

export type ConfigProblems = { problems: string[] }

const whole = (least: number, most: number) => {
  const wrong = `must be a whole number from ${least} to ${most}`
  return z
    .string()
    .regex(/^\d{1,9}$/, wrong)
    .transform(Number)
    .refine((value) => value >= least && value <= most, wrong)
}
const port = whole(0, 65_535)

const databaseUrl = z.string().refine(isDatabaseUrl, {
  message:
    'must read postgres://role:password@host:5432/database, special characters of the password percent-encoded ' +
    '(@ as %40, / as %2F, : as %3A, # as %23)',
})

function isDatabaseUrl(text: string): boolean {
  const url = URL.parse(text)
  if (url === null || !/^postgres(ql)?:$/.test(url.protocol) || url.username === '') return false
  return [url.username, url.password, url.pathname].every(isPercentEncoded)
}

function isPercentEncoded(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}

function isBrokerUrl(text: string): boolean {
  const url = URL.parse(text)
  return url !== null && /^(mqtts?|wss?):$/.test(url.protocol) && url.hostname !== ''
}

function isPublicUrl(text: string): boolean {
  const url = URL.parse(text)
  return url !== null && /^https?:$/.test(url.protocol) && /^https?:\/\/[^/?#@\s]+(\/[^?#\s]*)?$/i.test(text)
}

function hostInUrl(host: string): string {
  return isIPv6(host) ? `[${host}]` : host
}

/** A wildcard is a whole level, `#` the last; topics of the broker itself and shared subscriptions begin with a $. */
function isTopicFilter(text: string): boolean {
  const levels = text.split('/')
  const isWell = (level: string, index: number) =>
    level === '+' || (level === '#' && index === levels.length - 1) || /^[^+#]*$/.test(level)
  return text !== '' && !text.startsWith('$') && !/\p{Cc}/u.test(text) && levels.every(isWell)
}

const variables = z.object({
  DATABASE_URL: databaseUrl.optional(),
  DATABASE_OWNER_URL: databaseUrl.optional(),
  DATABASE_POOL: whole(1, 200).default(10),
  MQTT_URL: z.string().refine(isBrokerUrl, 'must read mqtt://host:1883, or mqtts, ws, wss').optional(),
  MQTT_PROTOCOL: z.enum(['5', '3.1.1'], 'must be 5 or 3.1.1').default('5'),
  MQTT_USERNAME: z.string().optional(),
  MQTT_PASSWORD: z.string().optional(),
  MQTT_CLIENT_ID: z.string().max(200, 'must have at most 200 characters').default(`unbroken-${hostname()}`),
  // shared only where asked for: Mosquitto 2.0 forgets shared subscriptions when it restarts, and drops what comes then
  MQTT_SHARE_GROUP: z
    .string()
    .regex(/^[^/+#]*$/, 'must not contain / + #')
    .default(''),
  MQTT_TOPIC_PREFIX: z
    .string()
    .regex(/^[^+#]+[^/+#]$/, 'must be a topic without wildcards, like unbroken/v1')
    .default('unbroken/v1'),
  MQTT_LORAWAN_TOPICS: z
    .string()
    .transform((text) => text.split(',').map((filter) => filter.trim()))
    .refine((filters) => filters.every(isTopicFilter), 'must be topic filters, comma between, like v3/+/devices/+/up')
    .default([]),
  MQTT_RECEIVE_MAXIMUM: whole(1, 65_535).default(65_535),
  MQTT_PORT: port.default(1883),
  HTTP_HOST: z.string().default('127.0.0.1'),
  HTTP_PORT: port.default(8080),
  PUBLIC_URL: z
    .string()
    .refine(isPublicUrl, 'must read https://host or https://host/path, without query')
    .transform((text) => text.replace(/\/+$/, ''))
    .optional(),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'], 'must be trace, debug, info, warn, error or silent')
    .default('info'),
  UNBROKEN_DATA_DIR: z.string().optional(),
  UNBROKEN_INSTANCE: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,30}$/, 'must be a short name of a-z, 0-9 and -')
    .default('main'),
  XDG_DATA_HOME: z.string().optional(),
  BOOTSTRAP_API_KEY: z
    .string()
    .min(32, 'must have at least 32 characters: make it with `openssl rand -base64 32`')
    .optional(),
  BOOTSTRAP_ORGANISATION: z.string().default('Operator'),
  STAMP_SECRET: z
    .string()
    .min(32, 'must have at least 32 characters: make it with `openssl rand -base64 32`')
    .optional(),
  CLOCK_ORIGIN: z.iso.datetime({ offset: true, error: 'must be an instant such as 2026-03-02T10:00:00Z' }).optional(),
  CLOCK_STARTED: z
    .string()
    .regex(/^\d{1,15}$/, 'must be epoch milliseconds')
    .transform(Number)
    .optional(),
  CLOCK_SPEED: z
    .string()
    .transform(Number)
    .refine((speed) => speed > 0 && speed < Number.POSITIVE_INFINITY, 'must be a number above 0')
    .optional(),
})

/** What is wrong between variables, each of which may be right; told beside what is wrong within them. */
function contradictions(given: Record<string, string | undefined>): string[] {
  const problems: string[] = []
  if (given.DATABASE_OWNER_URL !== undefined && given.DATABASE_URL === undefined) {
    problems.push('DATABASE_OWNER_URL: is set without DATABASE_URL: set both, or neither for the embedded database')
  }
  const embedded = given.DATABASE_URL === undefined && given.MQTT_URL === undefined
  const clock = ['CLOCK_ORIGIN', 'CLOCK_STARTED', 'CLOCK_SPEED'].filter((name) => given[name] !== undefined)
  if (clock.length > 0 && !embedded) {
    problems.push(`${clock.join(', ')}: a scaled clock is for trials on embedded backends only: unset it`)
  } else if (clock.length > 0 && clock.length < 3) {
    problems.push(`${clock.join(', ')}: CLOCK_ORIGIN, CLOCK_STARTED and CLOCK_SPEED are set together or not at all`)
  }
  return problems
}

const schema = variables.transform((given) => ({
  database:
    given.DATABASE_URL === undefined
      ? ({ kind: 'embedded' } as const)
      : ({ kind: 'server', url: given.DATABASE_URL, ownerUrl: given.DATABASE_OWNER_URL ?? null } as const),
  databasePool: given.DATABASE_POOL,
  broker:
    given.MQTT_URL === undefined
      ? ({ kind: 'embedded', port: given.MQTT_PORT } as const)
      : ({ kind: 'server', url: given.MQTT_URL } as const),
  mqtt: {
    protocolVersion: given.MQTT_PROTOCOL === '5' ? (5 as const) : (4 as const),
    clientId: given.MQTT_CLIENT_ID,
    group: given.MQTT_SHARE_GROUP,
    prefix: given.MQTT_TOPIC_PREFIX,
    lorawanTopics: given.MQTT_LORAWAN_TOPICS,
    receiveMaximum: given.MQTT_RECEIVE_MAXIMUM,
    ...(given.MQTT_USERNAME === undefined ? {} : { username: given.MQTT_USERNAME }),
    ...(given.MQTT_PASSWORD === undefined ? {} : { password: given.MQTT_PASSWORD }),
  },
  http: { host: given.HTTP_HOST, port: given.HTTP_PORT },
  publicUrl: given.PUBLIC_URL ?? `http://${hostInUrl(given.HTTP_HOST)}:${given.HTTP_PORT}`,
  logLevel: given.LOG_LEVEL,
  instance: given.UNBROKEN_INSTANCE,
  dataDir: given.UNBROKEN_DATA_DIR,
  xdgDataHome: given.XDG_DATA_HOME,
  bootstrap: { apiKey: given.BOOTSTRAP_API_KEY ?? null, organisation: given.BOOTSTRAP_ORGANISATION },
  stampSecret: given.STAMP_SECRET ?? null,
  clock: clockOf(given),
}))

function clockOf(given: z.output<typeof variables>) {
  const { CLOCK_ORIGIN: origin, CLOCK_STARTED: startedAt, CLOCK_SPEED: speed } = given
  if (origin === undefined || startedAt === undefined || speed === undefined) return null
  return { originAt: Date.parse(origin), startedAt, speed }
}

/** See README, "Configuration". */
export type Config = z.output<typeof schema>
