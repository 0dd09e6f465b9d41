import type { Socket } from 'node:net'
import type { Random } from '../random.ts'
import { type Decision, decide, type NetworkFaults } from './faults.ts'
import { createFramer, type Frame } from './frames.ts'

/**
 * One direction of one connection: packets in, decided upon, out in order after their delay. Bounded: a source that is
 * faster than the lane is paused.
 *
 *   read ──► framed ──► decided ──► queue ──► written
 *                          │ └ overtaken: held until the next PUBLISH has passed
 *                          └ lost: nothing, and the connection breaks soon
 */
export class Lane {
  readonly #ends: LaneEnds
  readonly #queue: { bytes: Buffer; dueAt: number }[] = []
  #queuedBytes = 0
  #held: { frame: Frame; decision: Decision; timer: NodeJS.Timeout } | null = null
  #timer: NodeJS.Timeout | null = null
  #freeAt = 0
  /** Per packet identifier, what becomes of the PUBACKs to come: those of a copy are swallowed. */
  readonly #acksToCome = new Map<number, ('pass' | 'swallow')[]>()
  #state: 'open' | 'ending' | 'closed' = 'open'
  #blocked = false

  constructor(ends: LaneEnds) {
    this.#ends = ends
    const framed = createFramer()
    ends.from.on('data', (chunk: Buffer) => {
      try {
        for (const frame of framed(chunk)) this.#take(frame)
      } catch {
        ends.onBroken()
      }
    })
    ends.to.on('drain', () => this.#pump())
  }

  /** A blackhole swallows nothing and passes nothing: what came in waits, and the source fills its own buffers. */
  block(): void {
    this.#blocked = true
    this.#ends.from.pause()
  }

  /** The source has closed: what is on its way still arrives. */
  end(): void {
    if (this.#state !== 'open') return
    this.#state = 'ending'
    this.#letPass()
    this.#pump()
  }

  /** Nothing arrives any more. */
  close(): void {
    this.#state = 'closed'
    if (this.#timer !== null) clearTimeout(this.#timer)
    if (this.#held !== null) clearTimeout(this.#held.timer)
    this.#queue.length = 0
  }

  /** Whether a PUBACK of this identifier, coming against this lane, is passed on to the sender. */
  passesAck(id: number): boolean {
    const acks = this.#acksToCome.get(id)
    const [first] = acks?.splice(0, 1) ?? []
    if (acks?.length === 0) this.#acksToCome.delete(id)
    return first !== 'swallow'
  }

  #take(frame: Frame): void {
    const { stats, onConnect, ackPasses } = this.#ends
    if (frame.kind === 'connect') onConnect(frame)
    if (frame.kind === 'puback' && !ackPasses(frame.id)) {
      stats.swallowedAcks += 1
      return
    }
    if (frame.kind === 'publish' || frame.kind === 'puback') this.#carry(frame, frame.kind)
    else {
      // nothing but a PUBLISH overtakes a PUBLISH, least of all a DISCONNECT
      this.#letPass()
      this.#enqueue(frame.bytes, 0)
    }
  }

  #carry(frame: Frame, kind: 'publish' | 'puback'): void {
    const { stats, faults, random, onLoss } = this.#ends
    const decision = decide(kind, faults(), random())
    if (decision.lost) {
      stats.lost += 1
      onLoss()
    } else if (decision.overtaken && this.#held === null) {
      stats.reordered += 1
      this.#held = { frame, decision, timer: setTimeout(() => this.#letPass(), LONGEST_HOLD_MS) }
    } else {
      this.#forward(frame, decision)
      if (kind === 'publish') this.#letPass()
    }
  }

  #forward(frame: Frame, decision: Decision): void {
    const { stats } = this.#ends
    if (decision.copies === 2) stats.duplicated += 1
    if (frame.kind === 'publish') {
      const acks = this.#acksToCome.get(frame.id) ?? []
      acks.push('pass', ...(decision.copies === 2 ? ['swallow' as const] : []))
      this.#acksToCome.set(frame.id, acks)
    }
    for (let copy = 0; copy < decision.copies; copy += 1) this.#enqueue(frame.bytes, decision.delayMs)
  }

  /** Lets the packet go that was held to be overtaken. */
  #letPass(): void {
    const held = this.#held
    if (held === null || this.#state === 'closed') return
    this.#held = null
    clearTimeout(held.timer)
    this.#forward(held.frame, held.decision)
  }

  #enqueue(bytes: Buffer, delayMs: number): void {
    this.#queue.push({ bytes, dueAt: performance.now() + delayMs })
    this.#queuedBytes += bytes.length
    if (this.#queuedBytes > MAX_QUEUED_BYTES) this.#ends.from.pause()
    this.#pump()
  }

  /** Writes what is due, in order; a delay delays everything behind it. */
  #pump(): void {
    if (this.#timer !== null || this.#blocked || this.#state === 'closed') return
    const { to, from, stats, faults } = this.#ends
    for (let [head] = this.#queue; head !== undefined && !to.writableNeedDrain; [head] = this.#queue) {
      const now = performance.now()
      const waitMs = Math.max(head.dueAt, this.#freeAt) - now
      if (waitMs > 0) {
        this.#timer = setTimeout(() => {
          this.#timer = null
          this.#pump()
        }, waitMs)
        return
      }
      this.#queue.shift()
      this.#queuedBytes -= head.bytes.length
      stats.forwarded += 1
      to.write(head.bytes)
      const { bytesPerS } = faults()
      if (bytesPerS !== null) this.#freeAt = now + (head.bytes.length / bytesPerS) * 1000
    }
    if (this.#queuedBytes <= MAX_QUEUED_BYTES / 2 && from.isPaused()) from.resume()
    if (this.#state === 'ending' && this.#queue.length === 0) to.end()
  }
}

/** What a lane connects and whom it tells. */
export type LaneEnds = {
  from: Socket
  to: Socket
  stats: LaneStats
  faults: () => NetworkFaults
  random: () => Random
  onConnect: (frame: Frame) => void
  /** Asks the lane of the other direction about a PUBACK that comes here. */
  ackPasses: (id: number) => boolean
  onLoss: () => void
  onBroken: () => void
}

/** Packets counted in both directions. */
export type LaneStats = {
  forwarded: number
  lost: number
  duplicated: number
  reordered: number
  swallowedAcks: number
}

/** Where no second PUBLISH follows, the held one goes on alone. */
const LONGEST_HOLD_MS = 250
/** What a slow lane holds of each direction before it pauses the source. */
const MAX_QUEUED_BYTES = 1024 * 1024
