import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { FENCE } from './support/fence.ts'
import { FORM } from './support/form.ts'
import { type Files, parse, problemsOf } from './support/scan.ts'

const HOUSE = ['src/**/*.{ts,mjs}', 'db/**/*.{ts,sql}', 'simulators/**/*.ts', 'test/**/*.ts', '*.ts']

describe('the house is tidy:', () => {
  const sources = parse(readHouse())

  test('the rules see the house', () => {
    expect(sources.map(({ path }) => path)).toEqual(expect.arrayContaining(['src/context.ts', 'test/tidy.test.ts']))
  })

  test.each([...FENCE, ...FORM])('$name', (rule) => {
    expect(problemsOf(rule, sources).join('\n')).toBe('')
  })
})

function readHouse(): Files {
  const root = join(import.meta.dirname, '..')
  const paths = globSync(HOUSE, { cwd: root }).sort()
  return Object.fromEntries(paths.map((path) => [path, readFileSync(join(root, path), 'utf8')]))
}
