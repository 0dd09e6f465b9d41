import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { type Packet, parser } from 'mqtt-packet'
import { addressOf } from './mosquitto.ts'

/** A wire between a client and a broker that a test can read and cut. */
export type Tap = {
  url: string
  /** What crossed each connection, in order; the newest connection is last. */
  connections: TappedConnection[]
  /** Breaks every connection at once, as a pulled cable would; new ones are taken again. */
  cut: () => void
  close: () => Promise<void>
}

export type TappedConnection = { fromClient: Packet[]; fromBroker: Packet[]; closed: boolean }

/** Listens on a port of its own, or on one where an earlier tap was, and passes everything on to the broker. */
export async function openTap(brokerUrl: string, protocolVersion: 4 | 5, port = 0): Promise<Tap> {
  const broker = new URL(brokerUrl)
  const connections: TappedConnection[] = []
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(Number(broker.port), broker.hostname)
    const tapped: TappedConnection = { fromClient: [], fromBroker: [], closed: false }
    connections.push(tapped)
    join(client, upstream, readInto(tapped.fromClient, protocolVersion))
    join(upstream, client, readInto(tapped.fromBroker, protocolVersion))
    client.on('close', () => {
      tapped.closed = true
    })
    for (const socket of [client, upstream]) sockets.add(socket.on('close', () => sockets.delete(socket)))
  }).listen(port, '127.0.0.1')
  await once(server, 'listening')
  const cut = () => {
    for (const socket of sockets) socket.resetAndDestroy()
  }
  const close = async () => {
    cut()
    if (!server.listening) return
    server.close()
    await once(server, 'close')
  }
  return { url: `mqtt://127.0.0.1:${addressOf(server.address()).port}`, connections, cut, close }
}

function join(from: Socket, to: Socket, read: (chunk: Buffer) => void): void {
  from.on('data', read)
  from.pipe(to)
  from.on('error', () => to.destroy())
  // a clean end lets what was passed on reach the other side
  from.on('close', (broken) => (broken ? to.destroy() : to.end()))
}

function readInto(packets: Packet[], protocolVersion: 4 | 5): (chunk: Buffer) => void {
  const reader = parser({ protocolVersion })
  reader.on('packet', (packet) => packets.push(packet))
  return (chunk) => void reader.parse(chunk)
}

/** The identifiers of the packets of one kind, in order. */
export function idsOf(packets: readonly Packet[], cmd: Packet['cmd']): (number | undefined)[] {
  return packets.filter((packet) => packet.cmd === cmd).map((packet) => packet.messageId)
}
