import type { MessageProblem, ParsedMessage } from '../../domain/message.ts'
import { readJson } from '../read-json.ts'
import { isProblem } from '../taking.ts'
import { readChirpstack } from './chirpstack.ts'
import { readTheThingsStack } from './the-things-stack.ts'
import type { UplinkTopic } from './uplink-topic.ts'

const BY_NETWORK = { the_things_stack: readTheThingsStack, chirpstack: readChirpstack } as const

/**
 * A message of a network server to the uplink in it, not decoded yet: which sensor its device is, and how its bytes are
 * read, the register knows. Other events of a device (join, acknowledgement …) tell nothing that is kept. Never throws.
 */
export function parseUplink({ network, event }: UplinkTopic, payload: Uint8Array): ParsedMessage {
  if (event !== 'up') return empty(null)
  const body = readJson(payload)
  if (isProblem(body)) return empty(body)
  const uplink = BY_NETWORK[network](body.json)
  return isProblem(uplink) ? empty(uplink) : { ...empty(null), seq: uplink.seq, uplink }
}

function empty(problem: MessageProblem | null): ParsedMessage {
  return { sensorId: null, seq: null, readings: [], observations: [], held: [], problem }
}
