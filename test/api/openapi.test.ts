import { describe, expect, test } from 'vitest'
import { connect } from '../../db/connect.ts'
import { createApi, type Json } from '../support/api.ts'

/** No database is reached: the document is made from the routes. */
const db = connect('postgres://x:y@127.0.0.1:1/none', {
  max: 1,
  applicationName: 'test',
  statementTimeoutMs: 1000,
  log: { warn: () => {} },
})
const api = await createApi({ db })
const { body: document } = await api.call(null, 'GET /openapi.json')
const operations: [string, Json][] = Object.entries<Json>(document.paths).flatMap(([path, methods]) =>
  Object.entries<Json>(methods).map(([method, operation]): [string, Json] => [
    `${method.toUpperCase()} ${path}`,
    operation,
  ]),
)

describe('the OpenAPI document', () => {
  test('is of version 3.1 and names how to authenticate', () => {
    expect(document.openapi).toBe('3.1.0')
    expect(document.components.securitySchemes.apiKey).toEqual({ type: 'http', scheme: 'bearer' })
    expect(document.security).toEqual([{ apiKey: [] }])
  })

  test('holds every route of the app, and no other', () => {
    const routes = api.app.routes
      .filter(({ method, path }) => method !== 'ALL' && path !== '/openapi.json')
      .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`)
    expect(new Set(routes)).toEqual(new Set(operations.map(([name]) => name)))
    expect(operations.length).toBeGreaterThan(45)
  })

  test('every reference in it resolves', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path = '']) => path)
    expect(references.length).toBeGreaterThan(100)
    for (const path of new Set(references)) {
      const found = path.split('/').reduce((part: Json, name) => part?.[name], document)
      expect(found, path).toBeDefined()
    }
  })

  test('every pattern in it is one of JSON Schema', () => {
    for (const [, pattern = ''] of JSON.stringify(document).matchAll(/"pattern":("(?:[^"\\]|\\.)*")/g)) {
      const text: string = JSON.parse(pattern)
      expect(() => new RegExp(text, 'u')).not.toThrow()
      expect(text).not.toMatch(/\/[a-z]*$/)
    }
  })
})

describe.each(operations)('%s', (name, operation) => {
  test('has a summary, a tag, its path parameters and typed answers', () => {
    expect(operation.summary).toMatch(/^[A-Z].{5,}/)
    expect(operation.tags).toHaveLength(1)
    const named = [...name.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => parameter)
    const declared = (operation.parameters ?? []).filter((parameter: Json) => parameter.in === 'path')
    expect(declared.map((parameter: Json) => parameter.name).sort()).toEqual(named.sort())
    const responses = Object.values<Json>(operation.responses)
    for (const response of responses) expect(Object.values<Json>(response.content)[0]?.schema).toBeDefined()
  })

  test('tells its problems, and which POST may be repeated', () => {
    if (!name.includes('/api/v1/')) return expect(operation.security).toEqual([])
    for (const status of [400, 401, 403, 404, 409, 422, 500, 503]) {
      const { content } = operation.responses[status]
      expect(content['application/problem+json'].schema.$ref).toBe('#/components/schemas/Problem')
    }
    const headers = (operation.parameters ?? []).filter((parameter: Json) => parameter.in === 'header')
    // what comes before anyone is let in belongs to no organisation yet, whose key it could be
    const isRepeatable = name.startsWith('POST') && operation.security === undefined
    expect(headers.map((header: Json) => header.name)).toEqual(isRepeatable ? ['Idempotency-Key'] : [])
  })
})
