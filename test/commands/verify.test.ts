import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { isoInstant } from '../../src/domain/units.ts'
import { certified, testKey } from '../support/certified.ts'
import { certifiedPdf } from '../support/certified-pdf.ts'

const BIN = join(import.meta.dirname, '../../src/unbroken.mjs')
/** An empty folder, somewhere else: nothing of the checkout, no database, no configuration. */
const folder = mkdtempSync(join(tmpdir(), 'verify-'))
afterAll(() => rmSync(folder, { recursive: true }))

const key = testKey()
const { kid, fromAt } = key.published
const file = certified({ degrees: [5, 5.5, 6, 8.2, 7, 5], keys: [key] })
const altered = Buffer.from(new TextDecoder().decode(file).replace('8200', '7200'))
const jwk = { kty: 'OKP', crv: 'Ed25519', ...key.published, fromAt: isoInstant(fromAt) }
const FILES: Record<string, Uint8Array> = {
  'certificate.json': file,
  'certificate.pdf': await certifiedPdf(file, key),
  'altered.json': altered,
  'pretty.json': Buffer.from(JSON.stringify(JSON.parse(new TextDecoder().decode(file)), null, 2)),
  'cut.json': file.subarray(0, -20),
  'jwks.json': Buffer.from(JSON.stringify({ keys: [jwk] })),
  'empty.json': Buffer.from(''),
}
for (const [name, bytes] of Object.entries(FILES)) writeFileSync(join(folder, name), bytes)

function verify(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [BIN, 'verify', ...args], {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: '/usr/bin:/bin' },
  })
  return { status, stdout, stderr }
}

describe('`unbroken verify` in an empty folder', () => {
  test.each([
    ['certificate.json', kid],
    ['certificate.pdf', kid],
    ['certificate.json', 'jwks.json'],
  ])('%s trusting %s is valid: 0', (name, trusted) => {
    const { status, stdout } = verify(name, '--trust', trusted)
    expect(stdout).toMatch(/^temperature {2}excursion_below_alarm/m)
    expect(stdout).toMatch(/^ok {4}verdict .*judged again from the readings/m)
    expect(stdout).not.toMatch(/FAIL/)
    expect(stdout).toMatch(/\nvalid: every statement holds, and the key is trusted\n$/)
    expect(status).toBe(0)
  })

  test.each(['certificate.json', 'certificate.pdf'])('%s without a trusted key is consistent only: 3', (name) => {
    const { status, stdout } = verify(name)
    expect(stdout).toContain(`consistent, signer not known: compare key ${kid}`)
    expect(status).toBe(3)
  })

  test.each([
    ['altered.json', kid, 'NOT VALID: seal, readings, verdict'],
    ['pretty.json', kid, 'NOT VALID: form'],
    ['cut.json', kid, 'NOT VALID: form'],
    ['empty.json', kid, 'NOT VALID: form'],
    ['certificate.json', testKey().published.kid, 'NOT VALID: trust'],
  ])('%s trusting %s is refused, naming what fails: 1', (name, trusted, said) => {
    const { status, stdout } = verify(name, '--trust', trusted)
    expect(stdout).toContain(said)
    expect(status).toBe(1)
  })

  test.each([
    [[], /verify FILE/],
    [['certificate.json', '--trust'], /verify FILE/],
    [['certificate.json', 'certificate.pdf'], /verify FILE/],
    [['missing.json'], /cannot read missing\.json/],
    [['certificate.json', '--trust', 'nobody'], /--trust takes a fingerprint of 43 characters or a key set/],
    [['certificate.json', '--trust', 'certificate.json'], /certificate\.json is no key set/],
    [['certificate.json', '--trust', kid, '--trust', 'jwks.json'], /not both/],
  ])('%j is used wrongly: 2', (args, said) => {
    const { status, stderr } = verify(...args)
    expect(stderr).toMatch(said)
    expect(status).toBe(2)
  })
})
