/**
 * The one error class. A message is "cannot VERB OBJECT: REASON" with what was found; the code is stable and is what
 * programs test. Expected outcomes (the peer is away, a job failed) are values, never errors. Never holds a secret.
 */
export type ErrorCode =
  | 'usage' // bad command line
  | 'config' // bad configuration
  | 'refused' // a guard said no, nothing was changed
  | 'unreachable' // the supervisor, the bus or the database does not answer
  | 'timeout' // a time limit was reached
  | 'denied' // the other side refused our credentials or our rights
  | 'unsupported' // the other side is not what we can work with (MySQL, a MariaDB too old)
  | 'storage' // a file could not be read or written
  | 'failed' // it was tried and did not work

export class ApmodeError extends Error {
  readonly code: ErrorCode
  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'ApmodeError'
    this.code = code
  }
}

/** The sentence of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
