import { isPdf, isSealedBy, readSealedPdf } from './pdf-seal.ts'
import type { Crypto } from './stamp.ts'
import { type CertificateVerification, type Statement, type Trust, verifyCertificate } from './verify-certificate.ts'

/**
 * Verifies a certificate as it was given out, JSON or PDF. Of a PDF every byte is signed, and the certificate in it is
 * verified as one by itself; the same key must have sealed both.
 */
export async function verifyFile(file: Uint8Array, crypto: Crypto, trust: Trust): Promise<CertificateVerification> {
  if (!isPdf(file)) return verifyCertificate(file, crypto, trust)
  const read = readSealedPdf(file)
  if (read === null) {
    const cut = wrong('It does not end with the line that signs it: it was cut, saved anew, or something was added.')
    return { outcome: 'not_valid', statements: [cut], kid: null, certificate: null }
  }
  const found = await verifyCertificate(read.attached, crypto, trust)
  const key = found.certificate?.keys.find(({ kid }) => kid === read.seal.kid)
  const isSame = key !== undefined && found.kid === key.kid
  const pdf = isSame && (await isSealedBy(read, key, crypto)) ? HELD : wrong(CHANGED)
  const outcome = pdf.holds ? found.outcome : 'not_valid'
  return { ...found, outcome, statements: [pdf, ...found.statements] }
}

const HELD: Statement = {
  name: 'pdf',
  holds: true,
  says: 'every byte of the PDF is signed by the key that sealed the certificate in it',
}

const CHANGED = 'It is not the PDF that was signed: something in it was changed, or another key signed it.'

function wrong(says: string): Statement {
  return { name: 'pdf', holds: false, says }
}
