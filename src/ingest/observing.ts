import type { ParsedObservation } from '../domain/message.ts'
import { type ObservationUnit, type Quantity, quantityOf, sharedBy, toScaled } from '../domain/quantity.ts'

/**
 * A value as a device said it: `text` null is a fault of its own; `channel` null where it named none; `unitText` its
 * own word for the unit, where that is not the Rec 20 code.
 */
export type Said = {
  text: string | null
  unit: ObservationUnit
  unitText?: string
  channel: string | null
  time: { at: number; exact: boolean; text: string }
}

/** A value that several quantities share the unit of, and what would make it clear. */
export type Unclear = { unclear: string }

/** Tells an unclear value from an observation. */
export function isUnclear(value: ParsedObservation | Unclear): value is Unclear {
  return 'unclear' in value
}

/** What was observed, told by unit and channel; without a channel it is named after the quantity. */
export function observe(said: Said): ParsedObservation | Unclear {
  const quantity = quantityOf(said.unit, said.channel)
  if (quantity !== null) return observed(said, quantity)
  const names = sharedBy(said.unit)
  return { unclear: `.unit "${said.unit}" measures several things: name the channel ${names}, or so with _ and more` }
}

/** The same where the format itself tells the quantity. */
export function observed({ text, unit, unitText, channel, time }: Said, quantity: Quantity): ParsedObservation {
  const scaled = text === null ? null : toScaled(text, unit, quantity)
  const exact = time.exact && (scaled === null ? text === null : scaled.exact)
  return {
    at: time.at,
    channel: channel ?? quantity,
    quantity,
    value: scaled?.value ?? null,
    raw: exact ? null : `${text} ${unitText ?? unit} ${time.text}`,
  }
}
