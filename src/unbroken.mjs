#!/usr/bin/env node
// The bin entry, from any folder. Plain JavaScript that an old Node can read: the Node that came with `npm ci` takes
// over from it, and where there is none it answers with a sentence, not a syntax error.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const NEEDED_MAJOR = 24
const shipped = fileURLToPath(new URL('../node_modules/.bin/node', import.meta.url))
const own = process.argv.slice(2)

if (Number(process.versions.node.split('.')[0]) >= NEEDED_MAJOR) {
  import('./main.ts').then((program) => program.main(own))
} else if (existsSync(shipped)) {
  const program = spawn(shipped, [fileURLToPath(import.meta.url), ...own], { stdio: 'inherit' })
  // a terminal sends its Ctrl-C to both; whoever ends this process means the program
  process.on('SIGINT', () => undefined)
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => program.kill(signal))
  program.on('exit', (code) => process.exit(code ?? 1))
} else {
  process.stderr.write(
    `unbroken needs Node ${NEEDED_MAJOR} or newer (this is ${process.versions.node}): ` +
      `run \`npm ci\` in the checkout, or install Node ${NEEDED_MAJOR}\n`,
  )
  process.exitCode = 1
}
