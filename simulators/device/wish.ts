import { z } from 'zod'
import type { SeqRange } from './firmware.ts'

/** What a downlink asks for: messages to send again by sequence number, both ends included. */
export type Wish = { resend: readonly SeqRange[]; attempt: number }

/** A wish longer than this is not a wish a small device can hold. */
const MAX_RANGES = 100

const sequence = z.int().nonnegative()
const desiredState = z.object({
  resend: z
    .array(z.tuple([sequence, sequence]))
    .max(MAX_RANGES)
    .default([]),
  attempt: sequence.default(1),
})

/** The wish of a downlink; an emptied downlink wishes nothing. Null where it is not understood. */
export function readWish(payload: Uint8Array): Wish | null {
  if (payload.length === 0) return { resend: [], attempt: 0 }
  try {
    const read = desiredState.safeParse(JSON.parse(Buffer.from(payload).toString()))
    return read.success ? read.data : null
  } catch {
    // no JSON: a device without a screen has nobody to tell
    return null
  }
}
