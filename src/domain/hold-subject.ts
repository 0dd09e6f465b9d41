/** What a legal hold stands on; everything that belongs to it is kept. A lot is one of a product. */
export type HoldSubject =
  | { readonly subject: 'shipment'; readonly shipmentId: number }
  | { readonly subject: 'lot'; readonly productId: number; readonly lot: string }
  | { readonly subject: 'sensor'; readonly sensorId: number }
  | { readonly subject: 'product'; readonly productId: number }
  | { readonly subject: 'all' }
