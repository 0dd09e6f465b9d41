import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
