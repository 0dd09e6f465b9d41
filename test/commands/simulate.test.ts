import { expect, test } from 'vitest'
import { simulate } from '../../src/commands/simulate.ts'

test.each([
  [[], 'either --key of a running service, or --embedded'],
  [['--key', 'k', '--embedded'], 'either --key of a running service, or --embedded'],
  [['--key', 'k', '--sensors', '3', '--shipments', '4'], '--sensors must not be fewer than --shipments'],
  [['--key', 'k', '--sensors', '3x'], '--sensors must be a whole number'],
  [['--key', 'k', '--faults', 'flight,gremlins'], '--faults.1'],
  [['--key', 'k', '--profile', 'warm'], '--profile'],
  [['--key', 'k', '--api', 'localhost:8080'], '--api must read like http://'],
  [['--key', 'k', '--speed', '1.5'], '--speed must be 1'],
  [['--key', 'k', '--duration', '0'], '--duration must be more than 0'],
  [['--key', 'k', '--scenario', 'file.json', '--seed', '3'], '--seed would not be read'],
  [['--replay', 'file', '--sensors', '3'], '--sensors would not be read'],
  [['--embedded', '--mqtt', 'mqtt://127.0.0.1'], '--mqtt would not be read'],
  [['--gremlins'], "Unknown option '--gremlins'"],
  [['file'], 'Unexpected argument'],
])('used wrongly (%j) it says how, before anything is started', async (args, said) => {
  let warned = ''
  const warn = (line: string) => {
    warned += line
  }
  expect(await simulate(args, { print: () => undefined, warn, isTty: false })).toBe(2)
  expect(warned).toContain(said)
  expect(warned).toContain('unbroken simulate --key KEY')
})
