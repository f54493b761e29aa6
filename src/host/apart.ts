/**
 * G6 over time: what only this machine has. Invariant: found by two looks in a row, each with the own state read first (what
 * it had then, a peer that leads has by the time it is asked); forgotten only when a look says otherwise.
 */
import { divergence, type GtidRange, rangeText } from '../core/divergence.ts'
import type { Lineage } from '../core/lineage.ts'
import type { DatabasePresent, PeerStatus } from '../ports/database.ts'

const textOf = (ranges: readonly GtidRange[]) => ranges.map(rangeText).join(', ')

export class Apart {
  ranges: readonly GtidRange[] = []
  /** The file that holds them; null: not written yet. */
  keptIn: string | null = null
  #suspected = ''

  get known(): Pick<Lineage, 'diverged' | 'keptIn'> {
    return { diverged: this.ranges, keptIn: this.keptIn }
  }

  /**
   * `own` was read before `peer`. `leads`: the peer does. Of one that does not, only what was written here counts: what came
   * from it, and it lost with its power, was never acknowledged, and is no reason to stay away.
   */
  compare(own: DatabasePresent, peer: PeerStatus, leads: boolean): void {
    if (peer.binlogState === '' && peer.applied === '') return
    const all = divergence(own.binlogState, `${peer.binlogState},${peer.applied}`)
    const found = leads ? all : all.filter(({ server }) => server === own.serverId)
    const text = textOf(found)
    if (text === this.#suspected && text !== textOf(this.ranges)) {
      this.ranges = found
      this.keptIn = null
    }
    this.#suspected = text
  }

  /** Only whoever does not lead can be the one that is apart. `follows`: it claims no lead. */
  look(own: DatabasePresent, peer: PeerStatus, follows: boolean): void {
    const [mine, theirs] = [own.lead?.epoch ?? 0, peer.lead?.epoch ?? 0]
    const leads = peer.writable === true || theirs > mine
    if (mine <= theirs && (leads || follows)) this.compare(own, peer, leads)
    else this.forget()
  }

  /** This machine leads: what the others lack is theirs to fetch. */
  forget(): void {
    this.ranges = []
    this.#suspected = ''
  }
}
