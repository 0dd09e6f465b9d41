import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const PASSES = "test('passes', () => {})\n"
const FAILS = "test('fails', () => { throw new Error('on purpose') })\n"
const SKIPS = "test('needs a broker', (context) => context.skip('no broker: install one'))\n"
const CANNOT_LOAD = "import './is-missing.js'\ntest('never seen', () => {})\n"

test.each([
  { shows: 'all passed', files: [PASSES, PASSES], ci: false, closing: '2 passed, 0 failed, 0 skipped', exitCode: 0 },
  { shows: 'a failure', files: [PASSES + FAILS], ci: false, closing: '1 passed, 1 failed, 0 skipped', exitCode: 1 },
  { shows: 'a skip', files: [PASSES + SKIPS], ci: false, closing: '1 passed, 0 failed, 1 skipped', exitCode: 0 },
  { shows: 'a skip in CI', files: [PASSES + SKIPS], ci: true, closing: '1 passed, 0 failed, 1 skipped', exitCode: 1 },
  { shows: 'no skip in CI', files: [PASSES], ci: true, closing: '1 passed, 0 failed, 0 skipped', exitCode: 0 },
  {
    shows: 'a broken file',
    files: [PASSES, CANNOT_LOAD],
    ci: false,
    closing: '1 passed, 1 failed, 0 skipped',
    exitCode: 1,
  },
])('the last line and the exit code tell: $shows', async ({ files, ci, closing, exitCode }) => {
  const run = await runVitest(files, ci)
  expect({ closing: run.lines.at(-1), exitCode: run.exitCode }).toEqual({ closing, exitCode })
  const named = run.lines.filter((line) => line.startsWith('skipped: '))
  expect(named).toEqual(files.some((text) => text.includes(SKIPS)) ? [SKIPPED_LINE] : [])
})

const SKIPPED_LINE = 'skipped: 0.test.js > needs a broker: no broker: install one'

/** Runs vitest with the reporter on files of its own; the lines of its standard output, empty ones left out. */
async function runVitest(files: string[], ci: boolean): Promise<{ lines: string[]; exitCode: number }> {
  const root = await mkdtemp(join(tmpdir(), 'unbroken-reporter-'))
  try {
    await Promise.all(files.map((text, index) => writeFile(join(root, `${index}.test.js`), text)))
    const program = `
      import { startVitest } from 'vitest/node'
      import { ClosingLineReporter } from './test/support/closing-line-reporter.ts'
      const options = { root: ${JSON.stringify(root)}, config: false, globals: true, watch: false, maxWorkers: 1 }
      const vitest = await startVitest('test', [], { ...options, reporters: [new ClosingLineReporter()] })
      await vitest.exit(true)`
    return await execute(['--input-type=module', '-e', program], ci)
  } finally {
    await rm(root, { recursive: true })
  }
}

function execute(args: string[], ci: boolean): Promise<{ lines: string[]; exitCode: number }> {
  const { VITEST: _, ...inherited } = process.env
  const env = { ...inherited, CI: ci ? 'true' : '' }
  return new Promise((resolve) => {
    const child = execFile(process.execPath, args, { cwd: process.cwd(), env }, (_fault, stdout) => {
      resolve({ lines: stdout.split('\n').filter(Boolean), exitCode: child.exitCode ?? -1 })
    })
  })
}
