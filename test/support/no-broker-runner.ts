import { type RunnerTestFile, TestRunner } from 'vitest'

/** Collects every test and runs none: no name matches. Used for tests that need a broker where there is none. */
export default class NoBrokerRunner extends TestRunner {
  override onCollectStart(file: RunnerTestFile): void {
    super.onCollectStart(file)
    this.config.testNamePattern = /(?!)/
  }
}
