import { expect } from 'vitest'
import type { Api, Json } from './api.ts'
import { schemaProblems } from './epcis-schema.ts'
import { PUBLIC_URL } from './limits.ts'

type Walk = { key: string; query: string; between?: (() => Promise<void>) | undefined }

/** The events of every page, by the links; each page must be valid by GS1's schema. `between` happens after each. */
export async function walkPages(api: Api, { key, query, between = async () => {} }: Walk): Promise<Json[]> {
  const all: Json[] = []
  for (let next: string | null = query; next !== null; ) {
    const found: Page = await page(api, key, next)
    all.push(...found.list)
    next = found.link === null ? null : new URL(found.link).search
    if (next !== null) expect(found.link).toMatch(`${PUBLIC_URL}/api/v1/epcis/events?`)
    await between()
  }
  return all
}

type Page = { list: Json[]; link: string | null; answer: Json }

async function page(api: Api, key: string, query: string): Promise<Page> {
  const { status, headers, body, text } = await api.call(key, `GET /epcis/events${query}`)
  if (status !== 200) throw new Error(text)
  expect(schemaProblems(body)).toEqual([])
  const link = /^<(.+)>; rel="next"$/.exec(headers.get('Link') ?? '')?.[1] ?? null
  return { list: body.epcisBody.queryResults.resultsBody.eventList, link, answer: body }
}
