import { defineConfig } from 'vitest/config'
import { ClosingLineReporter } from './test/support/closing-line-reporter.ts'
import { hasBroker } from './test/support/tools.ts'

/** The suffix of a test file says what it needs; each need is a project. */
const globalSetup = ['test/support/global-setup.ts']
const setupFiles = ['test/support/seed.ts']
/** Without a broker the tests that need one are collected and skipped, so that they can be counted. */
const runner = hasBroker() ? {} : { runner: './test/support/no-broker-runner.ts' }

export default defineConfig({
  test: {
    pool: 'forks',
    reporters: ['default', new ClosingLineReporter()],
    passWithNoTests: false,
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.{pg,mqtt,e2e}.test.ts'],
          setupFiles,
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: 'pg',
          include: ['test/**/*.pg.test.ts'],
          globalSetup,
          setupFiles,
          testTimeout: 20_000,
          hookTimeout: 60_000,
          // a test waits for PostgreSQL more than it computes
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'mqtt',
          include: ['test/**/*.mqtt.test.ts'],
          setupFiles,
          ...runner,
          testTimeout: 20_000,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/**/*.e2e.test.ts'],
          globalSetup,
          setupFiles,
          ...runner,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // a service, a database and a broker each, for which it mostly waits
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
