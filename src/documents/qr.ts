import { render } from 'bwip-js'

/** A closed shape of a code, as corners. */
type Shape = readonly (readonly [number, number])[]

/** A QR code as shapes to be filled by the even-odd rule, and the side of the square they lie in. */
export type QrCode = { readonly side: number; readonly shapes: readonly Shape[] }

/** The QR code of a text, level M (the default): legible where 15 % of it is not. */
export function qrCode(text: string): QrCode {
  const shapes: Shape[] = []
  let side = 0
  return render<QrCode>(
    { bcid: 'qrcode', text, scale: 1 },
    {
      scale: () => null,
      measure: () => ({ width: 0, ascent: 0, descent: 0 }),
      init: (width) => {
        side = width
      },
      line: () => {},
      polygon: (corners) => void shapes.push(corners.map(([x, y]) => [x, y] as const)),
      hexagon: () => {},
      ellipse: () => {},
      fill: () => {},
      text: () => {},
      end: () => ({ side, shapes }),
    },
  )
}
