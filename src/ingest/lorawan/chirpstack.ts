import type { MessageProblem } from '../../domain/message.ts'
import type { Uplink } from '../../domain/uplink.ts'
import { isObject } from '../taking.ts'
import { type NetworkMessage, readUplink } from './network-message.ts'

/**
 * An uplink event of ChirpStack v4 as JSON (chirpstack.io, "Event types": UplinkEvent). Zeros may be left out. The time
 * is that of reception, stated inside.
 */
export function readChirpstack(body: unknown): Uplink | MessageProblem {
  if (!isObject(body)) return notOne('the body is no object')
  const { deviceInfo, joinServerContext } = body
  if (!isObject(deviceInfo)) return notOne('deviceInfo is missing')
  if (isObject(joinServerContext)) {
    const detail = 'the payload is encrypted: let ChirpStack have the application session key'
    return { reason: 'NOT_UNDERSTOOD', detail }
  }
  const found: NetworkMessage = {
    devEui: [deviceInfo.devEui, 'deviceInfo.devEui'],
    fPort: [body.fPort, 'fPort'],
    fCnt: [body.fCnt, 'fCnt'],
    payload: [body.data, 'data'],
    decoded: body.object,
    time: [body.time, 'time'],
  }
  return readUplink(found)
}

function notOne(what: string): MessageProblem {
  return { reason: 'ENVELOPE_SHAPE', detail: `${what}: send uplink events as ChirpStack v4 publishes them in JSON` }
}
