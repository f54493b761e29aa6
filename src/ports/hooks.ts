/** The operator's own programs in /etc/apmode/hooks.d. Types only. */

/** `pre`: asked, and may say no. `post`: told. */
export type HookPhase = 'pre' | 'post'

export interface HookCall {
  readonly phase: HookPhase
  /** `promote`, `demote`, `follow`, `change`. */
  readonly event: string
  /** The whole environment of the hook, but for PATH and the like. Never a secret. */
  readonly environment: Readonly<Record<string, string>>
  readonly timeoutMs: number
  /** Aborted: the hook is ended, and the call resolves at once, before it is gone. */
  readonly signal?: AbortSignal
}

export interface HookOutcome {
  /** `none`: it hung, was killed, or could not be run. */
  readonly answer: 'yes' | 'no' | 'none'
  /** The first line of what it said on stderr, or how it ended; one line without control characters. */
  readonly detail: string
  /** What it wrote to stdout and stderr, no more than 4,096 bytes. */
  readonly output: string
}

export interface HookList {
  /** What is run, in this order. */
  readonly names: readonly string[]
  /** What looks like a hook and is not run: a sentence for each. */
  readonly refused: readonly string[]
}

export interface Hooks {
  /** Read from the folder at each call; without one, empty. Never throws. */
  list(): HookList
  /** Never rejects. */
  run(name: string, call: HookCall): Promise<HookOutcome>
}
