import type { MessageProblem } from '../../domain/message.ts'
import type { Uplink } from '../../domain/uplink.ts'
import { isObject } from '../taking.ts'
import { type NetworkMessage, readUplink } from './network-message.ts'

/**
 * An uplink message of The Things Stack v3 (thethingsindustries.com, "Data Formats": JSON of its MQTT server). Fields
 * that are empty, 0 or false are left out. The time is that of reception by the Network Server, stated inside.
 */
export function readTheThingsStack(body: unknown): Uplink | MessageProblem {
  if (!isObject(body)) return notOne('the body is no object')
  const { end_device_ids: ids, uplink_message: message, simulated } = body
  if (!isObject(ids)) return notOne('end_device_ids is missing')
  if (!isObject(message)) return notOne('uplink_message is missing')
  if (simulated === true) {
    return { reason: 'SIMULATED', detail: 'the uplink is one of the network server’s simulation, no measurement' }
  }
  if (isObject(message.app_s_key)) {
    const detail = 'the payload is encrypted: let the network server decrypt it (no skip_payload_crypto)'
    return { reason: 'NOT_UNDERSTOOD', detail }
  }
  const found: NetworkMessage = {
    devEui: [ids.dev_eui, 'end_device_ids.dev_eui'],
    fPort: [message.f_port, 'uplink_message.f_port'],
    fCnt: [message.f_cnt, 'uplink_message.f_cnt'],
    payload: [message.frm_payload, 'uplink_message.frm_payload'],
    decoded: message.decoded_payload,
    time: [message.received_at, 'uplink_message.received_at'],
  }
  return readUplink(found)
}

function notOne(what: string): MessageProblem {
  return { reason: 'ENVELOPE_SHAPE', detail: `${what}: send uplink messages as The Things Stack v3 publishes them` }
}
