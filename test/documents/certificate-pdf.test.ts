import jsQR from 'jsqr'
import { describe, expect, test } from 'vitest'
import { CRYPTO } from '../../src/actions/stamps.ts'
import { latin } from '../../src/documents/pdf-paper.ts'
import { qrCode } from '../../src/documents/qr.ts'
import { readSealedPdf, sealedPdf } from '../../src/domain/pdf-seal.ts'
import type { Trust } from '../../src/domain/verify-certificate.ts'
import { verifyFile } from '../../src/domain/verify-file.ts'
import { WEB_CRYPTO } from '../../src/web/web-crypto.ts'
import { flipBytes } from '../flip/flips.ts'
import { certified, sha256, testKey } from '../support/certified.ts'
import { certifiedPdf } from '../support/certified-pdf.ts'

const key = testKey()
const stranger = testKey()
const file = certified({ degrees: [5, 5.5, 6, 8.2, 7, null, null, null, 5], keys: [key] })
const pdf = await certifiedPdf(file, key)
const text = new TextDecoder('latin1').decode(pdf)

const failing = async (bytes: Uint8Array, trust: Trust = { kids: [key.sealer.kid] }) => {
  const { outcome, statements } = await verifyFile(bytes, WEB_CRYPTO, trust)
  return { outcome, failing: statements.filter(({ holds }) => !holds).map(({ name }) => name) }
}

describe('the PDF of a certificate', () => {
  test('is valid by itself, and consistent where nobody said whose key to trust', async () => {
    expect(await failing(pdf)).toEqual({ outcome: 'valid', failing: [] })
    expect(await failing(pdf, null)).toEqual({ outcome: 'consistent', failing: [] })
  })

  test('has the certificate in it, byte for byte, for every reader of PDFs', () => {
    expect(readSealedPdf(pdf)?.attached).toEqual(file)
    expect(text).toContain('/EmbeddedFiles')
    expect(text).toContain('certificate-7.json')
    expect(text).toContain(`/Size ${file.length}`)
  })

  test('of the same certificate has the same bytes', async () => {
    expect(await certifiedPdf(file, key)).toEqual(pdf)
  })

  test('ends with one comment line after its end, which PDF readers pass over', () => {
    expect(text).toMatch(/%%EOF\n%unbroken-certificate@1 [\w-]{43} \d+ \d+ [\w-]{86}\n$/)
  })

  test('says on paper what it is about', () => {
    const shown = [...text.matchAll(/<([0-9a-f]+)>/g)].map(([, hex = '']) => Buffer.from(hex, 'hex').toString('latin1'))
    const all = shown.join('')
    for (const said of ['EXAMPLE LIMITS', 'Indeterminate', 'Intact', 'Not recorded', 'COI-7F3K-0001', 'H1 > 8.0']) {
      expect(all).toContain(said)
    }
  })
})

describe('a PDF that is not the one issued is refused:', () => {
  test('with a byte altered, wherever it is', { timeout: 120_000 }, async () => {
    expect(await flipBytes(pdf, CRYPTO, 97)).toMatchObject({ missed: [] })
    // the end is where the signature is: there every byte
    const head = pdf.length - 400
    const missed: number[] = []
    for (let at = head; at < pdf.length; at++) {
      const flipped = Uint8Array.from(pdf)
      flipped[at] = (flipped[at] ?? 0) ^ 1
      if ((await verifyFile(flipped, CRYPTO, null)).outcome !== 'not_valid') missed.push(at)
    }
    expect(missed).toEqual([])
  })

  test('cut, or with something added before or after', async () => {
    const added = Buffer.from('\n')
    for (const bytes of [pdf.subarray(0, -1), pdf.subarray(0, 1000), Buffer.concat([pdf, added])]) {
      expect(await failing(bytes)).toEqual({ outcome: 'not_valid', failing: ['pdf'] })
    }
    expect((await failing(Buffer.concat([added, pdf]))).outcome).toBe('not_valid')
    // an update as PDF editors append it, with the old end still in it
    const updated = Buffer.concat([pdf, Buffer.from('1 0 obj <<>> endobj\n%%EOF\n')])
    expect((await failing(updated)).failing).toEqual(['pdf'])
  })

  test('signed anew by a stranger around the true certificate', async () => {
    const read = readSealedPdf(pdf)
    if (read === null) throw new Error('the PDF is sealed')
    const { offset, length } = read.seal
    const drawn = Uint8Array.from(read.pdf)
    drawn[drawn.indexOf(0x31, offset + length)] = 0x32
    const sealer = { ...stranger.sealer, kid: key.sealer.kid }
    expect((await failing(sealedPdf(drawn, { offset, length, sealer }, sha256))).failing).toEqual(['pdf'])
    expect((await failing(sealedPdf(drawn, { offset, length, sealer: stranger.sealer }, sha256))).failing).toEqual([
      'pdf',
    ])
  })

  test('of a stranger as a whole', async () => {
    const forged = await certifiedPdf(certified({ degrees: [5, 5, 5], keys: [stranger] }), stranger)
    expect((await failing(forged)).failing).toEqual(['trust'])
  })
})

test('a text that the fonts lack characters of is written with what they have', () => {
  expect(latin('Łódź – 5 °C “α” Müller ’ 漢\u0000')).toBe('?ódz – 5 °C “?” Müller ’ ??')
})

test('the QR code leads to the certificate, and names its hash and key', () => {
  const path = '/api/v1/shipments/7/certificate'
  const address = `https://coldchain.example.org${path}#sha256=${'a'.repeat(64)}&kid=${key.sealer.kid}`
  expect(jsQR.default(...pixels(address))?.data).toBe(address)
})

/** The shapes of a code drawn black on white, four pixels to a unit, with a quiet zone. */
function pixels(of: string): [Uint8ClampedArray, number, number] {
  const { side, shapes } = qrCode(of)
  const [scale, quiet] = [2, 8]
  const width = side * scale + 2 * quiet
  const image = new Uint8ClampedArray(width * width * 4).fill(255)
  for (let y = 0; y < side * scale; y++) {
    for (let x = 0; x < side * scale; x++) {
      if (!isInside(shapes, (x + 0.5) / scale, (y + 0.5) / scale)) continue
      image.fill(0, ((y + quiet) * width + x + quiet) * 4, ((y + quiet) * width + x + quiet) * 4 + 3)
    }
  }
  return [image, width, width]
}

function isInside(shapes: ReturnType<typeof qrCode>['shapes'], x: number, y: number): boolean {
  let crossings = 0
  for (const corners of shapes) {
    for (const [index, [x1, y1]] of corners.entries()) {
      const [x2, y2] = corners[(index + 1) % corners.length] ?? [x1, y1]
      const isCrossed = y1 > y !== y2 > y && x < x1 + ((y - y1) / (y2 - y1)) * (x2 - x1)
      if (isCrossed) crossings++
    }
  }
  return crossings % 2 === 1
}
