import { isUtf8 } from 'node:buffer'
import type { MessageProblem } from '../domain/message.ts'
import { quoted } from './quoted.ts'
import { isObject } from './taking.ts'

/** The formats need three levels; the rest is room for fields this version does not know. */
export const MAX_DEPTH = 16

/** The bytes of a body as JSON, or what is wrong with them: bounded in depth, and no key twice in one object. */
export function readJson(payload: Uint8Array): { json: unknown } | MessageProblem {
  if (!isUtf8(payload)) return { reason: 'NOT_UTF8', detail: 'the body is not UTF-8: send JSON as UTF-8 text' }
  const { members, depth, unclosed } = scan(payload)
  if (depth > MAX_DEPTH) return { reason: 'TOO_DEEP', detail: `the body nests ${depth} levels: at most ${MAX_DEPTH}` }
  const text = textOf(payload)
  // most bodies that are not JSON were cut off, and an error with its stack takes longer than all the rest
  if (unclosed) return notJson(text)
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return notJson(text)
  }
  // JSON.parse silently keeps the last of two equal keys: then the text has more members than the objects
  if (countMembers(json) !== members) {
    return { reason: 'DUPLICATE_KEY', detail: 'a key stands twice in one object: send every key once' }
  }
  return { json }
}

function notJson(text: string): MessageProblem {
  return { reason: 'NOT_JSON', detail: `the body is not JSON: it begins with ${quoted(text)}` }
}

/** A view, not a copy; Buffer decodes small texts several times faster than TextDecoder. */
function textOf(payload: Uint8Array): string {
  return Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString('utf8')
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COLON = 0x3a

/** One pass over the bytes, before anything is built: members are colons outside of strings. */
function scan(bytes: Uint8Array): { members: number; depth: number; unclosed: boolean } {
  let members = 0
  let level = 0
  let depth = 0
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]
    if (byte === QUOTE) {
      for (at++; at < bytes.length && bytes[at] !== QUOTE; at++) if (bytes[at] === BACKSLASH) at++
    } else if (byte === COLON) members++
    else if (byte === 0x7b || byte === 0x5b) depth = Math.max(depth, ++level)
    else if (byte === 0x7d || byte === 0x5d) level--
  }
  return { members, depth, unclosed: level > 0 }
}

function countMembers(json: unknown): number {
  let members = 0
  if (Array.isArray(json)) for (const item of json) members += countMembers(item)
  else if (isObject(json)) {
    for (const key in json) {
      const value = json[key]
      members += typeof value === 'object' ? 1 + countMembers(value) : 1
    }
  }
  return members
}
