import { webcrypto } from 'node:crypto'
import { join } from 'node:path'
import { createContext, runInContext } from 'node:vm'
import { rolldown } from 'rolldown'
import { beforeAll, describe, expect, test } from 'vitest'
import type * as Verification from '../../src/web/verify-in-browser.ts'
import { trustOf } from '../../src/web/verify-in-browser.ts'
import { certified, testKey } from '../support/certified.ts'
import { certifiedPdf } from '../support/certified-pdf.ts'

const key = testKey()
const file = certified({ degrees: [5, 5.5, 6, 8.2, 7, 5, null, 5], keys: [key] })
const { kid, x } = key.published

/** The code as a page runs it: one script, in a place that has WebCrypto and text encodings and nothing of Node. */
let page: { code: string; verify: typeof Verification.verify }

beforeAll(async () => {
  const input = join(import.meta.dirname, '../../src/web/verify-in-browser.ts')
  const bundle = await rolldown({ input, platform: 'browser' })
  const { output } = await bundle.generate({ format: 'iife', name: 'unbroken', exports: 'named' })
  const { code } = output[0]
  const { TextEncoder, TextDecoder, DOMException } = globalThis
  const verify = runInContext(
    `${code}; unbroken.verify`,
    createContext({ crypto: webcrypto, TextEncoder, TextDecoder, DOMException }),
  )
  page = { code, verify }
})

const bytes = (of: Uint8Array): ArrayBuffer => Uint8Array.from(of).buffer

describe('verifying in a browser', () => {
  test('takes nothing but what a browser has', () => {
    expect(page.code).not.toMatch(/\b(require\(|import |process\.|Buffer\b|node:)/)
  })

  test('answers as on the command line: JSON and PDF, trusted or not', async () => {
    const pdf = await certifiedPdf(file, key)
    for (const whole of [file, pdf]) {
      expect(await page.verify(bytes(whole), kid)).toMatchObject({ outcome: 'valid' })
      expect(await page.verify(bytes(whole), '')).toMatchObject({ outcome: 'consistent' })
      expect(await page.verify(bytes(whole), testKey().sealer.kid)).toMatchObject({ outcome: 'not_valid' })
    }
  })

  test('refuses an altered file, and says what does not hold', async () => {
    const altered = Uint8Array.from(file)
    const at = Buffer.from(file).indexOf('8200')
    altered[at] = 0x37
    const found = await page.verify(bytes(altered), kid)
    const failing = 'problem' in found ? [] : found.statements.filter(({ holds }) => !holds).map(({ name }) => name)
    expect(failing).toEqual(['seal', 'readings', 'verdict'])
  })

  test('of a key that is no point of the curve fails as any wrong seal does', async () => {
    const forged = Buffer.from(new TextDecoder().decode(file).replaceAll(x, `${'_'.repeat(42)}8`))
    expect(await page.verify(bytes(forged), '')).toMatchObject({ outcome: 'not_valid' })
  })
})

describe('what is trusted', () => {
  const keys = [{ kty: 'OKP', crv: 'Ed25519', kid, x, fromAt: '2026-03-01T00:00:00.000Z', untilAt: null }]

  test('is nothing, fingerprints, or a key set', () => {
    expect(trustOf('')).toEqual({ trust: null })
    expect(trustOf(`${kid} ${kid}`)).toEqual({ trust: { kids: [kid, kid] } })
    const fromAt = Date.parse('2026-03-01T00:00:00.000Z')
    expect(trustOf(JSON.stringify({ keys }))).toEqual({ trust: { keys: [{ kid, x, fromAt, untilAt: null }] } })
  })

  test.each(['x', '{}', '[]', 'null', '{"keys":[1]}', '{"keys":[{}]}', `${kid} x`])('is not %s', (given) => {
    expect(trustOf(given)).toMatchObject({ problem: expect.stringMatching(/key set/) })
  })
})
