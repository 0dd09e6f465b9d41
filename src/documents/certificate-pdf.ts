import type { Sealer } from '../domain/certificate.ts'
import type { Certificate } from '../domain/certificate-form.ts'
import { toHex } from '../domain/hex.ts'
import { judgeAgain } from '../domain/judge-again.ts'
import { custodyEvents } from '../domain/ledger-events.ts'
import type { HashBytes } from '../domain/merkle.ts'
import { sealedPdf } from '../domain/pdf-seal.ts'
import type { Drawn } from './pdf-chart.ts'
import { drawCustody } from './pdf-custody.ts'
import { drawFirstPage } from './pdf-first-page.ts'
import { foot, newPage, newPaper, type Paper } from './pdf-paper.ts'
import { drawReceipt } from './pdf-receipt.ts'
import { drawRecord } from './pdf-record.ts'
import { drawTemperature } from './pdf-temperature.ts'
import { placeTime } from './place-time.ts'

/** What the PDF is made of: the certificate's file and content, the key to seal it, where the service is reached. */
export type CertificatePdf = {
  readonly file: Uint8Array
  readonly certificate: Certificate
  readonly sealer: Sealer
  /** Without a slash at its end. */
  readonly publicUrl: string
}

/**
 * The certificate for people: verdict and identity on the first page, then what it rests on. The JSON is attached
 * byte for byte, and the last line signs all bytes. Same certificate, same address: same bytes.
 */
export async function certificatePdf(given: CertificatePdf, sha256: HashBytes): Promise<Uint8Array> {
  const { file, certificate, sealer, publicUrl } = given
  const { shipment, seal, destination, asOf } = certificate
  const hash = toHex(sha256(file))
  const drawn = { certificate, judged: judgedAgain(certificate), time: placeTime(destination?.timeZone ?? null) }
  const at = new Date(asOf)
  const paper = newPaper({
    title: `Certificate of temperature and custody: ${shipment.reference}`,
    subject: `${shipment.product.name}, shipment ${shipment.reference}`,
    at,
  })
  const written = collected(paper)
  const attached = {
    name: `certificate-${shipment.id}.json`,
    type: 'application/json',
    creationDate: at,
    modifiedDate: at,
  }
  paper.pdf.file(Buffer.from(file), { ...attached, description: 'The certificate, complete and machine-readable' })
  const address = `${publicUrl}/api/v1/shipments/${shipment.id}/certificate#sha256=${hash}&kid=${seal.kid}`
  drawAll(paper, drawn, { hash, address })
  paper.pdf.end()
  const pdf = await written
  return sealedPdf(pdf, { offset: offsetOf(pdf, file), length: file.length, sealer }, sha256)
}

function judgedAgain(certificate: Certificate): Drawn['judged'] {
  const events = custodyEvents(certificate.ledger.entries)
  if ('problem' in events) throw new Error(`a certificate was issued whose ledger cannot be read: ${events.problem}`)
  const judged = judgeAgain({ ...certificate, events: events.value })
  if (judged === null) throw new Error('a certificate was issued by a judge that is not known')
  return judged
}

function drawAll(paper: Paper, drawn: Drawn, { hash, address }: { hash: string; address: string }): void {
  const { certificate } = drawn
  drawFirstPage(paper, drawn, address)
  newPage(paper)
  drawTemperature(paper, drawn)
  drawCustody(paper, drawn)
  drawReceipt(paper, drawn)
  drawRecord(paper, drawn, hash)
  const { reference } = certificate.shipment
  const example = certificate.profile.limits.example ? 'EXAMPLE LIMITS, not for use · ' : ''
  foot(paper, `${example}Shipment ${reference} · SHA-256 ${hash}`)
}

async function collected({ pdf }: Paper): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const part of pdf) parts.push(part)
  return new Uint8Array(Buffer.concat(parts))
}

/** Attached uncompressed, so it stands there as it is. */
function offsetOf(pdf: Uint8Array, file: Uint8Array): number {
  const offset = Buffer.from(pdf.buffer).indexOf(file)
  if (offset < 0) throw new Error('the certificate was not attached as it is')
  return offset
}
