import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { CRYPTO } from '../../src/actions/stamps.ts'
import { isPdf } from '../../src/domain/pdf-seal.ts'
import { verifyFile } from '../../src/domain/verify-file.ts'
import { certified, testKey } from '../support/certified.ts'
import { certifiedPdf } from '../support/certified-pdf.ts'
import { flipBytes } from './flips.ts'

/*
 * `npm run flip [-- FILE… --every N]`: alters one byte after the other of certificates and shows that each altered file
 * is refused. Without a file, a certificate and its PDF are made. Every byte of a JSON, every seventh of a PDF, unless
 * told otherwise. Ends with 1 where any altered file passed.
 */
const { positionals, values } = parseArgs({ allowPositionals: true, options: { every: { type: 'string' } } })
const files = positionals.length > 0 ? positionals.map(read) : await made()
let missed = 0
for (const { name, bytes } of files) {
  const every = values.every === undefined ? (isPdf(bytes) ? 7 : 1) : Number(values.every)
  if (!Number.isInteger(every) || every < 1) throw new Error('--every takes a whole number from 1 on')
  const whole = await verifyFile(bytes, CRYPTO, null)
  if (whole.outcome !== 'consistent')
    throw new Error(`${name} does not verify as it is: nothing is shown by altering it`)
  const started = Date.now()
  const found = await flipBytes(bytes, CRYPTO, every)
  const seconds = ((Date.now() - started) / 1000).toFixed(1)
  const places = found.missed.length === 0 ? '' : `, first at byte ${found.missed[0]}`
  process.stdout.write(
    `${name}: ${bytes.length} bytes, ${found.tried} altered one at a time, ` +
      `${found.tried - found.missed.length} refused, ${found.missed.length} passed${places} (${seconds} s)\n`,
  )
  missed += found.missed.length
}
process.exitCode = missed === 0 ? 0 : 1

function read(name: string): { name: string; bytes: Uint8Array } {
  return { name, bytes: new Uint8Array(readFileSync(name)) }
}

async function made() {
  const key = testKey()
  const bytes = certified({ degrees: [5, 5.5, 6, 8.2, 7, 5, null, 5], keys: [key] })
  return [
    { name: 'certificate.json', bytes },
    { name: 'certificate.pdf', bytes: await certifiedPdf(bytes, key) },
  ]
}
