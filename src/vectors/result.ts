/** The outcome of one published case. */
export type CaseResult = { id: string; ok: true } | { id: string; ok: false; message: string }
