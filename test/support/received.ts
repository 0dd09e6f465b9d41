import type { ReceivedMessage } from '../../src/domain/message.ts'
import { receiveMessage } from '../../src/ingest/message.ts'

export const RECEIVED_AT = Date.UTC(2026, 2, 2, 10)

/** The body of a contract message with `count` readings; `seq` tells messages apart. */
export function nativeBody(seq: number, count = 1): string {
  const reading = { at: '2026-03-02T09:55:00Z', value: 5, unit: 'CEL' }
  return JSON.stringify({ seq, readings: Array(count).fill(reading) })
}

/** A received message as the doors offer it. */
export function received(seq: number, count = 1): ReceivedMessage {
  const envelope = { prefix: 'unbroken/v1', receivedAt: RECEIVED_AT, retained: false }
  return receiveMessage('unbroken/v1/42/readings', Buffer.from(nativeBody(seq, count)), envelope)
}

/** The sequence numbers of messages, in their order. */
export function seqsOf(messages: readonly ReceivedMessage[]): (number | null)[] {
  return messages.map((message) => message.parsed.seq)
}
