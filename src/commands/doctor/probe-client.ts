import { setTimeout as pause } from 'node:timers/promises'
import {
  connect,
  type IClientOptions,
  type IConnackPacket,
  type IPublishPacket,
  type MqttClient,
  ReasonCodes,
} from 'mqtt'
import { withholdAcks } from '../../ingest/deferred-ack.ts'
import { type BrokerOptions, messageOf } from '../../ingest/session.ts'

/** A connection of the doctor's own: under the service's client id it would throw the service off. */
export type ProbeClient = {
  client: MqttClient
  /** What the broker granted; `properties` only in MQTT 5. */
  connack: IConnackPacket
  /** The same work, which fails as well when the broker ends the connection, its way to refuse in MQTT 3.1.1. */
  during: <T>(work: Promise<T>) => Promise<T>
  /** Says goodbye and leaves no session behind, except where it is to be kept. */
  close: (session?: 'removed' | 'kept') => Promise<void>
}

export type ProbeOptions = {
  clientId: string
  session: 'new' | 'lasting'
  sessionExpiryS: number
  receiveMaximum: number
  /** Whether messages are acked; what is not stays in flight. */
  acks: 'given' | 'withheld'
  onMessage?: (packet: IPublishPacket) => void
}

/** Connects with the service's credentials; rejects with the reason where the broker does not let it in. */
export async function openProbe(broker: BrokerOptions, options: ProbeOptions): Promise<ProbeClient> {
  const client = connect(broker.url, clientOptions(broker, options))
  const { onMessage = () => undefined } = options
  // before the connection stands: a kept session sends at once
  if (options.acks === 'withheld') withholdAcks(client, onMessage)
  else client.on('message', (_topic, _payload, packet) => onMessage(packet))
  const ended = endOf(client)
  const during = <T>(work: Promise<T>) => Promise.race([work, ended, silence()])
  const connack = await during(new Promise<IConnackPacket>((resolve) => client.once('connect', resolve)))
  const close = async (session: 'removed' | 'kept' = 'removed') => {
    const properties = broker.protocolVersion === 5 && session === 'removed' ? { sessionExpiryInterval: 0 } : undefined
    const goodbye = client.endAsync(!client.connected, properties === undefined ? {} : { properties })
    // MQTT.js waits for the acks of what was refused, also where the broker has ended the connection
    await Promise.race([goodbye, ended.catch(() => undefined)])
    client.stream.destroy()
  }
  return { client, connack, during, close }
}

const REASONS: Record<number, string | undefined> = ReasonCodes

/** Rejects with the reason when the connection ends. */
function endOf(client: MqttClient): Promise<never> {
  let problem = 'it closed the connection'
  client.on('error', (error) => {
    problem = messageOf(error)
  })
  client.on('disconnect', ({ reasonCode, properties }) => {
    problem = `it closed the connection: ${properties?.reasonString ?? REASONS[reasonCode ?? 0] ?? reasonCode}`
  })
  const ended = new Promise<never>((_resolve, reject) => client.once('close', () => reject(new Error(problem))))
  // an end that nobody waits for is none to tell of
  ended.catch(() => undefined)
  return ended
}

const ANSWER_WITHIN_MS = 10_000

async function silence(): Promise<never> {
  await pause(ANSWER_WITHIN_MS, undefined, { ref: false })
  throw new Error(`no answer within ${ANSWER_WITHIN_MS / 1000} s`)
}

function clientOptions({ protocolVersion, username, password }: BrokerOptions, options: ProbeOptions): IClientOptions {
  const { clientId, session, sessionExpiryS: sessionExpiryInterval, receiveMaximum } = options
  return {
    protocolVersion,
    clientId,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    clean: session === 'new',
    connectTimeout: ANSWER_WITHIN_MS,
    reconnectPeriod: 0,
    resubscribe: false,
    ...(protocolVersion === 5 ? { properties: { sessionExpiryInterval, receiveMaximum } } : {}),
    log: () => undefined,
  }
}
