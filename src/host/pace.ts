/** How soon the supervisor looks again, and after what. Milliseconds; what an operator may change is in the configuration. */

/** First wait before what failed is tried again; doubled each time, up to the drift interval. */
export const RETRY_FIRST_MS = 200
/** How long the first look waits for the bus; it goes on connecting behind. */
export const BUS_MS = 5_000
/** How soon after steps were made the machine looks whether they did what they should. */
export const SETTLED_MS = 25
/** How often a holder that acknowledges alone looks whether the pair is whole again. */
export const WHOLE_MS = 1_000
/** How soon a peer that still accepts writes is asked again (G3): it is being fenced at this moment, or for long not. */
export const PEER_WAIT_MS = 8
/** How soon after keepalived's word was doubted the machine looks again. */
export const DOUBT_MS = 50
/** How often a machine looks at what ties it to its peer. */
export const BOND_MS = 250
/** How long a replica that was whole counts as whole: several looks, and the time that VRRP takes to move the VIP. */
export const LEASE_MS = 2_000
/** How long a primary waits for a silent peer before it goes on alone: longer than any lease, so that no write is lost. */
export const GONE_MS = LEASE_MS + 500
/** How long a peer that is attached and acknowledges nothing is not waited for again; doubled each time. */
export const STUCK_FIRST_MS = 10_000
export const STUCK_MOST_MS = 300_000
/** How long VRRP may say master while the peer is being fenced (G3). */
export const RIVAL_PATIENCE_MS = 400
/** How long a machine stays out after that; doubled each time, up to the most. */
export const RIVAL_FIRST_MS = 5_000
export const RIVAL_MOST_MS = 60_000
