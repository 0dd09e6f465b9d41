import type { Node } from 'typescript/unstable/ast'
import {
  isArrowFunction,
  isAsExpression,
  isCallExpression,
  isEnumDeclaration,
  isExportAssignment,
  isExportDeclaration,
  isFunctionDeclaration,
  isFunctionExpression,
  isFunctionLikeDeclaration,
  isIdentifier,
  isNamespaceExport,
  isNewExpression,
  isPropertyAccessExpression,
  isTypeAssertion,
  isVariableStatement,
  SyntaxKind,
} from 'typescript/unstable/ast'
import { isScript } from './fence.ts'
import { importsOf, lineAt, lineOf, nodes, nodesOf, type Problem, type Rule, type Source } from './scan.ts'

const MAX_FUNCTION_LINES = 60
const MAX_FILE_LINES = 300
const MAX_COLUMNS = 120
const MAX_PARAMETERS = 3

/** Files another tool demands in a certain form. */
const DEFAULT_EXPORT_WANTED = ['vitest.config.ts', 'test/support/no-broker-runner.ts']
/** Files that must name what they forbid. */
const NAMES_THE_FORBIDDEN = ['test/support/form.ts', 'test/support/scan.test.ts']
/** Top-level tests of no single file. */
const TESTS_OF_THE_WHOLE = ['test/tidy.test.ts', 'test/fuzz/codecs.test.ts']
/** Generated from the migrations; nobody reads it line by line. */
const GENERATED = ['db/schema.sql']

/** How code looks in this house: sizes, forbidden forms, where the clock and the environment may be read. */
export const FORM: readonly Rule[] = [
  { name: 'only src/config.ts reads the environment', files: mayNotReadEnvironment, check: checkEnvironment },
  { name: 'domain knows no clock and no randomness', files: within('src/domain'), check: checkClock },
  { name: 'no default export', files: isScriptBut(DEFAULT_EXPORT_WANTED), check: checkDefaultExport },
  { name: 'no enum', files: isScript, check: checkEnum },
  { name: 'no barrel', files: isScript, check: checkBarrel },
  { name: `functions have at most ${MAX_FUNCTION_LINES} lines`, files: isScript, check: checkFunctionLines },
  { name: `functions take at most ${MAX_PARAMETERS} parameters`, files: isScript, check: checkParameters },
  { name: `files have at most ${MAX_FILE_LINES} lines`, files: isScript, check: checkFileLines },
  {
    name: `lines have at most ${MAX_COLUMNS} columns`,
    files: (path) => !GENERATED.includes(path),
    check: checkColumns,
  },
  { name: 'no any', files: isProduct, check: checkAny },
  { name: 'no cast but as const', files: isProduct, check: checkCasts },
  { name: 'nothing is left for later', files: (path) => !NAMES_THE_FORBIDDEN.includes(path), check: checkMarkers },
  { name: 'no test is switched off by hand', files: within('test'), check: checkSwitchedOff },
  { name: 'SQL never reads the clock', files: (path) => /^(src|db\/migrations)\//.test(path), check: checkSqlClock },
  { name: 'public functions carry a docstring', files: isProduct, check: checkDocstrings },
  { name: 'tests mirror the rooms', files: (path) => /^test\/.*\.test\.ts$/.test(path), check: checkMirror },
]

function within(folder: string): (path: string) => boolean {
  return (path) => path.startsWith(`${folder}/`)
}

function isScriptBut(exempt: readonly string[]): (path: string) => boolean {
  return (path) => isScript(path) && !exempt.includes(path)
}

function isProduct(path: string): boolean {
  return /^(src|db|simulators)\/.*\.ts$/.test(path)
}

function mayNotReadEnvironment(path: string): boolean {
  return /^(src|db|simulators)\//.test(path) && path !== 'src/config.ts'
}

function checkEnvironment(source: Source): Problem[] {
  const reads = nodesOf(source, isPropertyAccessExpression).filter((node) => node.getText() === 'process.env')
  const imports = importsOf(source).filter(({ target, names }) => target === 'node:process' && names.includes('env'))
  const lines = [...reads.map((node) => lineOf(source, node)), ...imports.map(({ line }) => line)]
  return lines.map((line) => ({ line, message: 'process.env is read only in src/config.ts: take it as an argument' }))
}

const CLOCKS = ['Date.now', 'Math.random', 'performance.now', 'crypto.randomUUID', 'crypto.getRandomValues']

function checkClock(source: Source): Problem[] {
  const isNow = (node: Node) =>
    (isNewExpression(node) && node.expression.getText() === 'Date' && !node.arguments?.length) ||
    (isCallExpression(node) && node.expression.getText() === 'Date') ||
    (isPropertyAccessExpression(node) && CLOCKS.includes(node.getText().replace(/^globalThis\./, '')))
  return nodes(source)
    .filter(isNow)
    .map((node) => problem(source, node, `${node.getText()} in a rule: take the time or the randomness as an argument`))
}

function checkDefaultExport(source: Source): Problem[] {
  const isDefault = (node: Node) =>
    isExportAssignment(node) ||
    node.kind === SyntaxKind.DefaultKeyword ||
    (node.kind === SyntaxKind.ExportSpecifier && /(^|as )default$/.test(node.getText()))
  return nodes(source)
    .filter(isDefault)
    .map((node) => problem(source, node, 'default export: export it by its name'))
}

function checkEnum(source: Source): Problem[] {
  return nodesOf(source, isEnumDeclaration).map((node) => problem(source, node, 'enum: use a union of string literals'))
}

function checkBarrel(source: Source): Problem[] {
  return nodesOf(source, isExportDeclaration)
    .filter(({ moduleSpecifier: from, exportClause }) => from && (!exportClause || isNamespaceExport(exportClause)))
    .map((node) => problem(source, node, 'export *: import from the file that has it'))
}

function checkFunctionLines(source: Source): Problem[] {
  return nodesOf(source, isFunctionLikeDeclaration).flatMap((node) => {
    const lines = lineAt(source.text, node.getEnd()) - lineOf(source, node) + 1
    if (lines <= MAX_FUNCTION_LINES || isArgumentOf(node, /^describe\b/)) return []
    return [problem(source, node, `function of ${lines} lines: split it (at most ${MAX_FUNCTION_LINES})`)]
  })
}

/** The body of a `describe` only groups tests; a row of a `test.each` table may have as many columns as it likes. */
function isArgumentOf(node: Node, callee: RegExp): boolean {
  return isCallExpression(node.parent) && callee.test(node.parent.expression.getText())
}

function checkParameters(source: Source): Problem[] {
  return nodesOf(source, isFunctionLikeDeclaration)
    .filter((node) => !isArgumentOf(node, /^(test|it|describe)\b.*\beach\b/s))
    .filter((node) => node.parameters.filter(({ name }) => name.getText() !== 'this').length > MAX_PARAMETERS)
    .map((node) => problem(source, node, `more than ${MAX_PARAMETERS} parameters: pass one object, or split it`))
}

function checkFileLines({ text }: Source): Problem[] {
  const lines = text.trimEnd().split('\n').length
  if (lines <= MAX_FILE_LINES) return []
  return [{ line: lines, message: `file of ${lines} lines: split it by its story (at most ${MAX_FILE_LINES})` }]
}

function checkColumns({ text }: Source): Problem[] {
  return matchingLines(text, new RegExp(`.{${MAX_COLUMNS + 1}}`, 'u')).map((line) => ({
    line,
    message: `line longer than ${MAX_COLUMNS} columns: break it`,
  }))
}

function checkAny(source: Source): Problem[] {
  return nodes(source)
    .filter((node) => node.kind === SyntaxKind.AnyKeyword)
    .map((node) => problem(source, node, 'any: name the type, or take unknown and narrow it'))
}

function checkCasts(source: Source): Problem[] {
  return nodes(source)
    .filter((node) => (isAsExpression(node) ? node.type.getText() !== 'const' : isTypeAssertion(node)))
    .map((node) => problem(source, node, 'cast: parse with zod at the door, or narrow with a guard'))
}

function checkMarkers({ text }: Source): Problem[] {
  return matchingLines(text, /\b(TODO|FIXME|HACK|XXX)\b/).map((line) => ({
    line,
    message: 'marker of unfinished work: finish it, or file an issue and remove the marker',
  }))
}

function checkSwitchedOff(source: Source): Problem[] {
  return nodesOf(source, isPropertyAccessExpression)
    .filter((node) => /^(test|it|describe|suite)\b/.test(node.getText()) && isIdentifier(node.name))
    .filter((node) => ['skip', 'only', 'todo', 'fails'].includes(node.name.getText()))
    .map((node) => problem(source, node, `${node.getText()}: run the test, or delete it`))
}

const SQL_CLOCK =
  /\b((now|(clock|statement|transaction)_timestamp|timeofday)\s*\(|(current_(timestamp|date|time)|localtime\w*)\b)/i
const TEXT_KINDS = [
  SyntaxKind.StringLiteral,
  SyntaxKind.NoSubstitutionTemplateLiteral,
  SyntaxKind.TemplateHead,
  SyntaxKind.TemplateMiddle,
  SyntaxKind.TemplateTail,
]

function checkSqlClock(source: Source): Problem[] {
  const message = 'SQL reads the clock: bind ctx.now() as a parameter, or the demo and the tests cannot set the time'
  const texts = nodes(source).filter((node) => TEXT_KINDS.includes(node.kind))
  const lines =
    source.tree === null
      ? matchingLines(withoutSqlComments(source.text), SQL_CLOCK)
      : texts.flatMap((node) => matchingLines(node.getText(), SQL_CLOCK).map((line) => lineOf(source, node) + line - 1))
  return lines.map((line) => ({ line, message }))
}

/** Comments become blanks, so that lines keep their numbers. */
function withoutSqlComments(sql: string): string {
  return sql.replace(/--.*|\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' '))
}

function checkDocstrings(source: Source): Problem[] {
  return (source.tree?.statements ?? [])
    .filter((node) => /^export\b/.test(node.getText()) && isFunctionStatement(node))
    .filter((node) => !hasDocstringDirectlyAbove(source, node))
    .map((node) => problem(source, node, 'exported function without a docstring directly above'))
}

function isFunctionStatement(node: Node): boolean {
  if (isFunctionDeclaration(node)) return node.body !== undefined
  if (!isVariableStatement(node)) return false
  return node.declarationList.declarations.some(
    ({ initializer: value }) => value !== undefined && (isArrowFunction(value) || isFunctionExpression(value)),
  )
}

function hasDocstringDirectlyAbove({ text }: Source, node: Node): boolean {
  const docstring = node.jsDoc?.at(-1)
  return docstring !== undefined && /^[ \t]*\n([ \t]*\/\/.*\n)*$/.test(text.slice(docstring.getEnd(), node.getStart()))
}

/** `test/api/x.test.ts` needs `src/api`, `test/db/…` needs `db`, `test/config.test.ts` needs `src/config.ts`. */
function checkMirror({ path }: Source, all: readonly Source[]): Problem[] {
  const [, first = '', ...rest] = path.split('/')
  if (TESTS_OF_THE_WHOLE.includes(path) || first === 'support') return []
  const file = first.replace(/\..*$/, '')
  const isWhole = rest.length === 0 && path.endsWith('.e2e.test.ts')
  const mirrored = rest.length === 0 ? [`src/${file}.ts`] : [`src/${first}/`, `${first}/`]
  if (isWhole || all.some((source) => mirrored.some((start) => source.path.startsWith(start)))) return []
  return [{ line: 1, message: `mirrors no room: expected ${mirrored.join(' or ')} to exist` }]
}

function problem(source: Source, node: Node, message: string): Problem {
  return { line: lineOf(source, node), message }
}

function matchingLines(text: string, pattern: RegExp): number[] {
  return text.split('\n').flatMap((line, index) => (pattern.test(line) ? [index + 1] : []))
}
