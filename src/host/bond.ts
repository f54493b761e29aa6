/**
 * What ties this machine's data to the pair, kept between looks: the claim (durable), a replica's lease, whether acknowledgements come,
 * whether it is cut off or has diverged. Looks every quarter of a second, says when anything turned. Invariant: a lease begins with the
 * look that proved it, and lasts while the peer is seen to write nothing; alone goes on only who waited longer. It changes nothing outside.
 */
import { type Claim, claimOf, type Lineage } from '../core/lineage.ts'
import type { DatabasePresent, Membership, PeerStatus } from '../ports/database.ts'
import { Acknowledging } from './acknowledging.ts'
import { Apart } from './apart.ts'
import type { BondSources } from './bond-sources.ts'
import { endsApart, leadsToo } from './leads-too.ts'
import { Lease } from './lease.ts'
import { LIMITS } from './limits.ts'
import { Member } from './member.ts'
import { Outlook } from './outlook.ts'
import { Outshouted } from './outshouted.ts'
import { ASK_PEER_MS, BOND_MS, DOUBTFUL_MS, leaseOf } from './pace.ts'
import type { Parts } from './parts.ts'
import { PeerWord } from './peer-word.ts'
import { Rival } from './rival.ts'
import { Turns } from './turns.ts'
import { Yielding } from './yielding.ts'

export class Bond {
  claim: Claim
  leadKept = false
  led = false
  readonly apart = new Apart()
  readonly outlook: Outlook
  readonly yielding = new Yielding()
  readonly word: PeerWord
  readonly member: Member
  readonly #rival = new Rival()
  readonly #outshouted = new Outshouted()
  readonly #parts: Parts
  #sources: BondSources | null = null
  #timer: NodeJS.Timeout | null = null
  #soon: NodeJS.Timeout | null = null
  #looking: Promise<void> | null = null
  readonly #lease: Lease
  readonly #acknowledging: Acknowledging
  /** When the peer's replica was last seen attached; one that leads has left its connection behind. */
  #attachedAt = Number.NEGATIVE_INFINITY
  #otherLeads = false
  #tickedAt = 0
  /** This process, or the machine, did not run for a while before the present look. */
  #stoodStill = false
  #askedAt = Number.NEGATIVE_INFINITY
  /** By the last look that it answered. */
  #peerLeads = false
  readonly #turns = new Turns()

  constructor(parts: Parts, claim: Claim, onChange: () => void = () => {}) {
    const { leaseMs, goneMs } = leaseOf(parts.config)
    this.#lease = new Lease(leaseMs, parts.config.database.durability === 'async')
    this.member = new Member(parts.config, leaseMs)
    this.#acknowledging = new Acknowledging(goneMs)
    this.word = new PeerWord(parts, onChange)
    this.#parts = parts
    this.claim = claim
    this.outlook = new Outlook(parts.witness, parts.othersAnswer)
  }

  get lineage(): Lineage {
    const now = this.#parts.clock.elapsed()
    return {
      claim: this.claim,
      leadKept: this.leadKept,
      led: this.led,
      lease: this.#lease.valid(now),
      attachedLately: now - this.#attachedAt < this.#acknowledging.goneMs,
      ...this.#acknowledging.known(now),
      peerUnfit: this.word.unfit(now),
      rival: this.#rival.staysOut(now),
      outshouted: this.#outshouted.staysOut(now),
      ...this.outlook.known(now),
      cluster: this.member.remembered(now, this.outlook.answeredAt),
      ...this.apart.known,
    }
  }

  /** Looks twice, so that the first decision does not take its own ignorance for trouble; then goes on looking. */
  async start(sources: BondSources): Promise<void> {
    this.#sources = sources
    this.#tickedAt = this.#parts.clock.elapsed()
    await Promise.all([this.outlook.begin(), this.word.ask()])
    await this.#look(sources)
    await this.#look(sources)
    this.#turns.next(this.lineage, this.#otherLeads, this.member)
    this.#timer = setInterval(() => void this.look(), BOND_MS)
    this.#parts.witness?.onChange(() => void this.look())
  }

  stop(): void {
    for (const timer of [this.#timer, this.#soon]) if (timer !== null) clearTimeout(timer)
    this.outlook.end()
    this.#sources = null
  }

  /** Replication was begun anew, or its relay log is gone: it must prove again that it has everything. */
  followed(): void {
    this.#lease.drop()
  }

  /** keepalived hears another master. */
  hears(): void {
    this.#outshouted.heard(this.#parts.clock.elapsed())
    void this.look()
  }

  /** A promotion was, or was not, just held back because the peer accepts writes (G3). */
  held(byPeer: boolean): void {
    this.#rival.held(byPeer, this.#parts.clock.elapsed())
  }

  /** Until what only this machine has is known (G6): a look that is under way, and two that begin now. */
  async compared(): Promise<void> {
    for (let look = 0; look < 3; look += 1) await this.look()
  }

  /** One look now, or the one that is under way. */
  look(): Promise<void> {
    this.#looking ??= this.#lookOnce().finally(() => {
      this.#looking = null
    })
    return this.#looking
  }

  async #lookOnce(): Promise<void> {
    if (this.#sources === null) return
    const now = this.#parts.clock.elapsed()
    this.#stoodStill = now - this.#tickedAt > 2 * BOND_MS
    this.#tickedAt = now
    this.word.keepAsking(now)
    await this.#look(this.#sources)
    const turn = this.#turns.next(this.lineage, this.#otherLeads, this.member)
    if (turn !== null) this.#sources?.onTurn(turn.sentence, turn.withdraws)
  }

  async #look(sources: BondSources): Promise<void> {
    const { database, clock, config } = this.#parts
    if (!['ap', 's'].includes(sources.state().mode)) return this.#rest()
    if (database === null || config.peer === null) this.outlook.pinged(clock.elapsed())
    if (database === null || (config.peer === null && config.database.engine !== 'galera')) return
    const begun = clock.elapsed()
    const own = await sources.lookAtDatabase(LIMITS.databaseLook)
    if (own === null) return
    if (!own.answers) {
      void this.word.ask()
      // One that starts again has lost its relay log, or its place in the cluster.
      if (own.reason === 'down') this.followed()
      this.member.away(own.reason, begun)
      this.#lease.interrupt()
      this.#acknowledging.rest()
      await this.#lookOut(sources, null)
      return
    }
    if (this.#attached(own) && !this.#peerLeads) this.#attachedAt = begun
    if (own.cluster !== null) await this.#takePart(sources, own, own.cluster, begun)
    else if (own.writable) await this.#lead(sources, own, begun)
    else await this.#follow(sources, own, begun)
  }

  #rest(): void {
    this.#lease.drop()
    this.#acknowledging.forget()
    this.outlook.answered(true)
  }

  /** Is anybody there at all? `peer`: looked at just now. */
  async #lookOut(sources: BondSources, peer: PeerStatus | null): Promise<void> {
    if (this.outlook.isCalm(this.#parts.clock.elapsed()) && !this.member.isUneasy(peer)) return
    const seen = peer ?? (await sources.lookAtPeer(LIMITS.peerLook))
    this.outlook.answered(seen?.reachable === true || seen?.refused === true)
    if (this.#soon !== null) clearTimeout(this.#soon)
    this.#soon = setTimeout(() => void this.look(), DOUBTFUL_MS)
  }

  async #follow(sources: BondSources, own: DatabasePresent, begun: number): Promise<void> {
    // One that offered the lead and takes it back still writes the row of it: who acknowledges that?
    const owed = own.commitsWithPeer && own.replication?.io !== 'Yes'
    if (!owed) this.#acknowledging.forget()
    this.#otherLeads = false
    const peer = await sources.lookAtPeer(LIMITS.peerLook)
    await this.#lookOut(sources, peer)
    if (owed && !(await this.#acknowledged(own, begun))) this.#missed(own, peer, begun)
    if (peer !== null && (peer.reachable || peer.refused)) this.#outshouted.peer(true, begun)
    if (peer === null || !peer.reachable || peer.writable === null) {
      this.#rival.peer(null)
      this.#lease.interrupt()
      return
    }
    this.#rival.peer(peer.writable)
    this.#peerLeads = peer.writable
    if (peer.writable) this.#attachedAt = Number.NEGATIVE_INFINITY
    this.apart.look(own, peer, claimOf(this.claim, own.lead, this.#parts.config.node.name) === 'none')
    this.#lease.look(own.replication, peer, begun)
  }

  async #lead(sources: BondSources, own: DatabasePresent, begun: number): Promise<void> {
    this.#lease.drop()
    this.apart.forget()
    this.#peerLeads = false
    // Nobody acknowledged anything while nothing ran: the silence begins now.
    if (this.#stoodStill) this.#acknowledging.rest()
    const attached = this.#attached(own)
    const inOrder = await this.#acknowledged(own, begun)
    const waits = !inOrder && (own.commitsWithPeer || this.claim === 'shared')
    // A peer, attached or not, may have taken over behind a cut or a standstill that has ended: then the older lead ends.
    const doubts = this.#stoodStill || this.#outshouted.heardLately(begun)
    const asks = waits || !attached || begun - this.#askedAt > ASK_PEER_MS || doubts
    const peer = asks ? await sources.lookAtPeer(LIMITS.peerLook) : null
    if (asks) this.#askedAt = begun
    if (asks || this.word.unfit(begun)) void this.word.ask()
    if (peer !== null) this.#outshouted.peer(peer.reachable || peer.refused, this.#parts.clock.elapsed())
    await this.#lookOut(sources, peer)
    if (peer !== null) this.#otherLeads = await leadsToo(peer, own, sources)
    // Somebody who serves is no reason to go on alone.
    if (waits && !this.#outshouted.heardLately(begun)) this.#missed(own, peer, begun)
  }

  /** Galera ties members together, and who sees others is not cut off; it cannot know whether a peer that is gone goes on. */
  async #takePart(sources: BondSources, own: DatabasePresent, cluster: Membership, begun: number): Promise<void> {
    const { peer: other } = this.#parts.config
    const doubts = cluster.component !== 'Primary' || !this.#attached(own) || this.#stoodStill || this.member.strange
    const asks = other !== null && (doubts || begun - this.#askedAt > ASK_PEER_MS)
    const peer = asks ? await sources.lookAtPeer(LIMITS.peerLook) : null
    if (asks) this.#askedAt = begun
    if (asks || this.word.unfit(begun)) void this.word.ask()
    this.#otherLeads = this.member.look(cluster, peer, { begun, stoodStill: this.#stoodStill })
    if (this.#otherLeads) await endsApart(this.member, peer, sources, this.#parts.config)
    if (other === null && cluster.size > 1) this.outlook.answered(true)
    if (other !== null) await this.#lookOut(sources, peer)
  }

  #attached(own: DatabasePresent): boolean {
    return own.replicas.includes(this.#parts.config.peer?.address ?? '')
  }

  /** Whether the peer acknowledges what is committed here, as far as anything is. */
  async #acknowledged(own: DatabasePresent, begun: number): Promise<boolean> {
    const call = { timeoutMs: LIMITS.databaseLook }
    const asked = own.commitsWithPeer ? this.#parts.database?.acknowledgements(call).catch(() => null) : null
    return this.#acknowledging.inOrder(this.#attached(own), (await asked) ?? null, begun)
  }

  #missed(own: DatabasePresent, peer: PeerStatus | null, begun: number): void {
    this.#acknowledging.missed(peer, this.#attached(own), this.lineage.witness === false, begun)
  }
}
