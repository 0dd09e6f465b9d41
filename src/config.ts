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
  if (parsed.success) return parsed.data
  return { problems: parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`) }
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

const port = z.coerce.number('must be a port number').int('must be a port number').min(0).max(65_535)
const count = (fallback: number, most: number) =>
  z.coerce.number('must be a number').int('must be a whole number').min(1).max(most).default(fallback)

const databaseUrl = z
  .string()
  .regex(/^postgres(ql)?:\/\//, 'must look like postgres://user:password@host:5432/database')
  .optional()

const variables = z.object({
  DATABASE_URL: databaseUrl,
  DATABASE_OWNER_URL: databaseUrl,
  DATABASE_POOL: count(10, 200),
  MQTT_URL: z
    .string()
    .regex(/^(mqtts?|wss?):\/\//, 'must look like mqtt://host:1883')
    .optional(),
  MQTT_PROTOCOL: z.enum(['5', '3.1.1'], 'must be 5 or 3.1.1').default('5'),
  MQTT_USERNAME: z.string().optional(),
  MQTT_PASSWORD: z.string().optional(),
  MQTT_CLIENT_ID: z.string().max(200).default(`unbroken-${hostname()}`),
  MQTT_SHARE_GROUP: z
    .string()
    .regex(/^[^/+#]*$/, 'must not contain / + #')
    .default('unbroken'),
  MQTT_TOPIC_PREFIX: z
    .string()
    .regex(/^[^+#]+[^/+#]$/, 'must be a topic without wildcards, like unbroken/v1')
    .default('unbroken/v1'),
  MQTT_RECEIVE_MAXIMUM: count(65_535, 65_535),
  MQTT_PORT: port.default(1883),
  HTTP_HOST: z.string().default('127.0.0.1'),
  HTTP_PORT: port.default(8080),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'], 'must be a pino level').default('info'),
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
  CLOCK_ORIGIN: z.iso.datetime({ offset: true }).optional(),
  CLOCK_STARTED: z.coerce.number().optional(),
  CLOCK_SPEED: z.coerce.number().positive().optional(),
})

const schema = variables
  .superRefine((given, context) => {
    const embedded = given.DATABASE_URL === undefined && given.MQTT_URL === undefined
    const problem = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message })
    if (given.DATABASE_OWNER_URL !== undefined && given.DATABASE_URL === undefined) {
      problem('DATABASE_OWNER_URL', 'is set without DATABASE_URL: set both, or neither for the embedded database')
    }
    if (given.CLOCK_ORIGIN !== undefined && !embedded) {
      problem('CLOCK_ORIGIN', 'a scaled clock is for trials on embedded backends only: unset it')
    }
  })
  .transform((given) => ({
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
      receiveMaximum: given.MQTT_RECEIVE_MAXIMUM,
      ...(given.MQTT_USERNAME === undefined ? {} : { username: given.MQTT_USERNAME }),
      ...(given.MQTT_PASSWORD === undefined ? {} : { password: given.MQTT_PASSWORD }),
    },
    http: { host: given.HTTP_HOST, port: given.HTTP_PORT },
    logLevel: given.LOG_LEVEL,
    instance: given.UNBROKEN_INSTANCE,
    dataDir: given.UNBROKEN_DATA_DIR,
    xdgDataHome: given.XDG_DATA_HOME,
    bootstrap: { apiKey: given.BOOTSTRAP_API_KEY ?? null, organisation: given.BOOTSTRAP_ORGANISATION },
    clock:
      given.CLOCK_ORIGIN === undefined
        ? null
        : {
            originAt: Date.parse(given.CLOCK_ORIGIN),
            startedAt: given.CLOCK_STARTED ?? 0,
            speed: given.CLOCK_SPEED ?? 1,
          },
  }))

/** See README, "Configuration". */
export type Config = z.output<typeof schema>
