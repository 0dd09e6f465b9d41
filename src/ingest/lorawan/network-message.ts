import type { MessageProblem, RejectReason } from '../../domain/message.ts'
import { parseInstant } from '../../domain/units.ts'
import type { Uplink } from '../../domain/uplink.ts'
import { base64Bytes } from './base64.ts'

/** The fields network servers agree on, each with the name its server gives it. */
export type NetworkMessage = {
  devEui: Named
  fPort: Named
  fCnt: Named
  /** base64 */
  payload: Named
  decoded: unknown
  time: Named
}

type Named = readonly [value: unknown, name: string]

/** The largest frame port, and the largest frame counter (32 bits). */
const MAX_PORT = 255
const MAX_COUNTER = 0xffff_ffff

/** Checks the fields and makes an uplink of them. Never throws. */
export function readUplink(message: NetworkMessage): Uplink | MessageProblem {
  const { payload, decoded = null, time } = message
  const devEui = typeof message.devEui[0] === 'string' ? message.devEui[0].toLowerCase() : ''
  if (!/^[0-9a-f]{16}$/.test(devEui)) return fault('ENVELOPE_SHAPE', message.devEui, 'no 16 hexadecimal digits')
  const fPort = wholeUpTo(MAX_PORT, message.fPort)
  const seq = wholeUpTo(MAX_COUNTER, message.fCnt)
  if (fPort === null) return fault('ENVELOPE_SHAPE', message.fPort, 'no frame port')
  if (seq === null) return fault('ENVELOPE_SHAPE', message.fCnt, 'no frame counter')
  const bytes = bytesOf(payload[0])
  if (bytes === null) return fault('ENVELOPE_SHAPE', payload, 'no base64')
  if (typeof time[0] !== 'string') return fault('TIME_MISSING', time, 'missing: when was it received?')
  const instant = parseInstant(time[0])
  if (typeof instant === 'string') return fault(instant, time, 'no ISO 8601 time with offset')
  return { devEui, fPort, bytes, decoded, at: instant.at, seq }
}

/** Both servers leave zeros out. */
function wholeUpTo(most: number, [given]: Named): number | null {
  const value = given ?? 0
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most ? value : null
}

function bytesOf(payload: unknown): Uint8Array | null {
  if (payload === undefined || payload === null) return new Uint8Array()
  return typeof payload === 'string' ? base64Bytes(payload) : null
}

function fault(reason: RejectReason, [, name]: Named, what: string): MessageProblem {
  return { reason, detail: `${name} is ${what}` }
}
