const MAX_QUOTED_CHARS = 60

/** A foreign text inside a sentence: short, and without control characters (PostgreSQL stores no NUL in text). */
export function quoted(text: string): string {
  return JSON.stringify(text.length > MAX_QUOTED_CHARS ? `${text.slice(0, MAX_QUOTED_CHARS)}…` : text)
}
