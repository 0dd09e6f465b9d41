import { readFileSync } from 'node:fs'
import type { Certificate } from '../domain/certificate-form.ts'
import { isoInstant } from '../domain/units.ts'
import type { CertificateVerification, Statement, Trust } from '../domain/verify-certificate.ts'
import { verifyFile } from '../domain/verify-file.ts'
import { trustOf } from '../web/verify-in-browser.ts'
import { WEB_CRYPTO } from '../web/web-crypto.ts'

type Out = { print: (line: string) => void; warn: (line: string) => void }

/**
 * `unbroken verify FILE [--trust FINGERPRINT|FILE]…`: verifies a certificate, JSON or PDF, from the file alone, and
 * prints each statement with whether it holds. Returns the exit code: 0 valid and by a trusted key, 1 not valid,
 * 2 used wrongly or not readable, 3 consistent in itself, but nobody said whose key to trust. Null: used wrongly.
 */
export async function verifyCommand(args: readonly string[], out: Out): Promise<number | null> {
  const asked = parse(args)
  if (asked === null) return null
  const file = readBytes(asked.path)
  const trust = trustedOf(asked.trusted)
  const problem = 'problem' in file ? file.problem : 'problem' in trust ? trust.problem : null
  if (problem !== null || 'problem' in file || 'problem' in trust) {
    out.warn(problem ?? '')
    return 2
  }
  const found = await verifyFile(file.bytes, WEB_CRYPTO, trust.trust)
  if (found.certificate !== null) for (const line of summaryOf(found.certificate)) out.print(line)
  for (const statement of found.statements) out.print(lineOf(statement))
  out.print(closing(found))
  return EXIT_CODE[found.outcome]
}

const EXIT_CODE: Record<CertificateVerification['outcome'], number> = { valid: 0, not_valid: 1, consistent: 3 }

function parse(args: readonly string[]): { path: string; trusted: string[] } | null {
  const [paths, trusted]: [string[], string[]] = [[], []]
  for (let index = 0; index < args.length; index++) {
    const argument = args[index] ?? ''
    if (argument !== '--trust') {
      paths.push(argument)
      continue
    }
    const given = args[++index]
    if (given === undefined) return null
    trusted.push(given)
  }
  const [path, ...more] = paths
  return path === undefined || more.length > 0 || path.startsWith('--') ? null : { path, trusted }
}

function readBytes(path: string): { bytes: Uint8Array } | { problem: string } {
  try {
    return { bytes: new Uint8Array(readFileSync(path)) }
  } catch (error) {
    return { problem: `cannot read ${path}: ${error instanceof Error ? error.message : String(error)}` }
  }
}

/** An RFC 7638 thumbprint. */
const FINGERPRINT = /^[\w-]{43}$/

/** Fingerprints, or one key set as the service publishes it. */
function trustedOf(given: readonly string[]): { trust: Trust } | { problem: string } {
  if (given.length === 0) return { trust: null }
  const files = given.filter((one) => !FINGERPRINT.test(one))
  const [path, ...more] = files
  if (path === undefined) return { trust: { kids: given } }
  if (more.length > 0 || given.length > 1) return { problem: 'Give fingerprints, or one key set, not both.' }
  const read = readBytes(path)
  if ('problem' in read)
    return { problem: `--trust takes a fingerprint of 43 characters or a key set: ${read.problem}` }
  return keySetOf(read.bytes, path)
}

function keySetOf(bytes: Uint8Array, path: string): { trust: Trust } | { problem: string } {
  const found = trustOf(new TextDecoder().decode(bytes))
  if ('trust' in found && found.trust !== null) return found
  return { problem: `${path} is no key set: save /.well-known/jwks.json of the issuer, and name that file.` }
}

function summaryOf({ shipment, temperature, custody, evaluation, asOf, profile }: Certificate): string[] {
  const example = profile.limits.example ? ['EXAMPLE LIMITS, not for use'] : []
  return [
    ...example,
    `shipment     ${shipment.reference}, ${shipment.product.name}${shipment.coi === null ? '' : `, ${shipment.coi}`}`,
    `temperature  ${temperature.status}${temperature.severity === null ? '' : `, ${temperature.severity}`}`,
    `custody      ${custody.chainStatus}, held by ${custody.holder ?? 'nobody'}`,
    `as of        ${isoInstant(asOf)}, evaluation ${evaluation.version}`,
    '',
  ]
}

function lineOf({ name, holds, says }: Statement): string {
  return `${holds ? 'ok  ' : 'FAIL'}  ${name.padEnd(WIDEST_NAME)}  ${says}`
}

const WIDEST_NAME = 'signatures'.length

function closing({ outcome, statements, kid }: CertificateVerification): string {
  const wrong = statements.filter(({ holds }) => !holds).map(({ name }) => name)
  switch (outcome) {
    case 'valid':
      return '\nvalid: every statement holds, and the key is trusted'
    case 'consistent':
      return `\nconsistent, signer not known: compare key ${kid} with the issuer's, then give it with --trust`
    case 'not_valid':
      return `\nNOT VALID: ${wrong.join(', ')}`
  }
}
