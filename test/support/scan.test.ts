import { describe, expect, test } from 'vitest'
import { FENCE } from './fence.ts'
import { FORM } from './form.ts'
import { importsOf, parse, problemsOf } from './scan.ts'

const RULES = [...FENCE, ...FORM]

/** A rule by its name, a file that breaks it with the lines to be named, and a file that looks alike and keeps it. */
type Example = { rule: string; path: string; bad: string; lines: number[]; good: string }

const repeat = (line: string, times: number) => `${line}\n`.repeat(times)

const EXAMPLES: Example[] = [
  {
    rule: 'rooms import only the rooms below them',
    path: 'src/domain/judge.ts',
    bad: "import type { Ctx } from '../context.ts'\nexport type { X } from '../actions/x.ts'\nconst y = import('../main.ts')\n",
    lines: [1, 2, 3],
    good: "import { a } from './units.ts'\n// import { b } from '../context.ts'\nconst text = \"import x from '../api/x.ts'\"\n",
  },
  ...[
    ['src/ingest/session.ts', '../api/app.ts'],
    ['src/api/app.ts', '../ingest/session.ts'],
    ['src/api/app.ts', '../../db/connect.ts'],
    ['src/actions/place.ts', '../api/app.ts'],
    ['src/actions/place.ts', '../config.ts'],
    ['src/documents/pdf.ts', '../actions/place.ts'],
    ['src/commands/demo.ts', '../main.ts'],
    ['simulators/fleet.ts', '../src/actions/place.ts'],
    ['simulators/fleet.ts', '../src/ingest/session.ts'],
    ['simulators/fleet.ts', '../db/connect.ts'],
    ['test/demo.e2e.test.ts', '../src/main.ts'],
    ['src/vectors/check.ts', '../actions/place.ts'],
    ['src/context.ts', './api/app.ts'],
  ].map(([path = '', from]) => ({
    rule: 'rooms import only the rooms below them',
    path,
    bad: `\nimport type { x } from '${from}'\n`,
    lines: [2],
    good: `import type { x } from '${path.startsWith('src/') ? '.' : '../src'}${/^src\/\w+\//.test(path) ? '.' : ''}/domain/x.ts'\n`
      .replace('context.ts', 'metrics.ts')
      .replace(path === 'src/context.ts' ? './domain/x.ts' : '\0', './metrics.ts'),
  })),
]
