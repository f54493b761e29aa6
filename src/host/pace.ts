/** How soon the supervisor looks again, and after what. Milliseconds; what an operator may change is in the configuration. */
import type { Config } from '../core/config.ts'

/** First wait before what failed is tried again; doubled each time, up to the drift interval. */
export const RETRY_FIRST_MS = 200
/** How long the first look waits for the bus; it goes on connecting behind. */
export const BUS_MS = 5_000
/** How soon after steps were made the machine looks whether they did what they should. */
export const SETTLED_MS = 25
/** How often a machine looks whether the database that is being restarted is back. */
export const RESTARTING_MS = 250
/** How often a holder that acknowledges alone looks whether the pair is whole again. */
export const WHOLE_MS = 1_000
/** How soon a peer that still accepts writes is asked again (G3): it is being fenced at this moment, or for long not. */
export const PEER_WAIT_MS = 8
/** When hooks that said no are asked again; doubled each time, up to the drift interval. */
export const VETO_FIRST_MS = 1_000
/** How soon after keepalived's word was doubted the machine looks again. */
export const DOUBT_MS = 50
/** How often a machine looks at what ties it to its peer. */
export const BOND_MS = 250
/** How soon a replica that must prove at once that it has everything looks again. */
export const PROVE_MS = 2
/** Adverts that VRRP misses before the VIP moves, and one for the way. */
const ADVERTS = 4
/** So much later than a fault of the primary is certain may the promotion still come. */
const LEASE_MARGIN_MS = 1_000
/** So much longer than a lease does a primary wait for a silent peer: a replica's last look, and slow clocks. */
const GONE_MARGIN_MS = 500

/**
 * How long a replica that was whole counts as whole: until a primary that hangs was found out, or a silent one was missed
 * by VRRP; and how long a primary waits for a silent peer before it goes on alone: longer, so that no write is lost.
 */
export function leaseOf({ database, vrrp }: Config): { readonly leaseMs: number; readonly goneMs: number } {
  const leaseMs = Math.max(database.hangTimeoutMs, ADVERTS * vrrp.advertInterval * 1000) + LEASE_MARGIN_MS
  return { leaseMs, goneMs: leaseMs + GONE_MARGIN_MS }
}
/** How long after commits waited in vain the services that need the database may take to answer again. */
export const RECOVERY_MS = 5_000
/** How long a peer that is attached and acknowledges nothing is not waited for again; doubled each time. */
export const STUCK_FIRST_MS = 10_000
export const STUCK_MOST_MS = 300_000
/** How often a primary asks a peer that is attached. */
export const ASK_PEER_MS = 2_000
/** How often it looks while no witness answers. */
export const DOUBTFUL_MS = 100
/** How long a peer that called itself unfit counts as such: it is asked at every look from then on. */
export const FITNESS_MS = 1_000
/** How long no witness may answer before the peer is asked whether this machine is cut off: five questions. */
export const WITNESS_SILENT_MS = 500
/**
 * How long a takeover from a silent peer waits since that was last seen, where there is a witness: the time in which a holder
 * that is cut off finds out (the silence of the witness, two looks) and has fenced itself or is killed.
 */
export const YIELD_MS = 2_000
/** A peer that a handover waits for and that says nothing for so long is not waited for: less than any lease lasts. */
export const HANDOVER_SILENT_MS = 1_000
/** How long a unit of the holder runs, beside the time of its check, until it counts as started. */
export const START_STEADY_MS = 2_000
/** How soon one that did not start is tried again. */
export const START_REST_MS = 1_000
/** How long a try in vain counts at least, while the unit has not been given up. */
export const START_WINDOW_MS = 600_000
/** So many times its `preempt_delay` on a machine that takes the VIP back: its next try comes no sooner than that. */
const START_WINDOW_DELAYS = 3

/** How long a try in vain counts on this machine. */
export function startWindowOf({ node, vrrp }: Config): number {
  return Math.max(START_WINDOW_MS, node.preempt ? START_WINDOW_DELAYS * vrrp.preemptDelay * 1000 : 0)
}
/** How long nobody answers at the VIP until a machine that gave a unit up serves without it. */
export const VIP_SILENT_MS = 3_000
/** How long balancers are given to see that a member leaves: two questions, half a second apart. */
export const BALANCERS_MS = 1_000
/** How often the clients' transactions are looked for meanwhile. InnoDB shows an old list to whoever asks more often than every 0.1 s. */
export const DRAIN_ASK_MS = 150
/** How long VRRP may say master while the peer is being fenced (G3). */
export const RIVAL_PATIENCE_MS = 400
/** How long a machine stays out after that; doubled each time, up to the most. */
export const RIVAL_FIRST_MS = 5_000
export const RIVAL_MOST_MS = 60_000
