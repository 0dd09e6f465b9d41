/** A pattern that is one of some alternatives and nothing else; case does not matter. */
export function whole(...alternatives: readonly string[]): RegExp {
  return new RegExp(`^(?:${alternatives.join('|')})$`, 'i')
}

/** A pattern found where any of some alternatives stands; case does not matter. */
export function anywhere(...alternatives: readonly string[]): RegExp {
  return new RegExp(alternatives.join('|'), 'i')
}
