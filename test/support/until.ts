import { setTimeout as pause } from 'node:timers/promises'

const POLL_MS = 10
const DEADLINE_MS = 10_000

/**
 * Polls until `check` answers something other than false, null or undefined, and returns it. Fails after `deadlineMs`
 * with what was waited for, so a hanging test names its reason.
 */
export async function until<T>(
  check: () => T | Promise<T>,
  { deadlineMs = DEADLINE_MS, what }: { deadlineMs?: number; what: string },
): Promise<Exclude<T, false | null | undefined>> {
  const end = performance.now() + deadlineMs
  for (;;) {
    const answer = await check()
    if (isAnswer(answer)) return answer
    if (performance.now() > end) throw new Error(`not within ${deadlineMs} ms: ${what}`)
    await pause(POLL_MS)
  }
}

function isAnswer<T>(answer: T): answer is Exclude<T, false | null | undefined> {
  return answer !== false && answer !== null && answer !== undefined
}
