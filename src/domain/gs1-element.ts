import {
  type CodeFailure,
  failure,
  fieldFailure,
  fieldFormat,
  type Gs1Fields,
  isFailure,
  leadingAi,
} from './gs1-field.ts'

/** What ends a value whose length is not predefined: the scanner's FNC1. */
export const SEPARATOR = '\u001d'

/**
 * GS1 element string to fields: AIs and values one after the other, values of no predefined length ended by the
 * separator. Separators at the beginning, at the end and after predefined lengths are tolerated.
 */
export function parseElementString(text: string): Gs1Fields | CodeFailure {
  const pairs: [string, string][] = []
  for (const part of text.split(SEPARATOR)) {
    for (let rest = part; rest !== ''; ) {
      const ai = leadingAi(rest)
      if (ai === null) return failure('UNKNOWN_AI', `"${rest.slice(0, 8)}" begins with no GS1 application identifier.`)
      const format = fieldFormat(ai)
      const end = format?.predefined ? ai.length + format.max : rest.length
      pairs.push([ai, rest.slice(ai.length, end)])
      rest = rest.slice(end)
    }
  }
  return fieldsOf(pairs)
}

/**
 * The form people read, `(01)…(21)…`, to fields. A parenthesis is data unless it holds a known AI; `\(` is always data.
 */
export function parseHumanReadable(text: string): Gs1Fields | CodeFailure {
  const marks = [...text.matchAll(/(?<!\\)\((\d{2,4})\)/g)].filter(
    ([, ai = ''], index) => fieldFormat(ai) !== null || index === 0,
  )
  const pairs = marks.map(([mark, ai = ''], index): [string, string] => {
    const start = (marks[index]?.index ?? 0) + mark.length
    return [
      ai,
      text
        .slice(start, marks[index + 1]?.index)
        .replaceAll('\\(', '(')
        .trim(),
    ]
  })
  if (marks[0]?.index !== 0) return failure('UNKNOWN_AI', 'It must begin with an application identifier, like (01).')
  return fieldsOf(pairs)
}

/** Pairs of AI and value to fields, each checked; the same AI twice must say the same. */
export function fieldsOf(pairs: readonly (readonly [string, string])[]): Gs1Fields | CodeFailure {
  const fields: Record<string, string> = {}
  for (const [ai, value] of pairs) {
    const wrong = fieldFailure(ai, value)
    if (wrong !== null) return wrong
    if (Object.hasOwn(fields, ai) && fields[ai] !== value) {
      return failure('CONTRADICTS', `(${ai}) is there twice with different values. Do not use the label; call QA.`)
    }
    fields[ai] = value
  }
  return fields
}

/**
 * Fields to an element string as a barcode of type GS1-128 or GS1 DataMatrix carries it after its FNC1: values of
 * predefined length first, then those that need a separator between them.
 */
export function elementString(fields: Gs1Fields): string | CodeFailure {
  const pairs = inOrder(fields)
  if (isFailure(pairs)) return pairs
  return pairs
    .map(([ai, value], index) => {
      const separated = index < pairs.length - 1 && fieldFormat(ai)?.predefined !== true
      return `${ai}${value}${separated ? SEPARATOR : ''}`
    })
    .join('')
}

/** Fields as people read them under a barcode, in the order of the element string. */
export function humanReadable(fields: Gs1Fields): string | CodeFailure {
  const pairs = inOrder(fields)
  if (isFailure(pairs)) return pairs
  return pairs.map(([ai, value]) => `(${ai})${value.replaceAll('(', '\\(')}`).join('')
}

/** The element string of a logistic unit's label: `00` and the SSCC. */
export function ssccElementString(sscc: string): string | CodeFailure {
  return elementString({ '00': sscc })
}

type Pairs = readonly (readonly [string, string])[]

function inOrder(fields: Gs1Fields): Pairs | CodeFailure {
  const checked = fieldsOf(Object.entries(fields))
  if (isFailure(checked)) return checked
  const rank = (ai: string) => (fieldFormat(ai)?.predefined ? '0' : '1') + ai
  const pairs = Object.entries(fields).sort(([a], [b]) => (rank(a) < rank(b) ? -1 : 1))
  return pairs.length === 0 ? failure('EMPTY', 'There is nothing to encode: give at least one key.') : pairs
}
