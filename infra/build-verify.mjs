// `npm run build:verify`: writes dist/verify.html, one file that verifies certificates in any browser, offline.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { rolldown } from 'rolldown'

const root = join(import.meta.dirname, '..')
const bundle = await rolldown({ input: join(root, 'src/web/verify-in-browser.ts'), platform: 'browser' })
const { output } = await bundle.generate({ format: 'iife', name: 'unbroken', exports: 'named' })
const [{ code }] = output
const page = await readFile(join(root, 'src/web/verify.html'), 'utf8')
const PLACE = '/* the verification */'
if (!page.includes(PLACE) || code.includes('</script')) throw new Error('the page has no place for the verification')
await mkdir(join(root, 'dist'), { recursive: true })
await writeFile(
  join(root, 'dist/verify.html'),
  page.replace(PLACE, () => code),
)
process.stdout.write(`dist/verify.html: ${code.length} characters of code\n`)
