import { pino } from 'pino'
import type { Config } from '../config.ts'
import { openDatabase } from './database.ts'

/** `unbroken migrate`: brings the configured database up to this program, sets the serving role's rights, and ends. */
export async function migrateDatabase(config: Config, print: (line: string) => void): Promise<void> {
  const backend = await openDatabase(config, pino({ level: config.logLevel }, pino.destination(2)))
  await backend.close()
  print('The database is up to date.')
}
