import type { Reporter, SerializedError, TestCase, TestModule, Vitest } from 'vitest/node'
import { NO_BROKER, TEST_SEED } from './tools.ts'

/** Projects whose tests all need a broker (vitest.config.ts). */
const NEED_BROKER = ['mqtt', 'e2e']

/**
 * Ends a run with every skipped test and its reason, and the plain line `N passed, N failed, N skipped`. A file that
 * cannot be loaded and an error outside all tests count as failed. With CI=true a skipped test fails the run.
 */
export class ClosingLineReporter implements Reporter {
  #namePattern: RegExp | undefined

  onInit(vitest: Vitest): void {
    this.#namePattern = vitest.config.testNamePattern
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    const skipped = tests.filter((test) => test.result().state === 'skipped' && this.#isAskedFor(test))
    const count = (state: string) => tests.filter((test) => test.result().state === state).length
    const failed = count('failed') + modules.filter(failedOutsideTests).length + unhandledErrors.length
    if (failed > 0) print(`to repeat these random choices: UNBROKEN_TEST_SEED=${TEST_SEED}`)
    for (const test of skipped) print(`skipped: ${test.module.relativeModuleId} > ${test.fullName}: ${reasonOf(test)}`)
    if (skipped.length > 0 && process.env.CI === 'true') {
      print('CI=true: every test must run, so the skipped ones fail this run')
      process.exitCode = 1
    }
    print(`${count('passed')} passed, ${failed} failed, ${skipped.length} skipped`)
  }

  /** `-t NAME` leaves the other tests out of the run: they are not skipped, nobody asked for them. */
  #isAskedFor(test: TestCase): boolean {
    return this.#namePattern === undefined || this.#namePattern.test(test.fullName.replaceAll(' > ', ' '))
  }
}

function failedOutsideTests(module: TestModule): boolean {
  return module.state() === 'failed' && ![...module.children.allTests('failed')].length
}

function reasonOf(test: TestCase): string {
  const result = test.result()
  if (result.state === 'skipped' && result.note) return result.note
  if (NEED_BROKER.includes(test.project.name)) return NO_BROKER
  return 'switched off in the test file, which gives no reason'
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
