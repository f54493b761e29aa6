/** What each command gets: where to write, and how to reach the supervisor. */
import { Client } from './client.ts'
import { socketPathOf } from './exit.ts'
import { type Paint, painter, type Terminal } from './terminal.ts'

export interface Context {
  readonly terminal: Terminal
  readonly client: Client
  /** For what goes to stdout. */
  readonly paint: Paint
  /** For what goes to stderr. */
  readonly paintErr: Paint
}

export function contextOf(terminal: Terminal): Context {
  const { environment } = terminal
  return {
    terminal,
    client: new Client(socketPathOf(environment)),
    paint: painter(terminal.outIsTerminal, environment),
    paintErr: painter(terminal.errIsTerminal, environment),
  }
}

/** One JSON value on stdout, and nothing else. */
export function printJson({ terminal }: Context, value: unknown): void {
  terminal.out(`${JSON.stringify(value, null, 2)}\n`)
}
