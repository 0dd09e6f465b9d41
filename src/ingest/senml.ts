import type { ParsedMessage } from '../domain/message.ts'
import { readJson } from './read-json.ts'
import { readPack } from './senml-pack.ts'
import { isProblem, nothingBut } from './taking.ts'

/**
 * SenML in JSON (RFC 8428 section 5) to readings; what the fields mean is in `senml-pack.ts`. Never throws. A fault of
 * the pack leaves no readings; a faulty record is named in `problem` and the others count. SenML has no sequence
 * number.
 */
export function parseSenmlJson(payload: Uint8Array, receivedAt: number): Omit<ParsedMessage, 'sensorId'> {
  const body = readJson(payload)
  return isProblem(body) ? nothingBut(body) : readPack(body.json, receivedAt)
}
