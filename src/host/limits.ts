/** How long the host waits for each kind of call, in milliseconds. What an operator may change is in the configuration. */
export const LIMITS = {
  /** One look at systemd: a few properties of a few units. */
  systemdLook: 2_000,
  /** One look at the local database. Beyond it nothing is known of it; whether it hangs is for its check to say. */
  databaseLook: 500,
  /** The same for one of which the checks say already that it hangs. */
  hungDatabaseLook: 50,
  /** A look at the peer's database before a promotion (G3): a silent peer costs this much at most. */
  peerLook: 100,
  /** The same for a peer that has always answered at once. */
  peerLookLeast: 30,
  /** The row that offers the lead: the peer acknowledges it, and one that does not answers no question either. */
  offer: 1_500,
  /** A change of unit files with its reload. */
  unitFiles: 10_000,
  /** One statement that does not wait for others (stop replication, record, allow). */
  statement: 5_000,
  /** Writing down what only this machine has (G6). */
  keep: 30_000,
  /** Taking the VIP off. */
  vip: 2_000,
  /** SIGKILL through systemd until the process is gone. */
  kill: 5_000,
} as const

/** How long after the peer's replica was last seen it still counts as attached while the database does not answer. */
export const ATTACHED_MEMORY_MS = 10_000
