import { fileURLToPath } from 'node:url'
import { SetupError } from '../db/setup-error.ts'
import { type Config, readConfig } from './config.ts'

/** The command line: `unbroken COMMAND …`. Sets the exit code: 0 done, 1 not, 2 used wrongly. */
export async function main(args: readonly string[]): Promise<void> {
  process.stdout.on('error', goOnUnread)
  try {
    process.exitCode = await run(args)
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
    warn(error.message)
    process.exitCode = 1
  }
  // all is done and written then; Node taking itself apart may never end (nodejs/node#47748)
  process.once('beforeExit', () => process.exit())
}

const USAGE = `unbroken COMMAND
  serve                     run the service until Ctrl-C
  demo [--exit]             the whole story with simulated sensors; --exit ends with 0 only if all answers are right
       [--list | --all | --scenario NAME[,NAME]]   scenarios of the library instead; --all ends as --exit does
  simulate FLAGS            a fleet of simulated sensors against any service and broker; simulate --help
  doctor [--json]           measure broker, database and clocks as they are, and say what to change
  migrate                   bring the database up to this program
  archive DIRECTORY         write the months whose retention has passed to Parquet files there, verify, drop them
  archive --list            say of every month until when it is kept and why; changes nothing
  restore-archive DIRECTORY bring the month of one archive back, verified
  replay [--shipment ID] [--evaluation V]   judge stored evaluations again and compare byte for byte
  evaluate FILE             judge cases {profiles, cases} without a database
  evaluate FILE --profile P judge a logger's file without a database
  verify FILE [--trust X]   verify a certificate (JSON or PDF) offline; X is a key's fingerprint or a saved key set
  import FILE --sensor ID --key KEY   send a logger's file to a running service; --dry-run shows how it is understood
  check-vectors PATH…       run published cases against this program
See README.md for configuration.`

async function run([command, ...rest]: readonly string[]): Promise<number> {
  if (rest.length > 0 && !takesArguments(command)) return usage()
  // each command loads what it needs: the whole program takes a second to load
  switch (command) {
    case 'serve':
      return configured(async (config) => (await import('./commands/serve.ts')).serve(config, warn))
    case 'migrate':
      return configured(async (config) => (await import('./commands/migrate.ts')).migrateDatabase(config, warn))
    case 'doctor':
      return (await (await import('./commands/doctor.ts')).doctorCommand(rest, { print, warn })) ?? usage()
    case 'archive':
      return archive(rest)
    case 'restore-archive': {
      const [directory] = rest
      if (directory === undefined || rest.length > 1) return usage()
      return configured(async (config) =>
        (await import('./commands/archive.ts')).restoreMonth(config, directory, { print, warn }),
      )
    }
    case 'demo': {
      const options = { print, warn, isTty: process.stdout.isTTY === true }
      return (await (await import('./commands/demo-arguments.ts')).demoCommand(rest, options)) ?? usage()
    }
    case 'simulate':
      return (await import('./commands/simulate.ts')).simulate(rest, {
        print,
        warn,
        isTty: process.stdout.isTTY === true,
      })
    case 'replay':
      return (await import('./commands/replay.ts')).replayCommand(rest, { print, ...shown })
    case 'evaluate': {
      const [file] = rest
      if (rest.some((argument) => argument.startsWith('--')))
        return (await import('./commands/evaluate-file.ts')).evaluateFile(rest, { print, warn })
      if (file === undefined || rest.length > 1) return usage()
      return (await import('./commands/evaluate.ts')).evaluate(file, { print, warn })
    }
    case 'import': {
      const out = { print, warn, isTty: process.stderr.isTTY === true }
      return (await import('./commands/import.ts')).importCommand(rest, out)
    }
    case 'verify':
      return (await (await import('./commands/verify.ts')).verifyCommand(rest, { print, warn })) ?? usage()
    case 'check-vectors':
      if (rest.length === 0) return usage()
      return (await import('./commands/check-vectors.ts')).checkVectors(rest, print)
    case '--help':
    case 'help':
      print(USAGE)
      return 0
    default:
      return usage()
  }
}

async function archive(rest: readonly string[]): Promise<number> {
  const [where] = rest
  if (where === undefined || rest.length > 1 || (where.startsWith('-') && where !== '--list')) return usage()
  const directory = where === '--list' ? null : where
  return configured(async (config) =>
    (await import('./commands/archive.ts')).archiveMonths(config, directory, { print, warn }),
  )
}

/** Where progress is shown. */
const shown = {
  show: (text: string) => void process.stderr.write(text),
  isTty: process.stderr.isTTY === true,
}

/** An argument nobody reads is a mistake to be told, not to be passed over. */
function takesArguments(command: string | undefined): boolean {
  const files = ['evaluate', 'import', 'check-vectors', 'archive', 'restore-archive']
  return [...files, 'demo', 'doctor', 'simulate', 'replay', 'verify'].includes(command ?? '')
}

function usage(): number {
  warn(USAGE)
  return 2
}

/** Runs with the configuration of the environment, or says every problem of it at once. */
async function configured(work: (config: Config) => Promise<void>): Promise<number> {
  const config = readConfig()
  if ('problems' in config) {
    warn(`The configuration cannot be used:\n${config.problems.map((problem) => `  ${problem}`).join('\n')}`)
    return 1
  }
  await work(config)
  return 0
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

function warn(line: string): void {
  process.stderr.write(`${line}\n`)
}

/** Whoever reads the output, `head` say, has seen enough; the command goes on, and ends with its own exit code. */
function goOnUnread(error: Error & { code?: string }): void {
  if (error.code !== 'EPIPE') throw error
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2))
