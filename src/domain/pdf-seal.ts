import { fromBase64url, toBase64url } from './base64url.ts'
import { canonicalJson } from './canonical.ts'
import type { Sealer } from './certificate.ts'
import { toHex } from './hex.ts'
import type { HashBytes } from './merkle.ts'
import type { Crypto, ServiceKey } from './stamp.ts'

/**
 * The seal of a PDF: one comment line after its `%%EOF`, which signs all bytes before it and says where among them the
 * attached certificate lies. So it is found without reading the PDF's structure, and every reader shows the document.
 *
 *   %PDF-1.7 … {certificate} … %%EOF
 *   %unbroken-certificate@1 KID OFFSET LENGTH SIGNATURE
 */
export type PdfSeal = {
  readonly kid: string
  /** Of the certificate in the PDF, in bytes. */
  readonly offset: number
  readonly length: number
  /** 64 bytes, base64url. */
  readonly signature: string
}

/** A PDF with its seal; `pdf` ends with `%%EOF` and a line feed. */
export function sealedPdf(
  pdf: Uint8Array,
  { offset, length, sealer }: Pick<PdfSeal, 'offset' | 'length'> & { readonly sealer: Sealer },
  sha256: HashBytes,
): Uint8Array {
  const { kid } = sealer
  const signature = toBase64url(sealer.sign(signedBytes({ kid, offset, length }, sha256(pdf))))
  const line = new TextEncoder().encode(`${MARK} ${kid} ${offset} ${length} ${signature}\n`)
  const sealed = new Uint8Array(pdf.length + line.length)
  sealed.set(pdf)
  sealed.set(line, pdf.length)
  return sealed
}

/** Whether a file says that it is a PDF. */
export function isPdf(file: Uint8Array): boolean {
  return startsWith(file, '%PDF-')
}

/** A sealed PDF in its parts; null where it does not end as one. */
export function readSealedPdf(file: Uint8Array): { pdf: Uint8Array; attached: Uint8Array; seal: PdfSeal } | null {
  const lineAt = file.lastIndexOf(LINE_FEED, file.length - 2) + 1
  const found = LINE.exec(new TextDecoder('latin1').decode(file.subarray(lineAt)))
  const [, kid = '', offsetText, lengthText, signature = ''] = found ?? []
  const pdf = file.subarray(0, lineAt)
  const [offset, length] = [Number(offsetText), Number(lengthText)]
  if (found === null || !startsWith(pdf.subarray(-END.length), END) || offset + length > pdf.length) return null
  return { pdf, attached: pdf.subarray(offset, offset + length), seal: { kid, offset, length, signature } }
}

/** Whether a key signed the bytes of a PDF and where its certificate lies. */
export async function isSealedBy(
  { pdf, seal }: { readonly pdf: Uint8Array; readonly seal: PdfSeal },
  { x }: Pick<ServiceKey, 'x'>,
  { sha256, verify }: Crypto,
): Promise<boolean> {
  const [publicKey, signature] = [fromBase64url(x), fromBase64url(seal.signature)]
  if (publicKey?.length !== 32 || signature?.length !== 64) return false
  return verify({ publicKey, message: signedBytes(seal, sha256(pdf)), signature })
}

const MARK = '%unbroken-certificate@1'
const LINE = /^%unbroken-certificate@1 ([\w-]{43}) ([1-9]\d{0,14}) ([1-9]\d{0,14}) ([\w-]{86})\n$/
const END = '%%EOF\n'
const LINE_FEED = 0x0a

function signedBytes({ kid, offset, length }: Omit<PdfSeal, 'signature'>, pdfSha256: Uint8Array): Uint8Array {
  const said = { purpose: 'unbroken certificate PDF', sha256: toHex(pdfSha256), kid, offset, length }
  return new TextEncoder().encode(canonicalJson(said))
}

function startsWith(bytes: Uint8Array, text: string): boolean {
  return new TextDecoder('latin1').decode(bytes.subarray(0, text.length)) === text
}
