/** What the program needs from the witness: addresses outside of the pair that answer a ping (G9). Types only. */

export interface Witness {
  /** Begins to ask; never throws. */
  open(): void
  /** Nothing asks any more when it has returned. */
  close(): void
  /** null: none is configured. true: one of them answered within the last second. What is unknown is not seen: false. */
  seen(): boolean | null
  /** When the newest answer came, in monotonic milliseconds; -Infinity: none yet. */
  answeredAt(): number
  /**
   * Resolves when `seen` means something: with the first answer, after a second without one, or at once when none is
   * configured. A supervisor that starts waits for it, or it would take its own ignorance for a cut cable.
   */
  known(): Promise<void>
  /** Called when `seen` has changed. Returns the unsubscription. */
  onChange(listener: () => void): () => void
  /** Why an address cannot even be asked (there is no ping), as a sentence; null: all are asked. */
  problem(): string | null
}
