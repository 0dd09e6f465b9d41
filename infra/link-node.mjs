// Runs after `npm ci`. npm 10, which comes with Node 20 and 22, links node_modules/.bin/node for this machine's package
// and then removes the link again while it drops the package of the other architecture. This puts it back, so that npm
// scripts and npx find Node 24. Plain JavaScript: it is the machine's own, older Node that runs it.
import { existsSync, symlinkSync } from 'node:fs'

const { platform, arch } = process
const modules = new URL('../node_modules/', import.meta.url)
const shipped = `node-${platform}-${arch}/bin/node`
const link = new URL('.bin/node', modules)

if (existsSync(new URL(shipped, modules)) && !existsSync(link)) symlinkSync(`../${shipped}`, link)
