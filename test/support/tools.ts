import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Every random choice of the tests comes from this seed, so that a failure on one machine fails on every machine. */
export const TEST_SEED = Number(process.env.UNBROKEN_TEST_SEED ?? 20_260_302)

/** Debian installs the broker where only root's PATH looks. */
const SYSTEM_FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/opt/homebrew/sbin']

/** The command that enables the tests that need a broker. */
export const INSTALL_BROKER = 'apt-get install mosquitto'

/** Full path of `mosquitto`, on the PATH or where the system keeps daemons; null when it is not installed. */
export function findMosquitto(): string | null {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...SYSTEM_FOLDERS]
  return folders.map((folder) => join(folder, 'mosquitto')).find((path) => existsSync(path)) ?? null
}

/** Whether the tests have a real broker: the one that MQTT_URL names, else one they can start. */
export function hasBroker(): boolean {
  return Boolean(process.env.MQTT_URL) || findMosquitto() !== null
}

/** Why the tests that need a broker are skipped, with the command that enables them. */
export const NO_BROKER = `mosquitto is not installed: ${INSTALL_BROKER}`
