import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { generate, type Packet, parser } from 'mqtt-packet'
import { addressOf } from './mosquitto.ts'

/** The broker's end of one connection, in a test's hand. */
export type ScriptedConnection = {
  received: Packet[]
  /** Sends the packets as one segment. */
  send: (...packets: Packet[]) => void
  destroy: () => void
}

export type ScriptedBroker = { url: string; connections: ScriptedConnection[]; close: () => Promise<void> }

/**
 * Speaks as much MQTT as a client needs to feel at home and otherwise does what the test says. `greeting` is sent in
 * the same segment as the CONNACK of the nth connection, counted from 0; `properties` are those of an MQTT 5 CONNACK.
 */
export async function openScriptedBroker(
  protocolVersion: 4 | 5,
  greeting: (connection: number) => Packet[] = () => [],
  properties: { receiveMaximum?: number } = {},
): Promise<ScriptedBroker> {
  const connections: ScriptedConnection[] = []
  const server = createServer((socket) => {
    const hello = [connack(protocolVersion, properties), ...greeting(connections.length)]
    const connection = speak(socket, protocolVersion, hello)
    connections.push(connection)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const close = async () => {
    for (const connection of connections) connection.destroy()
    server.close()
    await once(server, 'close')
  }
  return { url: `mqtt://127.0.0.1:${addressOf(server.address()).port}`, connections, close }
}

function speak(socket: Socket, protocolVersion: 4 | 5, hello: Packet[]): ScriptedConnection {
  const received: Packet[] = []
  const send = (...packets: Packet[]) =>
    void socket.write(Buffer.concat(packets.map((packet) => generate(packet, { protocolVersion }))))
  const reader = parser({ protocolVersion })
  reader.on('packet', (packet) => {
    received.push(packet)
    if (packet.cmd === 'connect') send(...hello)
    if (packet.cmd === 'pingreq') send({ cmd: 'pingresp' })
    if (packet.cmd === 'subscribe') send({ cmd: 'suback', messageId: packet.messageId ?? 0, granted: [1] })
  })
  socket.on('data', (chunk) => void reader.parse(chunk))
  socket.on('error', () => undefined)
  return { received, send, destroy: () => socket.destroy() }
}

function connack(protocolVersion: 4 | 5, properties: { receiveMaximum?: number }): Packet {
  const answer = protocolVersion === 5 ? { reasonCode: 0, properties } : { returnCode: 0 }
  return { cmd: 'connack', sessionPresent: false, ...answer }
}
