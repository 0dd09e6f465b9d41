import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { connectAsync } from 'mqtt'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { brokerProfile, freePort } from '../support/mosquitto.ts'
import { findMosquitto } from '../support/tools.ts'
import { until } from '../support/until.ts'

const home = mkdtempSync(join(tmpdir(), 'unbroken-acl-'))
let url: string
let stop: () => Promise<void>

beforeAll(async () => {
  const port = await freePort()
  const passwords = join(home, 'passwords')
  writeFileSync(passwords, '')
  for (const user of ['7', '8', 'unbroken']) execFileSync('mosquitto_passwd', ['-b', passwords, user, `secret-${user}`])
  const acl = join(home, 'acl')
  writeFileSync(acl, readFileSync(join(import.meta.dirname, '../../infra/mosquitto/acl')))
  const access = [`password_file ${passwords}`, `acl_file ${acl}`, `user ${userInfo().username}`, 'log_dest none']
  const config = join(home, 'mosquitto.conf')
  writeFileSync(config, [`listener ${port} 127.0.0.1`, 'allow_anonymous false', ...access, brokerProfile()].join('\n'))
  const child = spawn(findMosquitto() ?? '', ['-c', config], { stdio: 'ignore' })
  url = `mqtt://127.0.0.1:${port}`
  stop = async () => {
    child.kill()
    await once(child, 'exit')
  }
  await until(async () => (await signIn('unbroken').catch(() => null))?.endAsync().then(() => true) ?? false, {
    what: 'mosquitto to listen',
  })
})
afterAll(async () => {
  await stop()
  rmSync(home, { recursive: true, force: true })
})

test("the broker lets a sensor publish its own readings and nobody else's, and the service read them all", async () => {
  const service = await signIn('unbroken')
  const heard: string[] = []
  service.on('message', (topic) => void heard.push(topic))
  await service.subscribeAsync('$share/unbroken/unbroken/v1/+/readings/#', { qos: 1 })
  // the broker ends the connection that overstepped
  const intruder = await signIn('7')
  const refused = intruder.publishAsync('unbroken/v1/8/readings', 'not mine', { qos: 1 })
  await expect(refused).rejects.toThrow(/[Nn]ot authorized/)
  const sensor = await signIn('7')
  await sensor.publishAsync('unbroken/v1/7/readings', 'mine', { qos: 1 })
  await sensor.publishAsync('unbroken/v1/7/readings/senml', 'mine', { qos: 1 })
  await until(() => heard.length >= 2, { what: "the sensor's two messages" })
  expect(heard).toEqual(['unbroken/v1/7/readings', 'unbroken/v1/7/readings/senml'])
  await sensor.endAsync()
  await service.endAsync()
})

test('a sensor without the right password is not let in', async () => {
  await expect(signIn('8', 'secret-7')).rejects.toThrow(/[Nn]ot authorized/)
})

function signIn(username: string, password = `secret-${username}`) {
  return connectAsync(url, { username, password, protocolVersion: 5, reconnectPeriod: 0, connectTimeout: 3000 }, false)
}
