import { describe, expect, test } from 'vitest'
import { FENCE } from './fence.ts'
import { FORM } from './form.ts'
import { importsOf, parse, problemsOf } from './scan.ts'

const RULES = [...FENCE, ...FORM]

describe('the fence', () => {
  test.each(
    table(`
    src/domain/judge.ts      ./units.ts                 allowed
    src/domain/judge.ts      ../context.ts              forbidden
    src/domain/judge.ts      node:crypto                forbidden
    src/domain/judge.ts      zod                        forbidden
    src/vectors/check.ts     zod                        allowed
    src/vectors/check.ts     ../domain/judge.ts         allowed
    src/vectors/check.ts     node:util                  allowed
    src/vectors/check.ts     pg                         forbidden
    src/vectors/check.ts     ../actions/place.ts        forbidden
    src/documents/pdf.ts     ../domain/judge.ts         allowed
    src/documents/pdf.ts     ../actions/place.ts        forbidden
    src/actions/place.ts     ../../db/tables.ts         allowed
    src/actions/place.ts     kysely                     allowed
    src/actions/place.ts     ../metrics.ts              allowed
    src/actions/place.ts     ../api/app.ts              forbidden
    src/actions/place.ts     ../config.ts               forbidden
    src/ingest/session.ts    ../actions/place.ts        allowed
    src/ingest/session.ts    ../api/app.ts              forbidden
    src/ingest/session.ts    ../../db/connect.ts        forbidden
    src/ingest/session.ts    kysely                     forbidden
    src/api/app.ts           ../context.ts              allowed
    src/api/app.ts           ../ingest/session.ts       forbidden
    src/api/routes/a.ts      ../../../db/tables.ts      forbidden
    src/api/app.ts           kysely/helpers/postgres    forbidden
    src/context.ts           ../db/connect.ts           allowed
    src/context.ts           ./domain/units.ts          allowed
    src/context.ts           ./api/app.ts               forbidden
    src/main.ts              ./ingest/session.ts        allowed
    src/commands/demo.ts     ../api/app.ts              allowed
    src/commands/demo.ts     ../main.ts                 forbidden
    src/unbroken.mjs         ./main.ts                  allowed
    src/unbroken.mjs         ./config.ts                forbidden
    db/connect.ts            kysely                     allowed
    db/connect.ts            ../src/actions/place.ts    forbidden
    simulators/fleet.ts      ../src/domain/units.ts     allowed
    simulators/fleet.ts      ../src/actions/place.ts    forbidden
    simulators/fleet.ts      ../src/ingest/session.ts   forbidden
    simulators/fleet.ts      ../src/api/app.ts          forbidden
    simulators/fleet.ts      ../db/connect.ts           forbidden
    test/demo.e2e.test.ts    ../src/config.ts           allowed
    test/demo.e2e.test.ts    ../src/main.ts             forbidden`),
  )('%s importing %s is %s', (path, target, verdict) => {
    const found = FENCE.flatMap((rule) => problemsOf(rule, parse({ [path]: `\nimport { x } from '${target}'\n` })))
    expect(found.map((problem) => problem.split(' ')[0])).toEqual(verdict === 'forbidden' ? [`${path}:2`] : [])
  })

  test('sees every way to import, and none in comments and texts', () => {
    const text = `import { a as b, type c } from './a.ts'
export type { d } from './b.ts'
const e = await import('./c.ts')
type F = import('./d.ts').F
import './e.ts'
// import './f.ts'
const text = "import './g.ts'" + \`import './h.ts'\``
    const found = parse({ 'src/domain/x.ts': text }).flatMap(importsOf)
    expect(found).toEqual([
      { target: 'src/domain/a.ts', names: ['a', 'c'], line: 1 },
      { target: 'src/domain/b.ts', names: [], line: 2 },
      { target: 'src/domain/c.ts', names: [], line: 3 },
      { target: 'src/domain/d.ts', names: [], line: 4 },
      { target: 'src/domain/e.ts', names: [], line: 5 },
    ])
  })
})

/** Per rule: texts that break it, each with the one line to be named, and texts that look alike and keep it. */
type Examples = { path?: string; bad: [text: string, line: number][]; good: string[] }

const EXAMPLES: Record<string, Examples> = {
  'only src/config.ts reads the environment': {
    bad: [
      ['\nconst url = process.env.DATABASE_URL', 2],
      ['const { url } = process.env', 1],
      ["import { env } from 'node:process'", 1],
    ],
    good: ['// process.env is read elsewhere', "const text = 'process.env'", 'process.exit(1)'],
  },
  'domain knows no clock and no randomness': {
    path: 'src/domain/x.ts',
    bad: [
      ['\n\nconst now = Date.now()', 3],
      ['const now = new Date()', 1],
      ['const now = Date()', 1],
      ['const clock = Date.now', 1],
      ['const chance = Math.random()', 1],
      ['const t = globalThis.performance.now()', 1],
    ],
    good: ['const at = new Date(ms)', 'const at = Date.UTC(2001, 0, 1)', '// not Date.now()', 'const now = ctx.now()'],
  },
  'no default export': {
    bad: [
      ['\nexport default function x() {}', 2],
      ['export default { a: 1 }', 1],
      ['const x = 1\nexport { x as default }', 2],
    ],
    good: ['switch (x) {\n  default:\n    break\n}', 'export const standard = 1'],
  },
  'no enum': { bad: [['enum A {\n  B,\n}', 1]], good: ["type A = 'b' | 'c'", 'const enumerated = 1'] },
  'no barrel': {
    bad: [
      ["export * from './a.ts'", 1],
      ["\nexport * as a from './a.ts'", 2],
      ["export type * from './a.ts'", 1],
    ],
    good: ["export type { A } from './a.ts'", 'export { a, b }'],
  },
  'functions have at most 60 lines': {
    bad: [
      [`\nfunction x() {\n${repeat('  f()', 59)}}`, 2],
      [`const x = () => {\n${repeat('  f()', 59)}}`, 1],
      [`class X {\n  x() {\n${repeat("    f('}')", 59)}  }\n}`, 2],
      [`describe('a', () => {\n  test('b', () => {\n${repeat('    f()', 59)}  })\n})`, 2],
    ],
    good: [
      `/**\n${repeat(' * why', 20)} */\nfunction x() {\n${repeat("  f('{')", 58)}}`,
      `describe('a', () => {\n${repeat("  test('b', () => {})", 80)}})`,
    ],
  },
  'functions take at most 3 parameters': {
    bad: [
      ['\nfunction x(a: A, b: B, c: C, d: D) {}', 2],
      ['const x = (a: A, b: B, c: C, ...d: D[]) => {}', 1],
      ['class X {\n  constructor(a: A, b: B, c: C, d: D) {}\n}', 2],
    ],
    good: [
      'function x({ a, b, c, d }: A, e: (f: F, g: G) => H, i = [1, 2, 3]) {}',
      'x(a, b, c, d)',
      "test.each(rows)('a', (a, b, c, d) => {})",
    ],
  },
  'files have at most 300 lines': { bad: [[repeat('f()', 301), 301]], good: [repeat('f()', 300)] },
  'lines have at most 120 columns': {
    bad: [[`f()\n// ${'x'.repeat(118)}`, 2]],
    good: [`// ${'x'.repeat(117)}`, `// ${'\u{1F9CA}'.repeat(117)}`],
  },
  'no any': {
    bad: [
      ['\nlet x: any', 2],
      ['const x: Map<string, any[]> = y', 1],
    ],
    good: ['let x: unknown // any', "const any = 'any'"],
  },
  'no cast but as const': {
    bad: [
      ['\nconst x = y as X', 2],
      ['const x = y as unknown', 1],
      ['const x = <X>y', 1],
    ],
    good: ['const x = [1] as const', 'const x = { a: 1 } satisfies X', "import { a as b } from './a.ts'", '// as X'],
  },
  'nothing is left for later': {
    bad: [
      ['\n// TODO finish', 2],
      ['/* FIXME */', 1],
      ['// HACK', 1],
      ['// XXX', 1],
    ],
    good: ['// the todo list of a packer', 'const MASTODON = 1'],
  },
  'no test is switched off by hand': {
    path: 'test/domain/x.test.ts',
    bad: [
      ["\ntest.skip('a', () => {})", 2],
      ["describe.only('a', () => {})", 1],
      ["test.todo('a')", 1],
      ["test.concurrent.skip('a', () => {})", 1],
    ],
    good: ["test('a', () => {})", "// test.skip('a')", 'list.skip(1)', "const text = 'test.only('"],
  },
  'SQL never reads the clock': {
    bad: [
      ['\nsql`select now()`', 2],
      ['sql`select ${a}\n where at < Current_Timestamp`', 2],
      ["const text = 'select clock_timestamp ()'", 1],
    ],
    good: [
      'sql`select ${ctx.now()}`',
      'const at = ctx.now()',
      '// never now()',
      'sql`select known_at, to_timestamp(${a})`',
    ],
  },
  'public functions carry a docstring': {
    bad: [
      ['\nexport function x() {}', 2],
      ['export const x = () => 1', 1],
      ['// a comment is none\nexport async function x() {}', 2],
      ['/** About the file. */\n\nexport function x() {}', 3],
      ['/** About y. */\ntype Y = 1\nexport function x() {}', 3],
    ],
    good: [
      '/** What x does. */\nexport function x() {}',
      '/** What x does. */\n// biome-ignore lint: reason\nexport const x = () => 1',
      'function x() {}',
      'export const LIMIT = 3',
    ],
  },
  'tests mirror the rooms': { path: 'test/cellar/x.test.ts', bad: [["test('a', () => {})", 1]], good: [] },
}

describe('every rule can fail', () => {
  test('each has examples that break it', () => {
    expect(FORM.map(({ name }) => name)).toEqual(Object.keys(EXAMPLES))
  })

  test.each(Object.entries(EXAMPLES))('%s', (name, { path = 'src/actions/x.ts', bad, good }) => {
    const rule = RULES.find((candidate) => candidate.name === name)
    if (rule === undefined) throw new Error(`no rule named ${name}`)
    const where = (text: string) => problemsOf(rule, parse({ [path]: text })).map((problem) => problem.split(' ')[0])
    for (const [text, line] of bad) expect(where(text), text).toEqual([`${path}:${line}`])
    for (const text of good) expect(where(text), text).toEqual([])
  })

  test('SQL files are read without their comments', () => {
    const sql = '-- now() is not used\n/* nor\n   here: now() */ create table a (b int);\nselect now();\n'
    const rule = FORM.find(({ name }) => name === 'SQL never reads the clock')
    expect(rule && problemsOf(rule, parse({ 'db/migrations/0001.sql': sql }))[0]).toMatch(
      /^db\/migrations\/0001.sql:4 /,
    )
  })

  test.each(
    table(`
    test/api/app.pg.test.ts        src/api/app.ts       kept
    test/db/connect.pg.test.ts     db/connect.ts        kept
    test/config.test.ts            src/config.ts        kept
    test/config.test.ts            src/context.ts       broken
    test/demo.e2e.test.ts          src/main.ts          kept
    test/apiary/x.test.ts          src/api/app.ts       broken`),
  )('a test at %s with %s in the house: the mirror is %s', (testPath, path, verdict) => {
    const rule = FORM.find(({ name }) => name === 'tests mirror the rooms')
    const found = rule && problemsOf(rule, parse({ [testPath]: '', [path]: '' }))
    expect(found).toHaveLength(verdict === 'broken' ? 1 : 0)
  })

  test('a file that is no TypeScript is an error, not a silence', () => {
    expect(() => parse({ 'src/x.ts': 'function {' })).toThrow(/cannot parse src\/x.ts/)
  })
})

function table(text: string): [string, string, string][] {
  const rows = text.trim().split('\n')
  return rows.map((row) => {
    const [first = '', second = '', third = ''] = row.trim().split(/\s+/)
    return [first, second, third]
  })
}

function repeat(line: string, times: number): string {
  return `${line}\n`.repeat(times)
}
