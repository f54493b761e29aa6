/**
 * What ties this machine's data to the pair, kept between looks: the claim (durable), a replica's lease, whether the
 * acknowledgements of the peer still come, whether this machine is cut off or has diverged. Looks every quarter of a
 * second, and says when anything turned. Invariant: a lease begins with the look that proved it and goes on only while
 * the peer is seen to write nothing; alone goes on only who waited longer than any lease lasts. It changes nothing outside.
 */
import { rangeText } from '../core/divergence.ts'
import { lagBetween } from '../core/gtid-lag.ts'
import { type Claim, claimOf, type Lineage } from '../core/lineage.ts'
import type { State } from '../core/state.ts'
import type { DatabasePresent, PeerStatus } from '../ports/database.ts'
import { Acknowledging } from './acknowledging.ts'
import { Apart } from './apart.ts'
import { LIMITS } from './limits.ts'
import { Outlook } from './outlook.ts'
import { BOND_MS, DOUBTFUL_MS, leaseOf } from './pace.ts'
import type { Parts } from './parts.ts'
import { Rival } from './rival.ts'

export interface BondSources {
  state(): State
  /** A look at the peer's database that is remembered; null: there is none. */
  lookAtPeer(timeoutMs: number): Promise<PeerStatus | null>
  /** Something turned; as a sentence. `withdraws`: a right may have to be taken away. */
  onTurn(sentence: string, withdraws: boolean): void
}

export class Bond {
  claim: Claim
  leadKept = false
  led = false
  readonly apart = new Apart()
  readonly outlook: Outlook
  readonly #rival = new Rival()
  readonly #parts: Parts
  #sources: BondSources | null = null
  #timer: NodeJS.Timeout | null = null
  #soon: NodeJS.Timeout | null = null
  #looking = false
  readonly #leaseMs: number
  readonly #acknowledging: Acknowledging
  /** Monotonic; when the look began that proved the replica to be whole. */
  #leaseAt = Number.NEGATIVE_INFINITY
  /** The position from which on the primary waits for this replica; null: it does not, or not known to. */
  #goal: string | null = null
  #proved = false
  /** Both this machine and its peer accept writes. */
  #bothWrite = false
  #told = ''

  constructor(parts: Parts, claim: Claim) {
    const { leaseMs, goneMs } = leaseOf(parts.config)
    this.#leaseMs = leaseMs
    this.#acknowledging = new Acknowledging(goneMs)
    this.#parts = parts
    this.claim = claim
    this.outlook = new Outlook(parts.witness)
  }

  get lineage(): Lineage {
    const now = this.#parts.clock.elapsed()
    return {
      claim: this.claim,
      leadKept: this.leadKept,
      led: this.led,
      lease: now - this.#leaseAt < this.#leaseMs,
      peerGone: this.#acknowledging.gone,
      rival: this.#rival.staysOut(now),
      witness: this.outlook.witness,
      unwitnessed: this.outlook.unwitnessed(now),
      cutOff: this.outlook.cutOff(now),
      diverged: this.apart.ranges,
      keptIn: this.apart.keptIn,
    }
  }

  /** Looks twice, so that the first decision does not take its own ignorance for trouble; then goes on looking. */
  async start(sources: BondSources): Promise<void> {
    this.#sources = sources
    await this.#parts.witness?.known()
    await this.#look(sources)
    await this.#look(sources)
    this.#told = this.#words()
    const tick = () => void this.#tick()
    this.#timer = setInterval(tick, BOND_MS)
    this.#parts.witness?.onChange(tick)
  }

  stop(): void {
    for (const timer of [this.#timer, this.#soon]) if (timer !== null) clearTimeout(timer)
    this.#timer = null
    this.#sources = null
  }

  /** A promotion was, or was not, just held back because the peer accepts writes (G3). */
  held(byPeer: boolean): void {
    this.#rival.held(byPeer, this.#parts.clock.elapsed())
  }

  async #tick(): Promise<void> {
    if (this.#looking || this.#sources === null) return
    this.#looking = true
    try {
      await this.#look(this.#sources)
    } finally {
      this.#looking = false
    }
    this.#tell()
  }

  async #look(sources: BondSources): Promise<void> {
    const { database, clock, config } = this.#parts
    const { mode } = sources.state()
    if (mode !== 'ap' && mode !== 's') return this.#rest()
    if (database === null || config.peer === null) {
      // Without a database the peer cannot be seen: the witness alone says it.
      this.outlook.answered(!this.outlook.doubtful(clock.elapsed()))
      return
    }
    const begun = clock.elapsed()
    const own = await database.observe({ timeoutMs: LIMITS.databaseLook })
    if (!own.answers) {
      this.#goal = null
      this.#acknowledging.rest()
      await this.#lookOut(sources, null)
      return
    }
    if (own.writable) await this.#lead(sources, own, begun)
    else await this.#follow(sources, own, begun)
  }

  #rest(): void {
    this.#goal = null
    this.#leaseAt = Number.NEGATIVE_INFINITY
    this.#acknowledging.rest()
    this.#acknowledging.gone = false
    this.outlook.answered(true)
  }

  /** Is anybody there at all? `peer`: looked at just now. */
  async #lookOut(sources: BondSources, peer: PeerStatus | null): Promise<void> {
    if (!this.outlook.doubtful(this.#parts.clock.elapsed())) return this.outlook.answered(true)
    const seen = peer ?? (await sources.lookAtPeer(LIMITS.peerLook))
    this.outlook.answered(seen?.reachable === true || seen?.refused === true)
    if (this.#soon !== null) clearTimeout(this.#soon)
    this.#soon = setTimeout(() => void this.#tick(), DOUBTFUL_MS)
  }

  async #follow(sources: BondSources, own: DatabasePresent, begun: number): Promise<void> {
    this.#acknowledging.rest()
    this.#acknowledging.gone = false
    this.#bothWrite = false
    const peer = await sources.lookAtPeer(LIMITS.peerLook)
    await this.#lookOut(sources, peer)
    if (peer === null || !peer.reachable || peer.writable === null) {
      this.#rival.peer(null)
      // Where nothing listens nothing was acknowledged since: it could not have gone on alone in between.
      if (peer?.refused === true && begun - this.#leaseAt < this.#leaseMs) this.#leaseAt = begun
      this.#goal = null
      return
    }
    this.#rival.peer(peer.writable)
    this.#compare(own, peer)
    const { replication } = own
    const runs = replication !== null && replication.io === 'Yes' && replication.sql && replication.errno === 0
    const async = this.#parts.config.database.durability === 'async'
    const waits = async || peer.commitsWithPeer === true || !peer.writable
    if (!runs || !waits) {
      this.#goal = null
      return
    }
    // What it acknowledged before it waited for this replica must have come too; what comes later, comes first here.
    if (this.#goal === null || !(async || peer.commitsWithPeer)) {
      this.#goal = peer.binlogPosition
      this.#proved = false
    }
    this.#proved ||= lagBetween(replication.received, this.#goal) === 0
    if (this.#proved) this.#leaseAt = begun
  }

  /** Only whoever does not lead can be the one that is apart. */
  #compare(own: DatabasePresent, peer: PeerStatus): void {
    const newer = (peer.lead?.epoch ?? 0) > (own.lead?.epoch ?? 0)
    const follows = claimOf(this.claim, own.lead, this.#parts.config.node.name) === 'none'
    if (peer.writable || follows || newer) this.apart.compare(own, peer, peer.writable === true || newer)
    else this.apart.forget()
  }

  async #lead(sources: BondSources, own: DatabasePresent, begun: number): Promise<void> {
    const { database, config } = this.#parts
    this.#goal = null
    this.#leaseAt = Number.NEGATIVE_INFINITY
    this.apart.forget()
    const attached = own.replicas.includes(config.peer?.address ?? '')
    const acknowledged = own.commitsWithPeer
      ? await database?.acknowledgements({ timeoutMs: LIMITS.databaseLook }).catch(() => null)
      : null
    const inOrder = this.#acknowledging.inOrder(attached, acknowledged ?? null, begun)
    const waits = !inOrder && (own.commitsWithPeer || this.claim === 'shared')
    // A peer that is not attached may have taken over behind a cut that has ended: then the older lead ends.
    const peer = waits || !attached ? await sources.lookAtPeer(LIMITS.peerLook) : null
    await this.#lookOut(sources, peer)
    this.#bothWrite = peer?.writable === true
    if (waits) this.#acknowledging.missed(peer, attached, this.lineage.witness === false, begun)
  }

  #words(): string {
    const { lease, peerGone, rival, witness, cutOff, diverged } = this.lineage
    return JSON.stringify([this.#bothWrite, lease, peerGone, rival, witness, cutOff, diverged.map(rangeText)])
  }

  /** Only what turned, and in a sentence of its own. */
  #tell(): void {
    const words = this.#words()
    if (words === this.#told) return
    this.#told = words
    const { cutOff, diverged, peerGone, lease, rival } = this.lineage
    const withdraws = this.#bothWrite || cutOff || diverged.length > 0
    const rivals = rival || this.#bothWrite
    this.#sources?.onTurn(
      sentenceFor({ cutOff, diverged: diverged.length > 0, peerGone, rival: rivals, lease }),
      withdraws,
    )
  }
}

function sentenceFor(now: {
  cutOff: boolean
  diverged: boolean
  peerGone: boolean
  rival: boolean
  lease: boolean
}): string {
  if (now.cutOff) return 'neither the peer nor a witness answers'
  if (now.diverged) return 'this machine has transactions that the peer lacks'
  if (now.peerGone) return 'the peer acknowledges nothing any more'
  if (now.rival) return 'the peer goes on accepting writes'
  return now.lease ? 'this replica has every write' : 'the pair has changed'
}
