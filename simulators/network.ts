import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { parser } from 'mqtt-packet'
import { type NetworkFaults, NO_FAULTS } from './network/faults.ts'
import type { Frame } from './network/frames.ts'
import { Lane, type LaneStats } from './network/lane.ts'
import { type Random, seededRandom, seedOf } from './random.ts'

/**
 * A network between MQTT clients and their broker that loses, delays, duplicates, reorders, throttles and partitions.
 * It listens on 127.0.0.1 and passes on to `target` (`mqtt://host:port`). What it decides depends on the seed, the
 * client's id, which of its connections it is, and the order of its packets; when that takes effect is real time.
 */
export async function startNetwork({ target, seed, faults = {} }: NetworkOptions): Promise<Network> {
  const state: State = {
    target: new URL(target),
    seed,
    faults: { ...NO_FAULTS, ...faults },
    stats: {
      connections: 0,
      cuts: 0,
      partitions: 0,
      forwarded: 0,
      lost: 0,
      duplicated: 0,
      reordered: 0,
      swallowedAcks: 0,
    },
    wires: new Set(),
    connectionsOf: new Map(),
    healing: null,
  }
  const server = createServer((client) => openWire(state, client)).listen(0, LOOPBACK)
  await once(server, 'listening')
  return {
    url: `mqtt://${LOOPBACK}:${portOf(server)}`,
    stats: () => ({ ...state.stats }),
    setFaults: (changed) => {
      state.faults = { ...state.faults, ...changed }
    },
    cut: () => cutAll(state),
    partition: (ms) => partition(state, ms),
    heal: () => state.healing?.(),
    close: () => close(state, server),
  }
}

export type NetworkOptions = { target: string; seed: number; faults?: Partial<NetworkFaults> }

export type Network = {
  url: string
  stats: () => NetworkStats
  /** From the next packet on. */
  setFaults: (changed: Partial<NetworkFaults>) => void
  /** Breaks every connection at once; new ones are taken again. */
  cut: () => void
  /** Nothing passes for `ms`, not even an end; then every connection breaks. Resolves when the network is whole. */
  partition: (ms: number) => Promise<void>
  /** Ends a partition before its time. */
  heal: () => void
  close: () => Promise<void>
}

/** `cuts` counts connections broken by the network itself. */
export type NetworkStats = LaneStats & { connections: number; cuts: number; partitions: number }

const LOOPBACK = '127.0.0.1'

type Wire = { lanes: readonly [up: Lane, down: Lane]; sockets: readonly Socket[]; cutTimer: NodeJS.Timeout | null }

type State = {
  readonly target: URL
  readonly seed: number
  faults: NetworkFaults
  readonly stats: NetworkStats
  readonly wires: Set<Wire>
  readonly connectionsOf: Map<string, number>
  /** Ends the partition that is on, else null. */
  healing: (() => void) | null
}

function openWire(state: State, client: Socket): void {
  const { target, stats } = state
  stats.connections += 1
  const broker = connect(Number(target.port), target.hostname)
  for (const socket of [client, broker]) socket.setNoDelay(true)
  let randoms: { up: Random; down: Random } = { up: unidentified, down: unidentified }
  const shared = {
    stats,
    faults: () => state.faults,
    onConnect: (frame: Frame) => {
      randoms = randomsFor(state, clientIdOf(frame))
    },
    onLoss: () => {
      wire.cutTimer ??= setTimeout(() => cutWire(state, wire), state.faults.cutAfterLossMs)
    },
    onBroken: () => cutWire(state, wire),
  }
  const up: Lane = new Lane({
    ...shared,
    ...{ from: client, to: broker, random: () => randoms.up, ackPasses: (id) => down.passesAck(id) },
  })
  const down: Lane = new Lane({
    ...shared,
    ...{ from: broker, to: client, random: () => randoms.down, ackPasses: (id) => up.passesAck(id) },
  })
  const wire: Wire = { lanes: [up, down], sockets: [client, broker], cutTimer: null }
  state.wires.add(wire)
  client.on('close', () => onEnd(state, wire, up))
  broker.on('close', () => onEnd(state, wire, down))
  // an error is followed by a close
  for (const socket of wire.sockets) socket.on('error', () => undefined)
  if (state.healing !== null) for (const lane of wire.lanes) lane.block()
}

/** No packet is decided upon before CONNECT has said whose connection it is. */
const unidentified: Random = () => 1

function randomsFor({ seed, connectionsOf }: State, clientId: string): { up: Random; down: Random } {
  const nth = (connectionsOf.get(clientId) ?? 0) + 1
  connectionsOf.set(clientId, nth)
  const random = (direction: string) => seededRandom(seedOf(seed, `${clientId} ${nth} ${direction}`))
  return { up: random('up'), down: random('down') }
}

function clientIdOf({ bytes }: Frame): string {
  let clientId = ''
  const reader = parser()
  reader.on('packet', (packet) => {
    if (packet.cmd === 'connect') clientId = packet.clientId
  })
  reader.parse(bytes)
  return clientId
}

/** During a partition the other side does not hear of it. */
function onEnd(state: State, wire: Wire, lane: Lane): void {
  if (state.healing !== null) return
  lane.end()
  if (wire.sockets.every((socket) => socket.destroyed)) forget(state, wire)
}

function forget(state: State, wire: Wire): void {
  if (wire.cutTimer !== null) clearTimeout(wire.cutTimer)
  for (const lane of wire.lanes) lane.close()
  state.wires.delete(wire)
}

function cutWire(state: State, wire: Wire): void {
  if (!state.wires.has(wire)) return
  state.stats.cuts += 1
  forget(state, wire)
  for (const socket of wire.sockets) socket.resetAndDestroy()
}

function cutAll(state: State): void {
  for (const wire of state.wires) cutWire(state, wire)
}

function partition(state: State, ms: number): Promise<void> {
  state.healing?.()
  state.stats.partitions += 1
  return new Promise((resolve) => {
    const heal = () => {
      clearTimeout(timer)
      state.healing = null
      cutAll(state)
      resolve()
    }
    const timer = setTimeout(heal, ms)
    state.healing = heal
    for (const wire of state.wires) for (const lane of wire.lanes) lane.block()
  })
}

async function close(state: State, server: Server): Promise<void> {
  state.healing?.()
  cutAll(state)
  server.close()
  await once(server, 'close')
}

function portOf(server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('not listening on TCP')
  return address.port
}
