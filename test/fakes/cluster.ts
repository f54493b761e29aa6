/** The files of a Galera member and what the other machines say, in memory. Changes are told to the world. */
import { ApmodeError } from '../../src/core/errors.ts'
import type { Position, SavedPosition } from '../../src/core/galera-state.ts'
import type { Parts } from '../../src/host/parts.ts'
import type { MemberView } from '../../src/ports/cluster.ts'

export const HISTORY = 'aaaaaaaa-0000-11f1-8000-000000000001'

export const A_VIEW: MemberView = {
  node: 'host2',
  running: false,
  component: null,
  state: null,
  uuid: HISTORY,
  seqno: 5,
  safeToBootstrap: false,
  known: 'grastate.dat',
  forming: false,
  detail: '',
}

export class FakeCluster {
  /** grastate.dat; null: there is none. */
  saved: SavedPosition | null = { uuid: HISTORY, seqno: 5, safeToBootstrap: false }
  /** What the logs say; a sentence: why nothing. */
  recovered: Position | string = { uuid: HISTORY, seqno: 5 }
  recoveries = 0
  /** A recovery waits for it. */
  gate: Promise<void> | null = null
  /** By address; undefined: nobody answers there. */
  readonly others = new Map<string, MemberView | undefined>()
  /** Called when somebody is asked. */
  onAsk: () => void = () => {}
  /** gvwstate.dat names nobody else. */
  alone = false
  /** The files cannot be written. */
  broken = false
  readonly #changed: (change: string) => void

  constructor(changed: (change: string) => void) {
    this.#changed = changed
  }

  parts(): NonNullable<Parts['cluster']> {
    return {
      files: {
        saved: async () => this.saved,
        recover: async () => {
          this.recoveries += 1
          const found = this.recovered
          await this.gate
          if (typeof found === 'string') throw new ApmodeError('failed', found)
          return found
        },
        wasAlone: async () => this.alone || this.saved?.safeToBootstrap === true,
        forgetView: async () => this.#changed('forget view'),
        forbidBootstrap: async () => {
          if (this.saved !== null) this.saved = { ...this.saved, safeToBootstrap: false }
          this.#changed('forbid bootstrap')
        },
        allowBootstrap: async ({ uuid, seqno }) => {
          if (this.broken) throw new ApmodeError('storage', 'cannot write grastate.dat: no space left on the disk')
          this.#changed(`allow bootstrap at ${seqno}`)
          this.saved = { uuid, seqno, safeToBootstrap: true }
        },
      },
      neighbours: {
        ask: async (address, { timeoutMs }) => {
          this.onAsk()
          const view = this.others.get(address)
          if (view === undefined) throw new ApmodeError('timeout', `no answer from ${address} within ${timeoutMs} ms`)
          return view
        },
      },
    }
  }
}
