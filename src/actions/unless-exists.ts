import { DatabaseError } from 'pg'
import { type Refusal, refuse } from '../domain/refusal.ts'

/**
 * The result of a transaction, or the refusal `already_exists` where it ran against a unique constraint; `sentences`
 * maps the constraint's name to what the user reads. The database decides, so two requests at once cannot both win.
 */
export async function unlessExists<T>(
  sentences: Readonly<Record<string, string>>,
  work: Promise<T>,
): Promise<T | Refusal> {
  try {
    return await work
  } catch (error) {
    const constraint = error instanceof DatabaseError && error.code === UNIQUE_VIOLATION ? error.constraint : undefined
    const sentence = constraint === undefined ? undefined : sentences[constraint]
    if (sentence === undefined) throw error
    return refuse('already_exists', sentence)
  }
}

const UNIQUE_VIOLATION = '23505'
