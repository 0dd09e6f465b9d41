import { certificatePdf } from '../../src/documents/certificate-pdf.ts'
import { readCertificate } from '../../src/domain/verify-certificate.ts'
import { sha256, type TestKey } from './certified.ts'
import { PUBLIC_URL } from './limits.ts'

/** The PDF of a certificate's file, as the service makes it. */
export async function certifiedPdf(file: Uint8Array, { sealer }: TestKey): Promise<Uint8Array> {
  const read = readCertificate(file)
  if ('problem' in read) throw new Error(read.problem)
  return certificatePdf({ file, certificate: read.certificate, sealer, publicUrl: PUBLIC_URL }, sha256)
}
