/**
 * Something the person who runs the program must put right before it can start. The message is one or two sentences
 * that say what is wrong and what to do; the command line prints it alone, without a stack.
 */
export class SetupError extends Error {
  override name = 'SetupError'
}
