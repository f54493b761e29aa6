/** The outside, as the host holds it: one of each port. `compose.ts` fills it with the real ones, tests with a small world. */
import type { Config, NodeConfig } from '../core/config.ts'
import type { Counting } from '../core/counting.ts'
import type { ObservedCheck } from '../core/observed.ts'
import type { Clock } from '../ports/clock.ts'
import type { Cloner } from '../ports/clone.ts'
import type { ClusterFiles, ClusterNeighbours } from '../ports/cluster.ts'
import type { Database, Primary } from '../ports/database.ts'
import type { Hooks } from '../ports/hooks.ts'
import type { Network } from '../ports/network.ts'
import type { Probe } from '../ports/probe.ts'
import type { History, ModeFile, StateFile, UnfitFile } from '../ports/storage.ts'
import type { Systemd } from '../ports/systemd.ts'
import type { Witness } from '../ports/witness.ts'

/** pino's levels; a sentence, and facts beside it. */
export interface Log {
  debug(facts: object, sentence: string): void
  info(facts: object, sentence: string): void
  warn(facts: object, sentence: string): void
  error(facts: object, sentence: string): void
}

/** A probe, and what it is about in the words of the core. */
export interface PlacedProbe {
  readonly probe: Probe
  readonly kind: ObservedCheck['kind']
  readonly unit: string
  readonly withinMs: number
}

export interface Parts {
  readonly config: Config
  readonly systemd: Systemd
  /** null: engine "none". */
  readonly database: Database | null
  /** null: engine "none". */
  readonly cloner: Cloner | null
  /** A Galera cluster whose database does not run; null: another engine. */
  readonly cluster: { readonly files: ClusterFiles; readonly neighbours: ClusterNeighbours } | null
  readonly network: Network
  /** null: none is configured. */
  readonly witness: Witness | null
  /**
   * The other machines, where a look at their database cannot say whether they are there: without one, and of more than two.
   * null: such a look does, or there is no witness, and nobody asks.
   */
  readonly othersAnswer: Witness | null
  /** Whoever answers at the VIP; null: engine "mariadb", where the databases see each other. */
  readonly vipHolder: Witness | null
  readonly modeFile: ModeFile
  readonly stateFile: StateFile
  readonly unfitFile: UnfitFile
  readonly history: History
  readonly hooks: Hooks
  /** What was decided and done since the supervisor was started, for monitoring. */
  readonly counting: Counting
  readonly probes: readonly PlacedProbe[]
  readonly clock: Clock
  readonly log: Log
}

/** How the peer's database is reached, for replication and for a look at it. */
export function primaryOf(config: Config): Primary | null {
  const { peer, database } = config
  return peer === null || database.engine === 'none' ? null : databaseAt(peer, config)
}

/** How the database of another machine is reached. */
export function databaseAt({ address }: Pick<NodeConfig, 'address'>, { database }: Config): Primary {
  return {
    host: address,
    port: database.port,
    user: database.replicationUser,
    passwordFile: database.replicationPasswordFile,
  }
}
