/** The two machines side by side: this one in full, the peer as far as it can be seen and as it speaks of itself. */
import { clusterWords } from '../core/cluster-words.ts'
import { hasDatabase, seenByVrrp } from '../core/without-database.ts'
import type { PeerView, Status } from '../ports/control.ts'
import { byId, fill, make } from './dom.ts'
import { headlineOf, TONE_WORDS, type Tone } from './headline.ts'
import { modeWords, replicationWords, told } from './words.ts'

type Fact = readonly [name: string, words: string]

export function showMachines(status: Status): void {
  const { peer } = status
  const own = ownFacts(status)
  const cards = [card(status.node, 'this machine', toneOfSelf(status), own)]
  const told = peer !== null && hasDatabase(status)
  const all = told ? [...cards, card(peer.name, peer.address, toneOfPeer(peer), peerFacts(peer, status.engine))] : cards
  fill(byId('pair'), all, () => all.map(draw))
}

interface Card {
  readonly name: string
  readonly what: string
  readonly tone: Tone
  readonly facts: readonly Fact[]
}

const card = (name: string, what: string, tone: Tone, facts: readonly Fact[]): Card => ({ name, what, tone, facts })

function ownFacts(status: Status): Fact[] {
  const { role, vrrp, holder, fit, reasons } = status
  const place: Fact[] = [
    ['mode', modeWords(status)],
    ['role', role],
    ['VRRP', vrrp],
    ['VIP', told(holder, 'here', 'not here')],
  ]
  const able: Fact = ['fit', fitWords(fit, reasons)]
  if (hasDatabase(status)) return [...place, ...databaseFacts(status, able)]
  const others = seenByVrrp(status)
  return others === null ? [...place, able] : [...place, able, others]
}

function databaseFacts(status: Status, able: Fact): Fact[] {
  const { writable, replication, commitsWithPeer, peer, lead } = status
  const led: Fact = ['lead', lead === null ? 'unknown' : `${lead.node}, epoch ${lead.epoch}, ${lead.reason}`]
  if (status.engine === 'galera') {
    return [
      ['database', told(writable, 'accepts writes', 'takes no writes')],
      able,
      ['cluster', clusterWords(status.cluster)],
      led,
    ]
  }
  const writes = told(writable, 'accepts writes', 'read-only')
  const acknowledged =
    commitsWithPeer === null || peer === null
      ? ''
      : commitsWithPeer
        ? `, a write is acknowledged when ${peer.name} has it too`
        : ', acknowledges writes alone'
  return [
    ['database', `${writes}${acknowledged}`],
    able,
    ['replication', replication === null ? 'follows nobody' : replicationWords(replication)],
    led,
  ]
}

function peerFacts(peer: PeerView, engine: Status['engine']): Fact[] {
  const { mode, role, vrrp, fit, reasons, reachable, writable, attached, replication, saidAt, version } = peer
  const answers: Fact = [
    'database',
    reachable === true ? told(writable, 'accepts writes', 'read-only') : told(reachable, '', 'does not answer'),
  ]
  const inCluster: Fact[] = [
    answers,
    ['cluster', told(attached, 'together with this machine', 'not together with this machine')],
  ]
  const replicates: Fact[] = [
    answers,
    ['attached', told(attached, 'yes: its replica is connected here', 'no')],
    ['replication', replication === null ? 'follows nobody, as far as is known' : replicationWords(replication)],
  ]
  const seen = engine === 'galera' ? inCluster : replicates
  if (saidAt === null) return [['says', 'nothing of itself that can be read'], ...seen]
  return [
    ['mode', mode ?? 'unknown'],
    ['role', role ?? 'unknown'],
    ['VRRP', vrrp ?? 'unknown'],
    ...seen,
    ['fit', fitWords(fit, reasons)],
    [
      'said',
      `at ${saidAt.replace('T', ' ').replace(/(\.\d+)?Z$/, ' UTC')}${version === null ? '' : `, by apmode ${version}`}`,
    ],
  ]
}

const fitWords = (fit: boolean | null, reasons: readonly string[]) =>
  `${told(fit, 'yes', 'no')}${fit === false && reasons.length > 0 ? `: ${reasons.join('; ')}` : ''}`

function toneOfSelf(status: Status): Tone {
  if (status.fit === false || status.problems.length > 0) return 'trouble'
  return status.holder === true
    ? headlineOf(status).tone
    : status.reasons.length > 0 || status.fit === null
      ? 'look'
      : 'well'
}

function toneOfPeer({ fit, reachable }: PeerView): Tone {
  if (fit === false || reachable === false) return 'trouble'
  return fit === true && reachable === true ? 'well' : 'look'
}

function draw({ name, what, tone, facts }: Card): HTMLElement {
  return make(
    'article',
    { class: `card ${tone}` },
    make('h3', {}, `${name} `, make('span', { class: 'quiet' }, what)),
    make('p', {}, make('span', { class: `badge ${tone}` }, TONE_WORDS[tone])),
    make('dl', {}, ...facts.flatMap(([term, words]) => [make('dt', {}, term), make('dd', {}, words)])),
  )
}
