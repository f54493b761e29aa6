/** What turned between the machines since it was last told, as one sentence. Pure bookkeeping. */
import { rangeText } from '../core/divergence.ts'
import type { Lineage } from '../core/lineage.ts'
import { turnSentence } from '../core/sentence.ts'
import type { Member } from './member.ts'

export interface Turn {
  readonly sentence: string
  /** A right may have to be taken away. */
  readonly withdraws: boolean
}

export class Turns {
  #told = ''

  /** `otherLeads`: the peer accepts writes too, or leads since a newer epoch. null: nothing turned. */
  next(lineage: Lineage, otherLeads: boolean, member: Pick<Member, 'words' | 'lost'>): Turn | null {
    const { cutOff, diverged, peerGone, lease, rival, outshouted, witness } = lineage
    const words = JSON.stringify([
      otherLeads,
      lease,
      peerGone,
      rival,
      outshouted,
      witness,
      cutOff,
      diverged.map(rangeText),
      member.words,
      // Each of them decides whether a member without a component goes on alone.
      ...(member.lost ? [lineage.cluster.witnessed, lineage.cluster.lately] : []),
    ])
    if (words === this.#told) return null
    this.#told = words
    return {
      sentence: turnSentence({
        cutOff,
        diverged: diverged.length > 0,
        peerGone,
        rival: rival || otherLeads || outshouted,
        lease,
        clustered: member.words !== '',
        componentLost: member.lost,
      }),
      withdraws: otherLeads || outshouted || cutOff || member.lost || diverged.length > 0,
    }
  }
}
