import PDFDocument from 'pdfkit'

/** A document that is written from top to bottom; `y` is where the next thing goes. */
export type Paper = { readonly pdf: PDFKit.PDFDocument; y: number }

/** A4 in points, and what is kept free around. */
export const WIDTH = 595.28
export const HEIGHT = 841.89
export const MARGIN = 42
export const INNER = WIDTH - 2 * MARGIN
const FOOT = 44

export const INK = '#17212b'
export const MUTED = '#5d6b79'
export const RULE = '#d3dae1'
export const PALE = '#f4f6f8'

/** What a verdict looks like; said in words beside it, since nobody must tell it by colour alone. */
export const TONES = {
  good: { dark: '#156a41', pale: '#e8f4ed' },
  mild: { dark: '#8a5a00', pale: '#fdf3dc' },
  unsure: { dark: '#4b4a7d', pale: '#eeeef7' },
  bad: { dark: '#a61b1b', pale: '#fbe9e7' },
  none: { dark: '#5d6b79', pale: '#f4f6f8' },
} as const
export type Tone = keyof typeof TONES

export type About = { readonly title: string; readonly subject: string; readonly at: Date }

/**
 * An empty document: standard fonts, nothing compressed and every date given, so that the same facts are the same bytes
 * on every machine, and anyone reads them with any tool.
 */
export function newPaper({ title, subject, at }: About): Paper {
  const made = { Producer: 'Unbroken', Creator: 'Unbroken', CreationDate: at, ModDate: at }
  const pdf = new PDFDocument({
    size: 'A4',
    margin: 0,
    compress: false,
    bufferPages: true,
    pdfVersion: '1.7',
    lang: 'en',
    displayTitle: true,
    info: { Title: latin(title), Subject: latin(subject), ...made },
  })
  return { pdf, y: MARGIN }
}

/** Begins a new page where less than this is left. */
export function ensure(paper: Paper, height: number): void {
  if (paper.y + height <= HEIGHT - FOOT) return
  newPage(paper)
}

/** Goes on at the top of a new page. */
export function newPage(paper: Paper): void {
  paper.pdf.addPage()
  paper.y = MARGIN
}

export type Style = {
  size?: number
  bold?: boolean
  mono?: boolean
  color?: string
  width?: number
  align?: 'left' | 'right' | 'center'
}

/** Writes at a place; answers how high it became. */
export function write({ pdf }: Paper, at: { x: number; y: number; text: string }, style: Style = {}): number {
  const { size = 9, bold = false, mono = false, color = INK, width = WIDTH - MARGIN - at.x, align = 'left' } = style
  pdf.font(mono ? 'Courier' : bold ? 'Helvetica-Bold' : 'Helvetica').fontSize(size)
  const text = latin(at.text)
  const options = { width, align, lineGap: size * 0.18 }
  const height = pdf.heightOfString(text, options)
  pdf.fillColor(color).text(text, at.x, at.y, options)
  return height
}

/** How high a text becomes, without writing it. */
export function heightOf({ pdf }: Paper, text: string, { size = 9, bold = false, mono = false, width = INNER }: Style) {
  pdf.font(mono ? 'Courier' : bold ? 'Helvetica-Bold' : 'Helvetica').fontSize(size)
  return pdf.heightOfString(latin(text), { width, lineGap: size * 0.18 })
}

/** A heading with a rule under it, kept with what follows. */
export function heading(paper: Paper, text: string): void {
  ensure(paper, 80)
  paper.y += 6
  write(paper, { x: MARGIN, y: paper.y, text }, { size: 11.5, bold: true })
  paper.y += 16
  paper.pdf
    .moveTo(MARGIN, paper.y)
    .lineTo(WIDTH - MARGIN, paper.y)
    .lineWidth(0.7)
    .strokeColor(RULE)
    .stroke()
  paper.y += 7
}

/** A paragraph over the whole width. */
export function paragraph(paper: Paper, text: string, style: Style = {}): void {
  const { width: _width, ...rest } = style
  ensure(paper, heightOf(paper, text, { ...rest, width: INNER }))
  paper.y += write(paper, { x: MARGIN, y: paper.y, text }, { ...rest, width: INNER }) + 4
}

/** A column: its title and its share of the width. */
export type Column = {
  readonly title: string
  readonly share: number
  readonly mono?: boolean
  readonly right?: boolean
}

const CELL = 8.2

/** A table whose head is repeated on every page; cells wrap, rows stay whole. */
export function table(paper: Paper, columns: readonly Column[], rows: readonly (readonly string[])[]): void {
  const shares = columns.reduce((sum, { share }) => sum + share, 0)
  const placed = columns.map((column, index) => {
    const before = columns.slice(0, index).reduce((sum, { share }) => sum + share, 0)
    return { ...column, x: MARGIN + (before / shares) * INNER, width: (column.share / shares) * INNER - 8 }
  })
  const head = () => {
    for (const { title, x, width, right } of placed) {
      write(paper, { x, y: paper.y, text: title }, { size: 7.2, color: MUTED, width, align: right ? 'right' : 'left' })
    }
    paper.y += 12
  }
  ensure(paper, 40)
  head()
  for (const row of rows) {
    const cells = placed.map((column, index) => ({ ...column, text: row[index] ?? '' }))
    const heights = cells.map(({ text, width, mono }) =>
      heightOf(paper, text, { size: sizeOf(mono), mono: mono === true, width }),
    )
    const height = Math.max(...heights)
    if (paper.y + height + 6 > HEIGHT - FOOT) {
      newPage(paper)
      head()
    }
    paper.pdf
      .moveTo(MARGIN, paper.y - 2)
      .lineTo(WIDTH - MARGIN, paper.y - 2)
      .lineWidth(0.4)
      .strokeColor(RULE)
      .stroke()
    for (const { x, width, mono, right, text } of cells) {
      const style = { size: sizeOf(mono), mono: mono === true, width, align: right ? 'right' : 'left' } as const
      write(paper, { x, y: paper.y + 1, text }, style)
    }
    paper.y += height + 5
  }
  paper.y += 4
}

function sizeOf(mono: boolean | undefined): number {
  return mono ? 6.3 : CELL
}

/** Names and values in columns side by side. */
export function pairs(paper: Paper, list: readonly (readonly [string, string])[], columns = 2): void {
  const width = INNER / columns
  for (let index = 0; index < list.length; index += columns) {
    const row = list.slice(index, index + columns)
    const heights = row.map(([, text]) => heightOf(paper, text, { size: 9.2, width: width - LABEL - 10 }))
    const height = Math.max(...heights)
    ensure(paper, height + 4)
    for (const [column, [label, text]] of row.entries()) {
      const x = MARGIN + column * width
      write(paper, { x, y: paper.y + 1, text: label }, { size: 7.6, color: MUTED, width: LABEL - 6 })
      write(paper, { x: x + LABEL, y: paper.y, text }, { size: 9.2, width: width - LABEL - 10 })
    }
    paper.y += height + 3.5
  }
  paper.y += 3
}

const LABEL = 78

/** The foot of every page, once all are written. */
export function foot(paper: Paper, left: string): void {
  const { pdf } = paper
  const { start, count } = pdf.bufferedPageRange()
  for (let page = start; page < start + count; page++) {
    pdf.switchToPage(page)
    const y = HEIGHT - FOOT + 14
    pdf
      .moveTo(MARGIN, y - 6)
      .lineTo(WIDTH - MARGIN, y - 6)
      .lineWidth(0.4)
      .strokeColor(RULE)
      .stroke()
    write(paper, { x: MARGIN, y, text: left }, { size: 6.4, color: MUTED, width: INNER - 60 })
    const number = `page ${page - start + 1} of ${count}`
    write(paper, { x: WIDTH - MARGIN - 70, y, text: number }, { size: 6.8, color: MUTED, width: 70, align: 'right' })
  }
}

/** Characters of Windows-1252 beyond Latin-1: with Latin-1 all that a standard font has. */
const BEYOND_LATIN1 = '€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ'

/**
 * A text in characters that the standard fonts have: letters lose marks that they lack, any other becomes `?`. The
 * attached JSON has it exactly.
 */
export function latin(text: string): string {
  return [...text.normalize('NFC')].map(inFont).join('')
}

function inFont(character: string): string {
  if (isInFont(character)) return character
  const [plain = '?'] = character.normalize('NFD')
  return isInFont(plain) ? plain : '?'
}

function isInFont(character: string): boolean {
  const code = character.codePointAt(0) ?? 0
  const isLatin1 = (code >= 0x20 && code < 0x7f) || (code >= 0xa0 && code <= 0xff) || character === '\n'
  return isLatin1 || BEYOND_LATIN1.includes(character)
}
