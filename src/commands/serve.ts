import { type Logger, pino } from 'pino'
import type { Config } from '../config.ts'
import { startService } from './service.ts'

/**
 * `unbroken serve`: runs the service until SIGTERM or SIGINT, then drains and closes. The log goes to stdout as JSON
 * lines; a first API key is printed once to stderr, never into the log.
 */
export async function serve(config: Config, print: (line: string) => void): Promise<void> {
  const log: Logger = pino({ level: config.logLevel })
  const service = await startService(config, log)
  if (service.firstKey !== null && config.bootstrap.apiKey === null) {
    print(`First API key (administrator), shown only now: ${service.firstKey}`)
  }
  print(`Unbroken serves ${service.httpUrl} and takes readings at ${service.mqttUrl}. Ctrl-C ends it.`)
  log.info(`${await reasonToEnd()}: closing`)
  await service.close()
}

/**
 * Resolves on SIGTERM or SIGINT. A program that started this one with a channel to it (the demo) takes it along when it
 * dies, even by kill -9: nobody else would ever end it.
 */
async function reasonToEnd(): Promise<string> {
  const reason = await new Promise<string>((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, resolve)
    process.once('disconnect', () => resolve(PARENT_ENDED))
    // undefined where there never was a channel
    if (process.connected === false) resolve(PARENT_ENDED)
  })
  if (process.connected) process.disconnect()
  return reason
}

const PARENT_ENDED = 'The program that started this one has ended'
