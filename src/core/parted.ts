/**
 * Do two members of one component have the same past? Galera compares the name of a history and a number: a member that went on
 * alone on its own side of a cut, and is only started again, joins over its own rows, and nothing is said (docs/surprises.md). The
 * rows of apmode.lead never change, and each side writes one as it goes on alone: where two members have different ones of the
 * same epoch, their pasts have parted there. Pure.
 */
import type { Membership } from '../ports/database.ts'

export interface LeadMark {
  readonly epoch: number
  readonly node: string
  /** Two rows with the same mark are the same. */
  readonly mark: string
}

/** The epoch in which they parted last; null: as far as both tell, they never did. */
export function partedAt(own: Membership, peer: Membership): number | null {
  const theirs = new Map(peer.leads.map(({ epoch, mark }) => [epoch, mark]))
  const parted = own.leads.filter(({ epoch, mark }) => theirs.has(epoch) && theirs.get(epoch) !== mark)
  return parted.length === 0 ? null : Math.max(...parted.map(({ epoch }) => epoch))
}

/** Of two that have parted one ends, and both know which: whoever led last stays; where both did, the first of the file. */
export function endsOfParted(own: Membership, peer: Membership, self: { name: string; first: boolean }): boolean {
  const [mine, theirs] = [own.leads[0], peer.leads[0]]
  if (mine === undefined || theirs === undefined) return false
  if (mine.epoch !== theirs.epoch) return mine.epoch < theirs.epoch
  return mine.mark === theirs.mark ? mine.node !== self.name : !self.first
}

export function partedSentence(epoch: number, peer: string): string {
  return (
    `G6 diverged: this member and ${peer} do not have the same past (apmode.lead, epoch ${epoch}): it went on alone in a cut, and has ` +
    `joined again over its own rows. ${wholeCopy(peer)}`
  )
}

/** A member that ended for another one which went on: its data does not count until both are in one component with the same past. */
export interface Ended {
  /** The lead of the other one, or where their pasts parted. */
  readonly epoch: number
  readonly node: string
}

export function endedSentence({ epoch, node }: Ended): string {
  return (
    `G3 no second writer: ${node} went on in a primary component without this member (apmode.lead, epoch ${epoch}), and this one ended: ` +
    `its data does not count. ${wholeCopy(node)}. Where ${node} is lost for good, decide: apmode set s --force`
  )
}

/** What a person does with a member whose rows are its own. */
export function wholeCopy(peer: string): string {
  return (
    'Keep what you need of it (mariadb-dump), stop its database, move grastate.dat and gvwstate.dat out of its data folder (one ' +
    `that is only started again may come back with its own rows, and look well), and apmode rejoin: it gets a whole copy from ${peer}`
  )
}
