import { startEmbeddedPostgres } from '../../db/embedded.ts'

/** A program of its own for tests to kill: starts the embedded server, prints what it got, and stops it on SIGTERM. */
const [dataRoot, name = ''] = process.argv.slice(2)
const log = (line: string) => console.error(line)
const { stop, ...server } = await startEmbeddedPostgres({ dataRoot, name, log })
const alive = setInterval(() => {}, 1_000)
process.once('SIGTERM', () => {
  clearInterval(alive)
  stop().catch((error) => {
    console.error(error)
    process.exitCode = 1
  })
})
console.log(JSON.stringify(server))
