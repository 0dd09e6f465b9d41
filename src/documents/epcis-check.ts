import { parseInstant } from '../domain/units.ts'
import { offsetOrNull } from './epcis-place.ts'
import { ACTIONS, BIZ_STEPS, DISPOSITIONS, EVENT_TYPES, type EventType } from './epcis-vocabulary.ts'

/**
 * What is wrong with an EPCIS 2.0 event in form; null where nothing is. A small check of our own for where GS1's JSON
 * Schema is not at hand: names of fields, times, terms, what stands where. The tests hold everything served against
 * the schema itself.
 */
export function epcisProblem(event: unknown): string | null {
  if (!isObject(event)) return 'is no object'
  const type = EVENT_TYPES.find((one) => one === event.type)
  if (type === undefined) return `type ${JSON.stringify(event.type)} is none of EPCIS`
  const stranger = Object.keys(event).find((key) => !COMMON.has(key) && !OWN[type].has(key) && !isCurie(key))
  if (stranger !== undefined) return `"${stranger}" is no field of an ${type}: own fields need a prefix`
  return (
    timeProblem(event) ??
    termProblem(event, type) ??
    (PARENTS.has(type) ? parentProblem(event) : null) ??
    ['epcList', 'childEPCs'].map((key) => listProblem(event, key)).find((problem) => problem !== null) ??
    null
  )
}

type Fields = { readonly [key: string]: unknown }

const COMMON = new Set([
  ...['@context', 'type', 'eventID', 'eventTime', 'eventTimeZoneOffset', 'recordTime', 'certificationInfo'],
  ...['errorDeclaration', 'bizStep', 'disposition', 'readPoint', 'bizLocation', 'bizTransactionList', 'sourceList'],
  ...['destinationList', 'sensorElementList'],
])
const CHILDREN = ['parentID', 'childEPCs', 'childQuantityList', 'action']
const OWN: Readonly<Record<EventType, ReadonlySet<string>>> = {
  ObjectEvent: new Set(['action', 'epcList', 'quantityList', 'persistentDisposition', 'ilmd']),
  AggregationEvent: new Set(CHILDREN),
  AssociationEvent: new Set(CHILDREN),
  TransactionEvent: new Set(['action', 'parentID', 'epcList', 'quantityList']),
  TransformationEvent: new Set([
    ...['inputEPCList', 'inputQuantityList', 'outputEPCList', 'outputQuantityList', 'transformationID'],
    ...['persistentDisposition', 'ilmd'],
  ]),
}
const PARENTS: ReadonlySet<EventType> = new Set(['AggregationEvent', 'AssociationEvent'])

function timeProblem(event: Fields): string | null {
  if (typeof event.eventTime !== 'string' || typeof parseInstant(event.eventTime) === 'string') {
    return `eventTime ${JSON.stringify(event.eventTime)} is no instant`
  }
  const offset = event.eventTimeZoneOffset
  if (typeof offset === 'string' && offsetOrNull(offset) !== null) return null
  return `eventTimeZoneOffset ${JSON.stringify(offset)} is no offset such as +01:00`
}

function termProblem(event: Fields, type: EventType): string | null {
  const { action, bizStep, disposition, ilmd } = event
  if (!isTerm(bizStep, BIZ_STEPS)) return `bizStep ${JSON.stringify(bizStep)} is no term of CBV`
  if (!isTerm(disposition, DISPOSITIONS)) return `disposition ${JSON.stringify(disposition)} is no term of CBV`
  if (type === 'TransformationEvent') return null
  if (!ACTIONS.some((one) => one === action)) return `action ${JSON.stringify(action)} is none`
  return ilmd !== undefined && action !== 'ADD' ? 'ilmd stands only where something begins: action ADD' : null
}

/** Absent, a term of the vocabulary, or an address of somebody's own. */
function isTerm(value: unknown, terms: readonly string[]): boolean {
  return value === undefined || (typeof value === 'string' && (terms.includes(value) || isCurie(value)))
}

function parentProblem({ action, parentID, childEPCs }: Fields): string | null {
  if (!isCurie(parentID)) return `parentID ${JSON.stringify(parentID)} is no URI`
  const isEmpty = !Array.isArray(childEPCs) || childEPCs.length === 0
  return isEmpty && action !== 'DELETE' ? 'childEPCs is empty: nothing joins the parent' : null
}

function listProblem(event: Fields, key: string): string | null {
  const list = event[key]
  if (list === undefined) return null
  if (!Array.isArray(list)) return `${key} is no list`
  const wrong = list.find((one) => !isCurie(one))
  if (wrong !== undefined) return `${JSON.stringify(wrong)} in ${key} is no URI`
  return new Set(list).size === list.length ? null : `${key} names something twice`
}

/** A prefix or scheme, a colon, and something after it. */
function isCurie(text: unknown): boolean {
  return typeof text === 'string' && /^[A-Za-z][A-Za-z0-9+.-]*:[^\s]+$/.test(text)
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
