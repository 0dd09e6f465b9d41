/** Where the context of the own fields is served, below PUBLIC_URL. */
export const CONTEXT_PATH = '/epcis/context.jsonld'

/** What `cc:` stands for. */
export function namespaceOf(publicUrl: string): string {
  return `${publicUrl}/epcis/`
}

/**
 * The JSON-LD context of the own fields, for readers that want to know the type of their values; what they mean is the
 * comment. Documents carry the prefix themselves, so nobody has to fetch this to read them.
 */
export function ownContext(publicUrl: string) {
  const cc = namespaceOf(publicUrl)
  const terms = Object.entries(OWN_FIELDS).map(([name, { type }]) => [`cc:${name}`, typed(`${cc}${name}`, type)])
  const comments = Object.entries(OWN_FIELDS).map(([name, { means }]) => ({
    '@id': `${cc}${name}`,
    'rdfs:comment': means,
  }))
  return {
    '@context': {
      '@version': 1.1,
      cc,
      rdfs: 'http://www.w3.org/2000/01/rdf-schema#',
      xsd: 'http://www.w3.org/2001/XMLSchema#',
      ...Object.fromEntries(terms),
    },
    '@graph': comments,
  }
}

type FieldType = 'string' | 'dateTime' | 'boolean' | 'integer' | 'id' | 'list'

function typed(id: string, type: FieldType) {
  switch (type) {
    case 'id':
      return { '@id': id, '@type': '@id' }
    case 'list':
      return { '@id': id, '@type': 'xsd:string', '@container': '@set' }
    default:
      return { '@id': id, '@type': `xsd:${type}` }
  }
}

/** Every own field that an event can carry. */
export const OWN_FIELDS: Readonly<Record<string, { readonly type: FieldType; readonly means: string }>> = {
  acknowledgedFor: { type: 'string', means: 'company whose driver gave a word without an account; no signature' },
  alarmState: { type: 'string', means: 'confirmed by readings, or presumed because a gap hides what was' },
  authority: { type: 'string', means: 'who ordered the container opened' },
  channel: { type: 'string', means: 'channel of the sensor' },
  chargeWeightG: { type: 'integer', means: 'weight of the charged container before loading, grams' },
  coi: { type: 'string', means: 'chain-of-identity code: a pseudonym, never a patient' },
  complete: { type: 'boolean', means: 'false: some of the time nothing was measured, and no value stands for it' },
  custodyKind: { type: 'string', means: 'kind of custody event, where the EPCIS terms are those of another kind too' },
  deviation: { type: 'string', means: 'number of the deviation record' },
  evaluationVersion: { type: 'integer', means: 'version of the judgement that first said this' },
  faults: {
    type: 'integer',
    means: 'readings that are no temperature: the sensor’s own fault codes, impossible values',
  },
  findings: { type: 'list', means: 'codes of what was found' },
  handoverId: { type: 'string', means: 'joins a release with its acceptance' },
  holder: { type: 'id', means: 'party that had the box during the leg' },
  leg: { type: 'integer', means: 'number of the leg: the journey is cut where somebody took over' },
  level: { type: 'string', means: 'limit of the profile (bizRules) that was passed' },
  noValue: { type: 'boolean', means: 'nothing valid was measured' },
  reason: { type: 'string', means: 'why' },
  releasedAt: { type: 'dateTime', means: 'when the giver released it' },
  replaces: { type: 'list', means: 'numbers of the seals that the new ones replace' },
  role: { type: 'string', means: 'what the sensor measured: product, lid, tilt …' },
  sealCheck: { type: 'string', means: 'what the seals looked like' },
  seals: { type: 'list', means: 'numbers of the seals; empty: looked, found none' },
  severity: { type: 'string', means: 'severity of the level: warning, major, critical' },
  shipmentId: { type: 'string', means: 'the sender’s reference of the shipment' },
  signatureId: { type: 'string', means: 'the signature record' },
  verdict: { type: 'string', means: 'verdict of the receipt' },
  weightG: { type: 'integer', means: 'weight of the container, grams' },
  witness: { type: 'string', means: 'second person' },
}
