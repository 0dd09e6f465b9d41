import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { hasContainerEngine, startContainers } from './support/containers.ts'
import { hasBroker, INSTALL_BROKER } from './support/tools.ts'

/**
 * The test command: `npm test` checks the code (types, lint, unused parts) and runs every test; `npm test -- PATH…`
 * hands its arguments to vitest and leaves the check out. `npm run test:containers` runs the tests that need
 * PostgreSQL or a broker against containers. The last line is `N passed, N failed, N skipped`.
 */
async function main(args: string[]): Promise<number> {
  const inContainers = args.includes('--containers')
  const rest = args.filter((arg) => arg !== '--containers')
  const missing = missingTools()
  if (missing !== null) return say(missing, 1)
  if (inContainers) return runInContainers(rest)
  if (rest.length > 0) return runVitest(rest, {})
  if ((await run('npm', ['run', '--silent', 'check'], {})) !== 0) {
    return say('The check failed, so no test ran; `npx biome check --write` repairs most of what Biome finds.', 1)
  }
  return runVitest([], {})
}

const NEEDED_MAJOR = 24

/** One sentence when nothing can run; a note on stderr when some tests cannot. */
function missingTools(): string | null {
  const { node } = process.versions
  if (Number(node.split('.')[0]) < NEEDED_MAJOR) {
    return `The tests need Node ${NEEDED_MAJOR} or newer (this is ${node}): run \`npm ci\`, then \`npm test\`.`
  }
  if (hasBroker()) return null
  say(`mosquitto is not installed: the mqtt and e2e tests are skipped; \`${INSTALL_BROKER}\` enables them.`, 0)
  return null
}

async function runInContainers(args: string[]): Promise<number> {
  if (!(await hasContainerEngine())) {
    return say('No container engine answers: start Docker, or podman with DOCKER_HOST set to its socket.', 1)
  }
  const backends = await startContainers()
  // Ctrl-C reaches vitest as well: wait for it, so that the containers are removed
  process.once('SIGINT', () => undefined)
  const projects = ['pg', 'mqtt', 'e2e'].map((name) => `--project=${name}`)
  try {
    const { databaseUrl: DATABASE_URL, mqttUrl: MQTT_URL } = backends
    return await runVitest([...projects, ...args], { DATABASE_URL, MQTT_URL })
  } finally {
    await backends.stop()
  }
}

function runVitest(args: string[], env: Record<string, string>): Promise<number> {
  const vitest = join(import.meta.dirname, '../node_modules/vitest/vitest.mjs')
  return run(process.execPath, [vitest, 'run', ...args], env)
}

/** Runs a program to its end with our own output; its exit code, or 1 when a signal ended it. */
function run(program: string, args: string[], env: Record<string, string>): Promise<number> {
  const cwd = join(import.meta.dirname, '..')
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, stdio: 'inherit', env: { ...process.env, ...env } })
    child.on('error', reject)
    child.on('exit', (code) => resolve(code ?? 1))
  })
}

function say(sentence: string, exitCode: number): number {
  process.stderr.write(`${sentence}\n`)
  return exitCode
}

process.exitCode = await main(process.argv.slice(2))
