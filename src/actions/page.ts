/** One page of a listing: at most `limit` rows after the key `after`; null starts at the beginning. */
export type Page<Key = number> = { limit: number; after: Key | null }

/** A page as found; `next` is the key the following page starts after, null on the last one. */
export type Listing<Item, Key = number> = { items: Item[]; next: Key | null }

/** A page out of rows that were fetched one beyond the limit, so that the last page is known to be the last. */
export function listing<Item, Key = number>(
  rows: readonly Item[],
  limit: number,
  keyOf: (item: Item) => Key,
): Listing<Item, Key> {
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  return { items, next: rows.length > limit && last !== undefined ? keyOf(last) : null }
}
