#!/usr/bin/env node
// The bin entry. Plain JavaScript that an old Node can read, so that it answers with a sentence, not a syntax error.
const NEEDED_MAJOR = 24

if (Number(process.versions.node.split('.')[0]) < NEEDED_MAJOR) {
  process.stderr.write(
    `unbroken needs Node ${NEEDED_MAJOR} or newer (this is ${process.versions.node}): ` +
      `run \`npm ci\` in the checkout and use \`npx unbroken …\`, or install Node ${NEEDED_MAJOR}\n`,
  )
  process.exit(1)
}

import('./main.ts').then((program) => program.main(process.argv.slice(2)))
