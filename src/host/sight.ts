/**
 * What was seen last of the own database, whoever looked: it answers at once and asks nobody. Invariant: from the moment in
 * which writes are being taken away it says that there are none, and a look that began before a right changed cannot say
 * otherwise.
 */
import type { DatabaseStatus } from '../ports/database.ts'

export class Sight {
  #database: DatabaseStatus | null = null
  /** Counts the changes of the right to write. */
  #changes = 0
  #closing = 0
  readonly #onChange: () => void

  constructor(onChange: () => void) {
    this.#onChange = onChange
  }

  /** null: nothing has been looked at, or there is no database. */
  get database(): DatabaseStatus | null {
    return this.#database
  }

  /** A look begins; what it finds is handed to the function. */
  look(): (found: DatabaseStatus | null) => void {
    const changes = this.#changes
    return (found) => {
      const before = this.#database
      const outdated = changes !== this.#changes && found?.answers === true && before?.answers === true
      this.#set(outdated ? { ...found, writable: before.writable } : found)
    }
  }

  /** Writes are being taken away, until the returned function is called. */
  closes(): () => void {
    this.#closing += 1
    this.#changes += 1
    this.#set(this.#database)
    return () => {
      this.#closing -= 1
      this.#changes += 1
    }
  }

  /** Writes have been allowed. */
  opened(): void {
    this.#changes += 1
    if (this.#database?.answers === true) this.#set({ ...this.#database, writable: true })
  }

  #set(found: DatabaseStatus | null): void {
    const closed = this.#closing > 0 && found?.answers === true && found.writable
    const now = closed ? { ...found, writable: false } : found
    const same = JSON.stringify(now) === JSON.stringify(this.#database)
    this.#database = now
    if (!same) this.#onChange()
  }
}
