/**
 * Units that only the holder runs, and that do not start. After a bounded number of tries the machine gives up: it leaves
 * the VIP to whoever else can serve, and takes it again, without the unit, only when nobody else carries it. Pure.
 * Invariant: a unit that was given up is started again only after a person's word, so that the VIP comes to rest.
 */
import type { Config } from './config.ts'
import type { Observed, ObservedUnit } from './observed.ts'
import type { State } from './state.ts'

/** So many times a unit is started in vain, without having run for a while in between. */
export const START_TRIES = 2

export interface StartFailure {
  readonly unit: string
  readonly tries: number
  /** Why it did not start, as systemd or its check said it. */
  readonly detail: string
  /** The start itself failed: it is tried again here. Otherwise it ran first, and fell over: that moves the VIP. */
  readonly inPlace: boolean
  /** It was tried a moment ago: not yet again. */
  readonly rests: boolean
}

/** What the host keeps of starts between looks. */
export interface Starting {
  /** Units that have run since the VIP came: only they can fall over; what is left of an earlier time is started. */
  readonly ran: readonly string[]
  /** Of units that did not start and have not run since. */
  readonly failures: readonly StartFailure[]
  /** Since something was given up, nobody else has answered at the VIP for a while. */
  readonly nobodyElse: boolean
  /** keepalived was started here, well or not, since the VIP was last seen here. */
  readonly routerTried: boolean
}

export const ALL_STARTED: Starting = { ran: [], failures: [], nobodyElse: false, routerTried: false }

export function givenUp({ starting }: Pick<Observed, 'starting'>): readonly StartFailure[] {
  return starting.failures.filter(({ tries }) => tries >= START_TRIES)
}

/** That it does not run is known, and is no reason to let go before it was tried often enough. */
export function isTried({ starting }: Pick<Observed, 'starting'>, { name }: Pick<ObservedUnit, 'name'>): boolean {
  return starting.failures.some(({ unit, tries, inPlace }) => unit === name && (inPlace || tries >= START_TRIES))
}

type Sought = Pick<ObservedUnit, 'name'>

export function isGivenUp(observed: Pick<Observed, 'starting'>, { name }: Sought): boolean {
  return givenUp(observed).some(({ unit }) => unit === name)
}

/** It was tried a moment ago, and is tried again. */
export function rests({ starting }: Pick<Observed, 'starting'>, { name }: Sought): boolean {
  return starting.failures.some((failure) => failure.unit === name && failure.rests)
}

export function startSentence({ unit, tries, detail }: StartFailure): string {
  return `${unit} does not start here (${tries} tries; ${detail}): mend it, then apmode start`
}

/** Why this machine leaves the VIP to another one. Where none is there to take it, it serves what it can. */
export function startReasons(state: State, observed: Observed, config: Config): string[] {
  const failures = givenUp(observed)
  if (failures.length === 0 || config.nodes.length === 1) return []
  const { database, peerAttached, starting } = observed
  // Data decides who serves it: a machine that is alone with it, or whose replica is away, has nobody to leave it to.
  const alone = database === null ? starting.nobodyElse : state.mode === 's' || !peerAttached
  return alone ? [] : failures.map(startSentence)
}

/** What is kept back on a machine that carries the VIP all the same. */
export function startHolds(observed: Observed, unfit: readonly string[]): string[] {
  return givenUp(observed)
    .map(startSentence)
    .filter((sentence) => !unfit.includes(sentence))
}
