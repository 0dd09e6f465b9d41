/** What the person at the keyboard can put right: told as a sentence, without a stack. */
export class FleetProblem extends Error {}
