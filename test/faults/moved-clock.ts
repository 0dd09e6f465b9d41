import { readFileSync } from 'node:fs'

/*
 * Loaded before the service (`node --import`): its clock then goes wrong by as many milliseconds as the file holds that
 * MOVED_CLOCK names, from within a moment after the file was written.
 */
const file = process.env.MOVED_CLOCK ?? ''
const LOOK_EVERY_MS = 50
const right = Date.now
let offsetMs = 0

Date.now = () => right() + offsetMs
setInterval(() => {
  offsetMs = Number(readFileSync(file, 'utf8'))
}, LOOK_EVERY_MS).unref()
