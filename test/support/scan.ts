import { posix } from 'node:path'
import type { Node, SourceFile } from 'typescript/unstable/ast'
import {
  isCallExpression,
  isExportDeclaration,
  isImportDeclaration,
  isImportTypeNode,
  isLiteralTypeNode,
  isNamedImports,
  isStringLiteral,
  SyntaxKind,
} from 'typescript/unstable/ast'
import { API } from 'typescript/unstable/sync'

/** One file of the checkout: its path from the root, its text, and its syntax tree (null for SQL). */
export type Source = { path: string; text: string; tree: SourceFile | null }

/** What a rule found: where, and what to do about it. */
export type Problem = { line: number; message: string }

/** One rule of the house: the files it holds for, and what it finds in one of them (`all` is the whole checkout). */
export type Rule = {
  name: string
  files: (path: string) => boolean
  check: (source: Source, all: readonly Source[]) => Problem[]
}

/** Every problem of every rule as `path:line what to do`; an empty list is a tidy house. */
export function problemsOf(rule: Rule, sources: readonly Source[]): string[] {
  return sources
    .filter((source) => rule.files(source.path))
    .flatMap((source) => rule.check(source, sources).map(({ line, message }) => `${source.path}:${line} ${message}`))
}

/** Path from the root to text. */
export type Files = Readonly<Record<string, string>>

/**
 * Parses files with the TypeScript compiler, without resolving any import: a file needs neither its neighbours nor
 * node_modules, so snippets in a test are read exactly as the files of the checkout are.
 */
export function parse(files: Files): Source[] {
  const scripts = Object.keys(files).filter((path) => /\.(ts|mjs)$/.test(path))
  const folder = mount(files, scripts)
  const settings = `${folder}/tsconfig.json`
  const program = compiler.updateSnapshot({ openProjects: [settings] }).getProject(settings)?.program
  if (program === undefined) throw new Error('the TypeScript compiler opened no project')
  return Object.entries(files).map(([path, text]) => {
    if (!scripts.includes(path)) return { path, text, tree: null }
    const tree = program.getSourceFile(`${folder}/${path}`)
    const broken = program.getSyntacticDiagnostics(`${folder}/${path}`)[0]
    if (tree === undefined || broken !== undefined) throw new Error(`cannot parse ${path}: ${broken?.text}`)
    return { path, text, tree }
  })
}

/** The compiler is one child process for all calls; it sees only this disk, on which every call has its own folder. */
const disk = new Map<string, string>()
const compiler = new API({ cwd: '/', fs: { readFile, fileExists, directoryExists, getAccessibleEntries } })
let mounted = 0

function mount(files: Files, scripts: readonly string[]): string {
  mounted += 1
  const folder = `/${mounted}`
  const compilerOptions = { noLib: true, noResolve: true, allowJs: true, types: [] }
  disk.set(`${folder}/tsconfig.json`, JSON.stringify({ compilerOptions, files: scripts }))
  for (const path of scripts) disk.set(`${folder}/${path}`, files[path] ?? '')
  return folder
}

function readFile(path: string): string | null {
  return disk.get(path) ?? null
}

function fileExists(path: string): boolean {
  return disk.has(path)
}

function directoryExists(path: string): boolean {
  return [...disk.keys()].some((file) => file.startsWith(`${path}/`))
}

function getAccessibleEntries(): { files: string[]; directories: string[] } {
  return { files: [], directories: [] }
}

/** Every node of a file, parents before children; none for a file without a tree. */
export function nodes(source: Source): Node[] {
  const found: Node[] = []
  const visit = (node: Node): void => {
    found.push(node)
    node.forEachChild(visit)
  }
  source.tree?.forEachChild(visit)
  return found
}

/** The nodes of a file that a guard of the compiler accepts: `nodesOf(source, isCallExpression)`. */
export function nodesOf<T extends Node>(source: Source, guard: (node: Node) => node is T): T[] {
  return nodes(source).filter(guard)
}

/** First line of a node, counted from 1, comments above it left out. */
export function lineOf(source: Source, node: Node): number {
  return lineAt(source.text, node.getStart())
}

/** Line of a position in a text, counted from 1. */
export function lineAt(text: string, position: number): number {
  return text.slice(0, position).split('\n').length
}

/** One import or re-export; `target` is a path from the root for files of the checkout, else the package as written. */
export type Import = { target: string; names: string[]; line: number }

/** All a file imports: static, dynamic, type-only and re-exports alike. */
export function importsOf(source: Source): Import[] {
  return nodes(source).flatMap((node) => {
    const specifier = specifierOf(node)
    if (specifier === null) return []
    const local = specifier.startsWith('.')
    const target = local ? posix.join(posix.dirname(source.path), specifier) : specifier
    return [{ target, names: namesOf(node), line: lineOf(source, node) }]
  })
}

function specifierOf(node: Node): string | null {
  if (isImportDeclaration(node) || isExportDeclaration(node)) return textOf(node.moduleSpecifier)
  if (isImportTypeNode(node)) return isLiteralTypeNode(node.argument) ? textOf(node.argument.literal) : null
  if (isCallExpression(node) && node.expression.kind === SyntaxKind.ImportKeyword) return textOf(node.arguments[0])
  return null
}

function textOf(node: Node | undefined): string | null {
  return node !== undefined && isStringLiteral(node) ? node.text : null
}

function namesOf(node: Node): string[] {
  const bindings = isImportDeclaration(node) ? node.importClause?.namedBindings : undefined
  if (bindings === undefined || !isNamedImports(bindings)) return []
  return bindings.elements.map((element) => (element.propertyName ?? element.name).getText())
}
