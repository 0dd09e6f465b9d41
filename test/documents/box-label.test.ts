import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { boxLabelPng, boxLabelSvg } from '../../src/documents/box-label.ts'
import { gs1CheckDigit } from '../../src/domain/gs1.ts'
import { isFailure } from '../../src/domain/gs1-field.ts'
import { parseScan } from '../../src/domain/gs1-scan.ts'
import { barWidths, decodePng, readGs1128, readQr } from '../support/barcode.ts'

const SSCC = '195213210000000428'
const publicUrl = 'https://cold.example.org/unbroken'
const NOW = Date.UTC(2026, 2, 2)

function ssccOf(scanned: string | null): string | null {
  const read = parseScan(scanned ?? '', NOW)
  return isFailure(read) ? read.problem : read.keys.sscc
}

async function scannedBars(sscc: string): Promise<string> {
  const picture = decodePng(await boxLabelPng({ as: 'sscc', sscc, publicUrl }))
  return readGs1128(barWidths(picture, Math.floor(picture.height / 3)))
}

async function scannedQr(sscc: string): Promise<string | null> {
  return readQr(decodePng(await boxLabelPng({ as: 'qr', sscc, publicUrl })))
}

describe('a scanner reads off the printed label', () => {
  test('GS1-128 with FNC1, AI 00 and the SSCC', async () => expect(await scannedBars(SSCC)).toBe(`]C100${SSCC}`))

  test('a QR code with the Digital Link under the public address', async () =>
    expect(await scannedQr(SSCC)).toBe(`${publicUrl}/00/${SSCC}`))

  test('the SSCC that was printed, whichever it was', async () => {
    const sscc = fc.stringMatching(/^\d{17}$/).map((digits) => `${digits}${gs1CheckDigit(digits)}`)
    await fc.assert(
      fc.asyncProperty(sscc, async (printed) => {
        expect([ssccOf(await scannedBars(printed)), ssccOf(await scannedQr(printed))]).toEqual([printed, printed])
      }),
      { numRuns: 4 },
    )
  })
})

describe('the SVG', () => {
  /** Bars stand in it as vertical strokes: where they are, and how wide. */
  function strokesOf(svg: string): { from: number; width: number }[] {
    const paths = [...svg.matchAll(/<path stroke="#000000" stroke-width="(\d+)" d="([^"]+)"/g)]
    const strokes = paths.flatMap(([, width = '', d = '']) =>
      [...d.matchAll(/M([\d.]+) /g)].map(([, x]) => ({ from: Number(x) - Number(width) / 2, width: Number(width) })),
    )
    return strokes.sort((one, other) => one.from - other.from)
  }

  test('has the same bars, and is printed in the size that GS1 asks for', () => {
    const svg = boxLabelSvg({ as: 'sscc', sscc: SSCC, publicUrl })
    const strokes = strokesOf(svg)
    const widths = strokes.flatMap(({ from, width }, index) => {
      const next = strokes[index + 1]
      return next === undefined ? [width] : [width, next.from - from - width]
    })
    expect(readGs1128(widths)).toBe(`]C100${SSCC}`)
    const [, mm, units] = /width="([\d.]+)mm" height="[\d.]+mm" viewBox="0 0 (\d+) /.exec(svg) ?? []
    expect(Number(mm) / Number(units)).toBeCloseTo(0.495, 3)
    const quiet = (strokes[0]?.from ?? 0) * 0.495
    expect(quiet).toBeGreaterThanOrEqual(4.95)
    const [, bottom, top] = / d="M[\d.]+ ([\d.]+)L[\d.]+ ([\d.]+)/.exec(svg) ?? []
    expect((Number(bottom) - Number(top)) * 0.495).toBeGreaterThanOrEqual(32)
  })

  test('has the digits below the bars, and no script or address in it', () => {
    const svg = boxLabelSvg({ as: 'sscc', sscc: SSCC, publicUrl })
    expect(svg.match(/<path d=/g)?.length).toBeGreaterThanOrEqual(1)
    for (const drawn of [svg, boxLabelSvg({ as: 'qr', sscc: SSCC, publicUrl })]) {
      expect(drawn.replace('http://www.w3.org/2000/svg', '')).not.toMatch(/<script|href|http/)
    }
  })
})

test('a wrong check digit is never printed', async () => {
  const wrong = { as: 'sscc', sscc: '195213210000000427', publicUrl } as const
  expect(() => boxLabelSvg(wrong)).toThrow(/checksum/i)
  expect(() => boxLabelSvg({ ...wrong, as: 'qr' })).toThrow(/check digit/)
})
