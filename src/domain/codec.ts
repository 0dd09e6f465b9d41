import { type Canonical, canonicalOrNull } from './canonical.ts'
import { isoInstant } from './units.ts'

/**
 * One description of a value that is written into canonical JSON and read back: exactly the fields named, each in its
 * one spelling, so that what was read is what was written. Without packages, since whoever verifies may have none.
 */
export type Codec<T> = {
  // methods, so that a codec of any type is a `Field`
  read(value: unknown, path: string): T
  write(value: T): Canonical
  /** Whether an object leaves the field out that has this value. */
  isAbsent?(value: T): boolean
}

/** What a codec reads and writes. */
export type Coded<C extends Field> = ReturnType<C['read']>

type Field = Codec<unknown>

/** The value, or where and why it is none, as one sentence without a full stop. */
export function decoded<T>(codec: Codec<T>, value: unknown): { value: T } | { problem: string } {
  try {
    return { value: codec.read(value, '') }
  } catch (error) {
    if (error instanceof Misread) return { problem: error.message }
    throw error
  }
}

class Misread extends Error {}

function misread(path: string, expected: string): never {
  throw new Misread(`${path === '' ? 'it' : path} is not ${expected}`)
}

export const text: Codec<string> = {
  read: (value, path) => (typeof value === 'string' ? value : misread(path, 'a text')),
  write: (value) => value,
}

export const int: Codec<number> = {
  read: (value, path) => (isInt(value) ? value : misread(path, 'a whole number')),
  write: (value) => value,
}

export const flag: Codec<boolean> = {
  read: (value, path) => (typeof value === 'boolean' ? value : misread(path, 'true or false')),
  write: (value) => value,
}

/** Epoch milliseconds as ISO 8601 in UTC with milliseconds. */
export const instant: Codec<number> = {
  read: (value, path) => {
    const at = typeof value === 'string' ? Date.parse(value) : Number.NaN
    return isInt(at) && isoInstant(at) === value ? at : misread(path, 'an instant in UTC with milliseconds')
  },
  write: isoInstant,
}

/** A number that may have a fraction, as decimal text: canonical JSON has whole numbers only. */
export const decimal: Codec<number> = {
  read: (value, path) => {
    const number = typeof value === 'string' ? Number(value) : Number.NaN
    return Number.isFinite(number) && String(number) === value ? number : misread(path, 'a decimal number in a text')
  },
  write: String,
}

/** Any value that can be hashed, as it is. */
export const canonical: Codec<Canonical> = {
  read: (value, path) => (isCanonical(value) ? value : misread(path, 'canonical JSON')),
  write: (value) => value,
}

/** One of some words. */
export function oneOf<const Word extends string>(...words: readonly Word[]): Codec<Word> {
  return {
    read: (value, path) => words.find((word) => word === value) ?? misread(path, `one of ${words.join(', ')}`),
    write: (value) => value,
  }
}

/** The value, or null. */
export function orNull<T>(codec: Codec<T>): Codec<T | null> {
  return {
    read: (value, path) => (value === null ? null : codec.read(value, path)),
    write: (value) => (value === null ? null : codec.write(value)),
  }
}

/** A list of any length. */
export function listOf<T>(codec: Codec<T>): Codec<readonly T[]> {
  return {
    read: (value, path) => {
      if (!Array.isArray(value)) return misread(path, 'a list')
      return value.map((item, index) => codec.read(item, `${path}[${index}]`))
    },
    write: (value) => value.map((item) => codec.write(item)),
  }
}

/** The same as a field that is left out where the list is empty. */
export function listIfAny<T>(codec: Codec<T>): Codec<readonly T[]> {
  const list = listOf(codec)
  return {
    read: (value, path) => {
      if (value === undefined) return []
      const read = list.read(value, path)
      return read.length === 0 ? misread(path, 'a list of something') : read
    },
    write: (value) => list.write(value),
    isAbsent: (value) => value.length === 0,
  }
}

/** Two values as a list: the form of what there is much of. */
export function pair<A, B>(first: Codec<A>, second: Codec<B>): Codec<readonly [A, B]> {
  return {
    read: (value, path) => {
      if (!Array.isArray(value) || value.length !== 2) return misread(path, 'a list of two')
      return [first.read(value[0], `${path}[0]`), second.read(value[1], `${path}[1]`)]
    },
    write: ([a, b]) => [first.write(a), second.write(b)],
  }
}

type Read<Fields extends { readonly [name: string]: Field }> = { readonly [Name in keyof Fields]: Coded<Fields[Name]> }

/** An object of exactly these fields. */
export function fields<const Fields extends { readonly [name: string]: Field }>(named: Fields): Codec<Read<Fields>> {
  const entries = Object.entries(named)
  return {
    read: (value, path) => {
      if (!isObject(value)) return misread(path, 'an object')
      const unknown = Object.keys(value).find((name) => !Object.hasOwn(named, name))
      if (unknown !== undefined) return misread(join(path, unknown), 'known here')
      // `fromEntries` of pairs is untyped: the mapped type cannot be built name by name
      const read: unknown[][] = entries.map(([name, field]) => [name, field.read(value[name], join(path, name))])
      return Object.fromEntries(read)
    },
    write: (value) => {
      const given: { readonly [name: string]: unknown } = value
      const there = entries.filter(([name, field]) => field.isAbsent?.(given[name]) !== true)
      return Object.fromEntries(there.map(([name, field]) => [name, field.write(given[name])]))
    },
  }
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`
}

function isInt(value: unknown): value is number {
  return Number.isSafeInteger(value)
}

/** Whether a value is an object with names. */
export function isObject(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isCanonical(value: unknown): value is Canonical {
  return canonicalOrNull(value) !== null
}
