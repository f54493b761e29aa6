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
