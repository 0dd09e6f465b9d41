import { connect, type IClientOptions, type IConnackPacket, type IPublishPacket, type MqttClient } from 'mqtt'
import { withholdAcks } from '../../ingest/deferred-ack.ts'
import { type BrokerOptions, messageOf } from '../../ingest/session.ts'

/** A connection of the doctor's own: under the service's client id it would throw the service off. */
export type ProbeClient = {
  client: MqttClient
  /** What the broker granted; `properties` only in MQTT 5. */
  connack: IConnackPacket
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
  const connack = await new Promise<IConnackPacket>((resolve, reject) => {
    let problem = 'it closed the connection'
    client.once('connect', resolve)
    client.on('error', (error) => {
      problem = messageOf(error)
    })
    client.once('close', () => reject(new Error(problem)))
  })
  const close = async (session: 'removed' | 'kept' = 'removed') => {
    const properties = broker.protocolVersion === 5 && session === 'removed' ? { sessionExpiryInterval: 0 } : undefined
    await client.endAsync(false, properties === undefined ? {} : { properties })
  }
  return { client, connack, close }
}

const CONNECT_TIMEOUT_MS = 10_000

function clientOptions({ protocolVersion, username, password }: BrokerOptions, options: ProbeOptions): IClientOptions {
  const { clientId, session, sessionExpiryS: sessionExpiryInterval, receiveMaximum } = options
  return {
    protocolVersion,
    clientId,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    clean: session === 'new',
    connectTimeout: CONNECT_TIMEOUT_MS,
    reconnectPeriod: 0,
    resubscribe: false,
    ...(protocolVersion === 5 ? { properties: { sessionExpiryInterval, receiveMaximum } } : {}),
    log: () => undefined,
  }
}
