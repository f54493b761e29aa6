/** What the program asks a unit, or a disk, that seems to run. Types only. */

export interface Probe {
  /** For sentences: `api.service`, `the disk of the database`. */
  readonly about: string
  /** One attempt. null: well; otherwise what is wrong, in a sentence. Ends when `signal` is aborted; never throws. */
  attempt(signal: AbortSignal): Promise<string | null>
}
