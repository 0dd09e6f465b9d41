import type { SeqRange } from '../domain/sequence.ts'

/** What a sensor is asked for: messages to send again, by sequence number; `attempt` counts from 1. */
export type DesiredState = { resend: readonly SeqRange[]; attempt: number }

/**
 * The downlink of a sensor, `{prefix}/{sensorId}/config`, to be retained: `{"resend":[[from,to],…],"attempt":1}`, both
 * ends included. A higher attempt is a new wish for the same. Nothing to ask for empties it.
 */
export function downlink(prefix: string, sensorId: number, desired: DesiredState): { topic: string; payload: string } {
  return {
    topic: `${prefix}/${sensorId}/config`,
    payload: desired.resend.length === 0 ? '' : JSON.stringify(desired),
  }
}
