import type { Curve } from './curve.ts'
import { firstOrder } from './first-order.ts'
import type { Input } from './input.ts'

/** When a lid is open (1) or closed (0), and what a probe below it sees of the room then. */
export type Lid = {
  open: Input
  roomC: number
  /** 20 minutes for a dewar's neck (5 to 60), less for a box (domain page 3.1). */
  tauMs: number
}

/** A probe below the lid: relaxes towards the room while it is open, and back to the payload afterwards. */
export function withLid(payload: Curve, { open, roomC, tauMs }: Lid): Curve {
  // the room's share in what the probe sees
  const share = firstOrder(open, { startC: 0, tauMs })
  return (sinceMs) => {
    const payloadC = payload(sinceMs)
    return payloadC + share(sinceMs) * (roomC - payloadC)
  }
}
