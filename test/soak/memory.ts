import { readFileSync } from 'node:fs'

const LOOK_EVERY_MS = 1000

/** Watches the resident memory of processes that come and go, megabytes; `stop` answers the most and the last seen. */
export function watchMemory(pids: () => readonly number[]): { stop: () => { peak: number; last: number } } {
  let [peak, last] = [0, 0]
  const timer = setInterval(() => {
    const seen = pids().map((pid) => residentMb(pid) ?? 0)
    last = Math.max(...seen)
    peak = Math.max(peak, last)
  }, LOOK_EVERY_MS)
  const stop = () => {
    clearInterval(timer)
    return { peak, last }
  }
  return { stop }
}

/** Null for a process that has just ended. */
function residentMb(pid: number): number | null {
  try {
    const kb = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return kb === undefined ? null : Math.round(Number(kb) / 1024)
  } catch {
    return null
  }
}
