import { describe, expect, test } from 'vitest'
import type { Actor } from '../../src/domain/actor.ts'
import { askerKey, readerOf } from '../../src/domain/reader.ts'
import { isRefusal } from '../../src/domain/refusal.ts'

const machine: Actor = { kind: 'machine', id: '7', organisationId: 1, role: 'treatment_centre', requestId: null }
const person: Actor = { ...machine, kind: 'person', role: null }

function keyOf(actor: Actor, named: string | null): string | null {
  const reader = readerOf(actor, named)
  return isRefusal(reader) ? null : reader.key
}

describe('who reads a label', () => {
  test('is the person a machine names; a machine reads nothing by itself', () => {
    expect(readerOf(machine, 'Anna Berg')).toMatchObject({ name: 'Anna Berg' })
    expect(readerOf(machine, null)).toMatchObject({ refused: 'invalid' })
  })
  test('is the same person however the name is typed, and another under another name', () => {
    const key = keyOf(machine, 'Anna Müller')
    for (const name of ['anna müller', ' ANNA  MÜLLER ', 'Anna Mu\u0308ller', 'Anna\u00a0Müller']) {
      expect(keyOf(machine, name)).toBe(key)
    }
    expect(keyOf(machine, 'Anna Miller')).not.toBe(key)
  })
  test('is a person themselves, who reads for nobody else', () => {
    expect(keyOf(person, null)).toBe('person:7')
    expect(readerOf(person, 'Anna Berg')).toMatchObject({ refused: 'invalid' })
    expect(keyOf(machine, 'person:7')).not.toBe('person:7')
  })
  test('is who may ask to see it afterwards', () => {
    expect(askerKey(machine, 'ANNA BERG')).toBe(keyOf(machine, 'Anna Berg'))
    expect(askerKey(machine, null)).toBeNull()
    expect(askerKey(person, 'somebody else')).toBe(keyOf(person, null))
  })
})
