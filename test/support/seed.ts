import fc from 'fast-check'
import { TEST_SEED } from './tools.ts'

fc.configureGlobal({ seed: TEST_SEED })
