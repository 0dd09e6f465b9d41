/**
 * Who sends next, over a whole fleet: one time and one number per sensor, in a binary heap. There are no timers, so a
 * sensor costs twelve bytes here.
 */
export class FleetSchedule {
  readonly #dueMs: Float64Array
  readonly #who: Uint32Array
  #size = 0

  constructor(capacity: number) {
    this.#dueMs = new Float64Array(capacity)
    this.#who = new Uint32Array(capacity)
  }

  /** Enters `who`, due at `dueMs`; at most one entry for each unit of the capacity. */
  push(who: number, dueMs: number): void {
    if (this.#size === this.#who.length) throw new Error(`the schedule is full (${this.#size})`)
    let at = this.#size
    this.#size += 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (this.#due(parent) <= dueMs) break
      this.#copy(parent, at)
      at = parent
    }
    this.#put(at, who, dueMs)
  }

  /** When the next one is due; Infinity when nobody is. */
  nextMs(): number {
    return this.#size === 0 ? Number.POSITIVE_INFINITY : this.#due(0)
  }

  /** Takes out the one that is due next. */
  pop(): number {
    if (this.#size === 0) throw new Error('the schedule is empty')
    const first = this.#who[0] ?? 0
    this.#size -= 1
    const [who, dueMs] = [this.#who[this.#size] ?? 0, this.#due(this.#size)]
    let at = 0
    for (let child = 1; child < this.#size; child = 2 * at + 1) {
      const least = child + 1 < this.#size && this.#due(child + 1) < this.#due(child) ? child + 1 : child
      if (this.#due(least) >= dueMs) break
      this.#copy(least, at)
      at = least
    }
    this.#put(at, who, dueMs)
    return first
  }

  #due(at: number): number {
    return this.#dueMs[at] ?? Number.POSITIVE_INFINITY
  }

  #copy(from: number, to: number): void {
    this.#put(to, this.#who[from] ?? 0, this.#due(from))
  }

  #put(at: number, who: number, dueMs: number): void {
    this.#who[at] = who
    this.#dueMs[at] = dueMs
  }
}
