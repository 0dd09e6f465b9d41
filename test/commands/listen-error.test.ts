import { expect, test } from 'vitest'
import { SetupError } from '../../db/setup-error.ts'
import { listenError } from '../../src/commands/listen-error.ts'

const at = { host: '203.0.113.1', port: 80 }
const failed = (code: string) => Object.assign(new Error(`listen ${code}`), { code })

test.each([
  ['EADDRINUSE', 'HTTP', 'Port 80 is taken by another program: end it, or set HTTP_PORT to a free port.'],
  [
    'EADDRINUSE',
    'MQTT',
    'Port 80 is taken by another program: end it, or set MQTT_PORT to a free port, or MQTT_URL to the broker that ' +
      'listens there.',
  ],
  ['EACCES', 'HTTP', 'No permission to listen on port 80: set HTTP_PORT to a port above 1023.'],
  ['EACCES', 'MQTT', 'No permission to listen on port 80: set MQTT_PORT to a port above 1023.'],
  ['EADDRNOTAVAIL', 'HTTP', '203.0.113.1 is no address of this machine: set HTTP_HOST to one of its addresses.'],
  ['ENOTFOUND', 'HTTP', '203.0.113.1 is no address of this machine: set HTTP_HOST to one of its addresses.'],
  ['EAI_AGAIN', 'HTTP', '203.0.113.1 is no address of this machine: set HTTP_HOST to one of its addresses.'],
] as const)('%s of the %s door is a sentence that says what to do', (code, setting, sentence) => {
  const error = listenError(failed(code), { ...at, setting })
  expect(error).toBeInstanceOf(SetupError)
  expect(error).toMatchObject({ message: sentence })
})

test('what a person cannot put right stays the error it is', () => {
  const error = failed('EMFILE')
  expect(listenError(error, { ...at, setting: 'HTTP' })).toBe(error)
})
