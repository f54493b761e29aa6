/** What the program needs from the network interface that carries the VIP. Types only. */
import type { Call } from './systemd.ts'

export interface Network {
  /** Is the VIP on the interface now? Synchronous and cheap: it is asked directly before a grant. */
  holdsVip(): boolean
  /** Has the interface a carrier? null: unknown. */
  carrier(): boolean | null
  /** Takes the VIP off the interface; nothing to do when it is not there. */
  removeVip(call: Call): Promise<void>
  /** Called when addresses or links change (ip monitor); a hint to look again, nothing more. Returns the unsubscription. */
  watch(listener: () => void): () => void
}
