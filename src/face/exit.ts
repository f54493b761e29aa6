/**
 * The exit codes, which scripts rely on, and the one way to end with another than 0: a Failure. Only `main.ts` exits.
 * Imports nothing, as the thin client loads it.
 */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  refused: 3,
  unreachable: 4,
  stillGoingOn: 5,
} as const
export type Exit = (typeof EXIT)[keyof typeof EXIT]

export const EXIT_CODES_TEXT = `Exit codes:
  0  done, or nothing to do
  1  it failed; the output says what was done and what was not
  2  bad usage or configuration
  3  refused by a guard, nothing changed
  4  the supervisor cannot be reached
  5  time limit reached, still going on`

/** The message is a sentence for the operator; it goes to stderr. */
export class Failure extends Error {
  readonly exit: Exit
  constructor(exit: Exit, message: string) {
    super(message)
    this.name = 'Failure'
    this.exit = exit
  }
}

/** Where the supervisor listens. */
export function socketPathOf(environment: NodeJS.ProcessEnv): string {
  return environment.APMODE_SOCKET || '/run/apmode/apmode.sock'
}

/** What a connection error means, and what to do about it. */
export function unreachable(socketPath: string, code: string | undefined, message: string): Failure {
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such socket (is apmode.socket started?)',
    ECONNREFUSED: 'nothing listens there',
    EACCES: 'permission denied (try as root)',
  }
  const reason = (code !== undefined && reasons[code]) || message
  return new Failure(
    EXIT.unreachable,
    `cannot reach the supervisor at ${socketPath}: ${reason}; journalctl -u apmode shows why`,
  )
}
