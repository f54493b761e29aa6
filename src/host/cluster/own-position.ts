/**
 * Where the data of this member stands, for the others and for `apmode bootstrap`: from its status while it runs, from its files
 * while it does not. Told from memory at any time. Invariants: a position is forgotten as soon as the database is not down any
 * more; nothing is looked for in the data of a machine in maintenance, where somebody may be at work.
 */
import { messageOf } from '../../core/errors.ts'
import { isWhole, type Position } from '../../core/galera-state.ts'
import { databaseUnitOf, isDown, type Observed, type ObservedUnit } from '../../core/observed.ts'
import type { MemberView } from '../../ports/cluster.ts'
import type { Parts } from '../parts.ts'

/** Reading a file, and asking where it is. */
const READ_MS = 5_000
/** A recovery does what the next start would do: its length is that of the logs. */
const RECOVER_MS = 15 * 60_000
/** What could not be found is looked for again: now and then, and sooner when somebody asks. */
const AGAIN_MS = 30_000
const AGAIN_ASKED_MS = 1_000

export const SEEKING = 'its position is being looked for'

interface Found {
  readonly position: Position | null
  readonly known: 'grastate.dat' | 'recovered' | null
  readonly safeToBootstrap: boolean | null
  readonly detail: string
  /** All was tried that there is to try. */
  readonly tried: boolean
}

type Seen = Pick<Observed, 'units' | 'database'>

export class OwnPosition {
  /** It is about to form the primary component: a command of an operator. */
  forming = false
  /** The same, by itself. */
  candidate = false
  readonly #parts: Parts
  /** While the database is down. */
  #found: Found | null = null
  #seeking: Promise<void> | null = null
  /** Grows whenever the database is not down. */
  #life = 0
  #failedAt = Number.NEGATIVE_INFINITY

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** After each look, and when somebody asks. `mayRecover`: the mode allows to run something. */
  see(seen: Seen, { mayRecover, asked }: { readonly mayRecover: boolean; readonly asked: boolean }): void {
    const unit = databaseUnitOf(seen)
    if (unit === undefined || unit.active === null) return
    if (!isAtRest(unit)) {
      this.#life += 1
      this.#found = null
      this.#failedAt = Number.NEGATIVE_INFINITY
      return
    }
    const { clock } = this.#parts
    const wanted = this.#found === null || (this.#found.position === null && mayRecover)
    const sinceMs = clock.elapsed() - this.#failedAt
    if (!wanted || this.#seeking !== null || sinceMs < (asked ? AGAIN_ASKED_MS : AGAIN_MS)) return
    const life = this.#life
    this.#seeking = this.#find(mayRecover)
      .then((found) => {
        // What was not tried is tried as soon as the mode allows it.
        if (found.position === null && found.tried) this.#failedAt = clock.elapsed()
        if (life === this.#life) this.#found = found
      })
      .finally(() => {
        this.#seeking = null
      })
  }

  view(seen: Seen | null): MemberView {
    const { node } = this.#parts.config
    const unit = seen === null ? undefined : databaseUnitOf(seen)
    const known = { node: node.name, forming: this.forming || this.candidate, ...NOTHING }
    const cluster = seen?.database?.answers === true ? seen.database.cluster : null
    if (cluster !== null) {
      const { component, state, uuid, seqno } = cluster
      return { ...known, running: true, component, state, uuid, seqno, known: 'running' }
    }
    if (unit === undefined || unit.active === null)
      return { ...known, detail: 'systemd does not say whether its database runs' }
    if (!isAtRest(unit)) return { ...known, running: true, detail: startingSentence(unit) }
    const found = this.#found
    if (found === null || (found.position === null && this.#seeking !== null))
      return { ...known, running: false, detail: SEEKING }
    const { position, safeToBootstrap, detail } = found
    const place = position === null ? {} : { uuid: position.uuid, seqno: position.seqno }
    return { ...known, running: false, ...place, known: found.known, safeToBootstrap, detail }
  }

  /** Never rejects. */
  async #find(mayRecover: boolean): Promise<Found> {
    const { cluster } = this.#parts
    if (cluster === null) return { ...NOWHERE, detail: 'it is in no cluster' }
    const { files } = cluster
    let safeToBootstrap: boolean | null = null
    let trouble = ''
    try {
      const saved = await files.saved({ timeoutMs: READ_MS })
      safeToBootstrap = saved?.safeToBootstrap ?? null
      if (saved !== null && saved.seqno >= 0) {
        const position = { uuid: saved.uuid, seqno: saved.seqno }
        return { position, known: 'grastate.dat', safeToBootstrap, detail: '', tried: true }
      }
    } catch (thrown) {
      // The logs may know more than a file that is damaged.
      trouble = `${messageOf(thrown)}; `
    }
    const nothing = { ...NOWHERE, safeToBootstrap }
    if (!mayRecover) return { ...nothing, tried: false, detail: `${trouble}${NOT_LOOKED_FOR}` }
    try {
      const position = await files.recover({ timeoutMs: RECOVER_MS })
      if (isWhole(position)) return { position, known: 'recovered', safeToBootstrap, detail: '', tried: true }
      return { ...nothing, detail: `${trouble}its logs have no number for the history ${position.uuid}` }
    } catch (thrown) {
      return { ...nothing, detail: `${trouble}${messageOf(thrown)}` }
    }
  }
}

const NOT_LOOKED_FOR =
  'its database did not end well, and in mode m nothing is run to find out more: apmode set ap there, or --position'

const NOWHERE = { position: null, known: null, safeToBootstrap: null, tried: true } as const

const NOTHING: Omit<MemberView, 'node' | 'forming'> = {
  running: null,
  component: null,
  state: null,
  uuid: null,
  seqno: null,
  safeToBootstrap: null,
  known: null,
  detail: '',
}

/** It does not run, and nothing is about to start it. */
function isAtRest(unit: ObservedUnit): boolean {
  return isDown(unit) && !unit.jobPending
}

/** A server that waits for a primary component answers nobody, and does not end when it is asked to. */
function startingSentence({ name, active }: ObservedUnit): string {
  return active === 'activating'
    ? `its database is starting; one that waits for the others in vain is ended by systemctl kill --signal=KILL ${name} there`
    : 'its database runs and does not answer'
}
