import { type Import, importsOf, type Problem, type Rule, type Source } from './scan.ts'

/** The rooms of the house; the top files of src are rooms of their own, `top` stands for those added later. */
type Room =
  | 'domain'
  | 'loggers'
  | 'documents'
  | 'vectors'
  | 'actions'
  | 'ingest'
  | 'api'
  | 'web'
  | 'commands'
  | 'main'
  | 'bin'
  | 'config'
  | 'context'
  | 'metrics'
  | 'top'
  | 'db'
  | 'simulators'
  | 'test'

const ALL_BUT_MAIN: readonly Room[] = [
  ...(['domain', 'loggers', 'documents', 'vectors', 'actions', 'ingest', 'api', 'web', 'commands', 'config'] as const),
  ...(['context', 'metrics', 'top', 'db', 'simulators', 'test'] as const),
]

/** What each room may import from the checkout (itself included). No room lists `main` except the bin entry. */
const MAY_IMPORT: Record<Room, readonly Room[]> = {
  domain: ['domain'],
  loggers: ['loggers', 'domain'],
  documents: ['documents', 'domain'],
  vectors: ['vectors', 'domain', 'documents', 'top'],
  actions: ['actions', 'domain', 'loggers', 'db', 'context', 'metrics'],
  ingest: ['ingest', 'actions', 'domain', 'context', 'metrics', 'top'],
  api: ['api', 'actions', 'domain', 'loggers', 'documents', 'context', 'metrics', 'top'],
  web: ['web', 'domain'],
  commands: ALL_BUT_MAIN.filter((room) => room !== 'test'),
  main: ALL_BUT_MAIN.filter((room) => room !== 'test'),
  bin: ['main'],
  config: ['domain', 'top'],
  context: ['db', 'domain', 'metrics', 'top'],
  metrics: ['metrics', 'top'],
  top: ['domain', 'context', 'config', 'metrics', 'top'],
  db: ['db', 'domain', 'context', 'metrics', 'top'],
  simulators: ['simulators', 'domain'],
  test: ALL_BUT_MAIN,
}

/** The packages (and node: modules) of the rooms that may not take any they like. */
const MAY_TAKE: Partial<Record<Room, (packageName: string) => boolean>> = {
  domain: () => false,
  loggers: (name) => ['date-fns', '@date-fns/tz'].includes(name),
  vectors: (name) => name === 'zod' || name.startsWith('node:'),
}

/** Where the query builder lives; everything else asks an action. */
const MAY_BUILD_SQL: readonly Room[] = ['db', 'actions', 'test']

/** The import rules of the house (the picture in the README). */
export const FENCE: readonly Rule[] = [
  { name: 'rooms import only the rooms below them', files: isScript, check: checkRooms },
  {
    name: 'domain takes no package and no node: module, vectors only zod, loggers only what reads dates and tables',
    files: isScript,
    check: checkPackages,
  },
  { name: 'kysely stays in db and actions', files: isScript, check: checkKysely },
]

/** Whether a path is a program file: what the rules about code hold for. */
export function isScript(path: string): boolean {
  return /\.(ts|mjs)$/.test(path)
}

function checkRooms(source: Source): Problem[] {
  const from = roomOf(source.path)
  return importsOf(source).flatMap(({ target, line }) => {
    if (!isOwnFile(target)) return []
    const to = roomOf(target)
    if (to === null || from === null || MAY_IMPORT[from].includes(to)) return []
    const allowed = MAY_IMPORT[from].join(', ')
    return [{ line, message: `${from} must not import ${to} (${target}): it may import ${allowed}` }]
  })
}

function checkPackages(source: Source): Problem[] {
  const room = roomOf(source.path)
  const mayTake = room === null ? undefined : MAY_TAKE[room]
  if (mayTake === undefined) return []
  return importsOf(source)
    .filter(({ target }) => !isOwnFile(target) && !mayTake(target))
    .map(({ target, line }) => ({ line, message: `${room} must not import ${target}: take it as an argument` }))
}

function checkKysely(source: Source): Problem[] {
  const room = roomOf(source.path)
  if (room !== null && MAY_BUILD_SQL.includes(room)) return []
  return importsOf(source)
    .filter(isKysely)
    .map(({ line }) => ({ line, message: 'kysely is used only in db and src/actions: write an action and call it' }))
}

function isKysely({ target }: Import): boolean {
  return target === 'kysely' || target.startsWith('kysely/')
}

function isOwnFile(target: string): boolean {
  return /^(src|db|simulators|test)\//.test(target)
}

/** `src/api/app.ts` is in `api`, `src/context.ts` in `context`; null for files outside the house, such as settings. */
function roomOf(path: string): Room | null {
  const [first = '', second = ''] = path.split('/')
  if (first !== 'src') return isRoom(first) ? first : null
  if (second === 'unbroken.mjs') return 'bin'
  const name = second.replace(/\.ts$/, '')
  return isRoom(name) ? name : 'top'
}

function isRoom(name: string): name is Room {
  return Object.hasOwn(MAY_IMPORT, name)
}
