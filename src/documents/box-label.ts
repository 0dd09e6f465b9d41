import { toBuffer, toSVG } from 'bwip-js'
import { isFailure } from '../domain/gs1-field.ts'
import { digitalLink } from '../domain/gs1-link.ts'

export const LABEL_KINDS = ['sscc', 'qr'] as const
export const LABEL_FORMATS = ['svg', 'png'] as const

export type LabelWanted = {
  as: (typeof LABEL_KINDS)[number]
  /** The box's serial shipping container code, 18 digits with a right check digit. */
  sscc: string
  /** Begins the Digital Link, without a slash at the end. */
  publicUrl: string
}

/**
 * The label of a box as SVG in its printed size: a GS1-128 bar code with the SSCC (AI 00), or a QR code with its GS1
 * Digital Link, which any phone opens. Bars of the least width that GS1 allows on logistic labels, 32 mm high.
 */
export function boxLabelSvg(wanted: LabelWanted): string {
  const options = symbolOf(wanted)
  const svg = toSVG({ ...options, scale: 1 })
  const [, width, height] = /^<svg viewBox="0 0 (\d+) (\d+)"/.exec(svg) ?? []
  if (width === undefined || height === undefined) throw new Error('the bar code was drawn without its size')
  const mm = (units: string) => ((Number(units) / options.unitsPerModule) * MODULE_MM).toFixed(2)
  return svg.replace('<svg ', `<svg width="${mm(width)}mm" height="${mm(height)}mm" `)
}

/** The same as PNG, for printers of 300 dots per inch: six dots a module. */
export async function boxLabelPng(wanted: LabelWanted): Promise<Uint8Array<ArrayBuffer>> {
  const options = symbolOf(wanted)
  return new Uint8Array(await toBuffer({ ...options, scale: DOTS_PER_MODULE / options.unitsPerModule }))
}

/** The narrowest bar of a logistic label (General Specifications, symbol specification table 5: 0.495 to 0.940 mm). */
const MODULE_MM = 0.495
const DOTS_PER_MODULE = 6

/** Millimetres of 72 dots per inch, the unit the library draws bars in: 32 mm in the printed size. */
const BAR_HEIGHT = 22.8

/** Quiet zones of ten modules beside bars and of four around a QR code. */
function symbolOf({ as, sscc, publicUrl }: LabelWanted) {
  const backgroundcolor = 'FFFFFF'
  if (as === 'sscc') {
    const bars = { bcid: 'gs1-128', text: `(00)${sscc}`, includetext: true, height: BAR_HEIGHT, backgroundcolor }
    return { ...bars, paddingwidth: 10, paddingheight: 2, unitsPerModule: 1 }
  }
  const text = digitalLink({ '00': sscc }, publicUrl)
  if (isFailure(text)) throw new Error(text.detail)
  return { bcid: 'qrcode', text, eclevel: 'M', padding: 8, backgroundcolor, unitsPerModule: 2 }
}
