import { hash, verify } from '@node-rs/argon2'
import { type Refusal, refuse } from '../domain/refusal.ts'
import { newSecret } from './secret.ts'

/**
 * Hashes a password: argon2id with 19 MiB and two passes, the library's and OWASP's choice; about 25 ms of one core.
 * Refused: `busy`.
 */
export async function hashPassword(password: string): Promise<string | Refusal> {
  return inTurn(() => hash(composed(password)))
}

/**
 * Whether the password is the hashed one. Without a hash (nobody of this name) as much work is done, so that the time
 * an answer takes does not tell who exists. Refused: `busy`.
 */
export async function isPassword(password: string, stored: string | null): Promise<boolean | Refusal> {
  return inTurn(async () => {
    if (stored !== null) return verify(stored, composed(password))
    nobodysHash ??= hash(newSecret())
    await verify(await nobodysHash, composed(password))
    return false
  })
}

let nobodysHash: Promise<string> | null = null

/** A password that nobody has yet, to be read from a screen once and typed once. */
export function newPassword(): string {
  return newSecret().slice(0, TEMPORARY_CHARS)
}

/** Twenty characters of base64url are 120 bits. */
const TEMPORARY_CHARS = 20

/** Keyboards disagree on how to write an ä; the password is the same one. */
function composed(password: string): string {
  return password.normalize('NFC')
}

/** Half of the threads that also resolve names and read files; each of these takes 19 MiB for its 25 ms. */
const MAX_RUNNING = 2
/** More than a second of work: whoever comes then is told to come again. */
const MAX_WAITING = 64

let running = 0
const waiting: (() => void)[] = []

async function inTurn<T>(work: () => Promise<T>): Promise<T | Refusal> {
  if (running >= MAX_RUNNING) {
    if (waiting.length >= MAX_WAITING) return refuse('busy', 'Too many people are signing in: try again in a moment.')
    await new Promise<void>((resolve) => waiting.push(resolve))
  } else {
    running++
  }
  try {
    return await work()
  } finally {
    const next = waiting.shift()
    if (next === undefined) running--
    else next()
  }
}
