import { accessSync, readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { SetupError } from '../../db/setup-error.ts'
import { ApiProblem } from '../../simulators/client.ts'
import { type FleetOptions, runFleet } from '../../simulators/fleet.ts'
import { liveClock, scaledClock } from '../../simulators/fleet-clock.ts'
import { FleetProblem } from '../../simulators/fleet-problem.ts'
import { recordTo, replayFrom } from '../../simulators/fleet-recording.ts'
import {
  FLEET_FAULTS,
  FLEET_PROFILES,
  type FleetScenario,
  parseScenario,
  profileShares,
  SCENARIO_SCHEMA,
  usualDisturbances,
} from '../../simulators/fleet-scenario.ts'
import { withEmbeddedService } from './embedded-fleet.ts'

/**
 * `unbroken simulate`: plays a fleet of simulated sensors against any service and broker, or against a service of its
 * own (`--embedded`), and lists every shipment whose served answer differs from what was injected; `--replay FILE`
 * publishes a recording instead. Returns the exit code: 1 when an answer was wrong, 2 when used wrongly.
 */
export async function simulate(args: readonly string[], out: Output): Promise<number> {
  const flags = readFlags(args)
  if ('problem' in flags) {
    out.warn(`${flags.problem}\n${USAGE}`)
    return 2
  }
  if (flags.help) {
    out.print(USAGE)
    return 0
  }
  try {
    return flags.replay === undefined ? await play(flags, out) : await replay(flags, flags.replay, out)
  } catch (error) {
    if (!(error instanceof FleetProblem || error instanceof ApiProblem)) throw error
    out.warn(error.message)
    return 1
  }
}

async function play(flags: Flags, out: Output): Promise<number> {
  const scenario = scenarioOf(flags)
  if (scenario.faults.includes('loss') && !flags.mqtt.startsWith('mqtt:')) {
    throw new SetupError('The fault "loss" needs a broker at mqtt://: the network it plays cannot look into TLS.')
  }
  const write = (text: string) => void process.stdout.write(text)
  const common = {
    scenario,
    connections: flags.connections,
    run: Date.now().toString(36),
    print: write,
    isTty: out.isTty,
  }
  const { record } = flags
  const recorder = record === undefined ? null : orSay(record, () => recordTo(record))
  try {
    const { wrong } = flags.embedded
      ? await withEmbeddedService(
          { speed: flags.speed, durationMs: scenario.durationMs, print: out.print },
          (service) => runFleet({ ...common, ...service, ...ANONYMOUS, recorder }),
        )
      : await runFleet({ ...common, ...foreignService(flags, scenario), recorder })
    return wrong === 0 ? 0 : 1
  } finally {
    await recorder?.close()
  }
}

export type Output = { print: (line: string) => void; warn: (line: string) => void; isTty: boolean }

const ANONYMOUS = { mqttUser: '', mqttPassword: '' }

const USAGE = `unbroken simulate --key KEY | --embedded | --replay FILE
  --api URL            the service, default http://127.0.0.1:8080
  --key KEY            an administrator's API key of it
  --mqtt URL           its broker, default mqtt://127.0.0.1:1883
  --mqtt-user NAME --mqtt-password TEXT    of the gateways; default anonymous
  --embedded           starts a service of its own on embedded backends, with a scaled clock
  --sensors N --shipments N                default 400 and 100
  --profile cryo|fridge|dryice|mixed       default mixed
  --faults LIST        of flight, duplicates, reorder, loss; default none
  --duration HOURS     simulated, default 24
  --speed N            simulated seconds per second, default 60; 1 runs live from now on
  --seed N             default 7
  --connections N      gateways that share the sensors, default 4
  --scenario FILE      ${SCENARIO_SCHEMA} instead of these sizes, shares and faults
  --record FILE        writes down everything published
  --replay FILE        publishes a recording; --speed scales its times, 0 sends as fast as acknowledged`

const whole = (least: number, most: number) => {
  const wrong = `must be a whole number from ${least} to ${most}`
  return z
    .string()
    .regex(/^\d{1,9}$/, wrong)
    .transform(Number)
    .refine((n) => n >= least && n <= most, wrong)
}
const decimal = (most: number) => {
  const wrong = `must be a number from 0 to ${most}`
  return z
    .string()
    .regex(/^\d{1,9}(\.\d{1,9})?$/, wrong)
    .transform(Number)
    .refine((n) => n <= most, wrong)
}
const url = (protocols: RegExp, example: string) =>
  z.string().refine((text) => protocols.test(URL.parse(text)?.protocol ?? ''), `must read like ${example}`)

const MAX_SPEED = 100_000

const accepted = z.object({
  help: z.boolean().default(false),
  api: url(/^https?:$/, 'http://127.0.0.1:8080').default('http://127.0.0.1:8080'),
  key: z.string().optional(),
  mqtt: url(/^(mqtts?|wss?):$/, 'mqtt://127.0.0.1:1883').default('mqtt://127.0.0.1:1883'),
  'mqtt-user': z.string().default(''),
  'mqtt-password': z.string().default(''),
  embedded: z.boolean().default(false),
  sensors: whole(1, 1_000_000).default(400),
  shipments: whole(1, 1_000_000).default(100),
  profile: z.enum([...FLEET_PROFILES, 'mixed']).default('mixed'),
  faults: z
    .string()
    .transform((list) => list.split(',').filter((name) => name !== ''))
    .pipe(z.array(z.enum(FLEET_FAULTS)))
    .default([]),
  duration: decimal(744)
    .refine((hours) => hours > 0, 'must be more than 0')
    .default(24),
  // a recording is replayed at its own pace
  speed: decimal(MAX_SPEED).optional(),
  seed: whole(0, 999_999_999).default(7),
  connections: whole(1, 20_000).default(4),
  scenario: z.string().optional(),
  record: z.string().optional(),
  replay: z.string().optional(),
})

const schema = accepted.transform(({ speed, ...rest }) => ({
  ...rest,
  speed: speed ?? (rest.replay === undefined ? 60 : 1),
}))

type Flags = z.output<typeof schema>

/** The flags as `parseArgs` wants them: the two booleans take no value. */
const OPTIONS = Object.fromEntries(
  Object.keys(accepted.shape).map((name) => {
    const type = name === 'embedded' || name === 'help' ? ('boolean' as const) : ('string' as const)
    return [name, { type }]
  }),
)

function readFlags(args: readonly string[]): Flags | { problem: string } {
  try {
    const { values } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: false })
    const parsed = schema.safeParse(values)
    if (!parsed.success) {
      return { problem: parsed.error.issues.map(({ path, message }) => `--${path.join('.')} ${message}`).join('\n') }
    }
    const flags = parsed.data
    const problem = unread(Object.keys(values)) ?? contradiction(flags)
    return problem === null ? flags : { problem }
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) }
  }
}

/** A flag that nobody would read is a mistake to be told. */
function unread(names: readonly string[]): string | null {
  const idle = names.filter(
    (name) =>
      (names.includes('scenario') && SAID_BY_SCENARIO.includes(name)) ||
      (names.includes('replay') && !READ_BY_REPLAY.includes(name)) ||
      (names.includes('embedded') && SAID_BY_EMBEDDED.includes(name)),
  )
  return idle.length === 0 ? null : `--${idle.join(', --')} would not be read: leave it out`
}

const SAID_BY_SCENARIO = ['sensors', 'shipments', 'profile', 'faults', 'duration', 'seed']
const READ_BY_REPLAY = ['replay', 'mqtt', 'mqtt-user', 'mqtt-password', 'speed']
const SAID_BY_EMBEDDED = ['api', 'mqtt', 'mqtt-user', 'mqtt-password']

function contradiction(flags: Flags): string | null {
  if (flags.help || flags.replay !== undefined) return null
  if (flags.embedded === (flags.key !== undefined)) return 'give either --key of a running service, or --embedded'
  if (flags.sensors < flags.shipments) return '--sensors must not be fewer than --shipments'
  if (flags.speed !== 1 && flags.speed < 2)
    return '--speed must be 1 (live), or at least 2 to catch up with the service'
  if (flags.embedded && flags.speed === 1) return '--embedded needs a --speed above 1'
  return null
}

function scenarioOf(flags: Flags): FleetScenario {
  const { sensors, shipments, seed, faults, scenario: file } = flags
  if (file === undefined) {
    const durationMs = Math.round(flags.duration * HOUR_MS)
    const profiles = profileShares(flags.profile)
    return { sensors, shipments, seed, durationMs, profiles, faults, disturbances: usualDisturbances(faults) }
  }
  const scenario = parseScenario(orSay(file, () => JSON.parse(readFileSync(file, 'utf8'))))
  if ('problem' in scenario) throw new SetupError(`${file} is no ${SCENARIO_SCHEMA}:\n${scenario.problem}`)
  return scenario
}

/** A file that is not as it should be is said in a sentence. */
function orSay<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw new SetupError(`${path} cannot be used: ${error instanceof Error ? error.message : error}`)
  }
}

const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000

type Service = Pick<FleetOptions, 'apiUrl' | 'adminKey' | 'mqttUrl' | 'mqttUser' | 'mqttPassword' | 'startAt' | 'begin'>

/** Against a service on the real clock the journeys end at its now, or, at speed 1, begin there. */
function foreignService(flags: Flags, { durationMs }: FleetScenario): Service {
  const isLive = flags.speed === 1
  const startAt = Math.floor((Date.now() - (isLive ? 0 : durationMs)) / MINUTE_MS) * MINUTE_MS
  return {
    apiUrl: flags.api,
    adminKey: flags.key ?? '',
    mqttUrl: flags.mqtt,
    mqttUser: flags['mqtt-user'],
    mqttPassword: flags['mqtt-password'],
    startAt,
    begin: async () => (isLive ? liveClock(startAt + durationMs) : scaledClock(startAt, flags.speed)),
  }
}

async function replay(flags: Flags, file: string, { print, isTty }: Output): Promise<number> {
  const { mqtt: mqttUrl, 'mqtt-user': username, 'mqtt-password': password, speed } = flags
  const onProgress = ({ published, acked }: { published: number; acked: number }) => {
    if (isTty && published % 100 === 0) process.stdout.write(`\r${published} published, ${acked} acknowledged`)
  }
  orSay(file, () => accessSync(file))
  const startedMs = performance.now()
  const count = await replayFrom(file, { mqttUrl, username, password, speed, onProgress })
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
  print(`${isTty ? '\n' : ''}${count} messages published again and acknowledged in ${seconds} s`)
  return 0
}
