import { setTimeout as pause } from 'node:timers/promises'

const POLL_MS = 10

/** Waits until `counted` reaches `enough`, or has not grown for `quietMs`; answers it. */
export async function whenQuiet(
  counted: () => number,
  { enough, quietMs }: { enough: number; quietMs: number },
): Promise<number> {
  let seen = counted()
  let since = performance.now()
  while (seen < enough && performance.now() - since < quietMs) {
    await pause(POLL_MS)
    if (counted() === seen) continue
    seen = counted()
    since = performance.now()
  }
  return counted()
}
