/** What is said of this machine beside its card: the headline, why, what to type next, units, replication in words. */
import { isRunning } from '../core/observed.ts'
import { hasDatabase } from '../core/without-database.ts'
import type { Status, UnitView } from '../ports/control.ts'
import { byId, dress, fill, make, write } from './dom.ts'
import { headlineOf, TONE_WORDS, TONES, type Tone } from './headline.ts'
import { replicaOf, replicationWords } from './words.ts'

export function showFacts(status: Status): void {
  const { tone, words } = headlineOf(status)
  write(byId('headline-text'), words)
  write(byId('headline-tone'), TONE_WORDS[tone])
  dress(byId('headline-tone'), tone, TONES)
  dress(byId('headline'), tone, TONES)
  const title = `${TONE_WORDS[tone].slice(0, 1)} ${status.node} – apmode`
  if (document.title !== title) document.title = title
  write(byId('codename'), status.codename)
  write(byId('node'), status.node)
  write(byId('version'), status.version)
  write(byId('units-of'), status.node)
  showWhy(status)
  showNext(status)
  fill(byId('units'), status.units, () => status.units.map(unitRow))
  byId('replication-part').hidden = !hasDatabase(status)
  const replica = replicaOf(status)
  const sentence =
    replica === null ? 'Nobody is known to replicate.' : `${replica.name} ${replicationWords(replica.found)}`
  fill(byId('replication'), [sentence, replica?.found.gtid], () => [
    sentence,
    ...(replica?.found.gtid ? ['. At ', make('span', { class: 'position' }, replica.found.gtid), '.'] : []),
  ])
}

function showWhy({ reasons, problems }: Status): void {
  const sentences = [...problems, ...reasons]
  byId('why').hidden = sentences.length === 0
  fill(byId('why-list'), sentences, () => sentences.map((sentence) => make('li', {}, sentence)))
}

function showNext({ next, node }: Status): void {
  byId('next').hidden = next === null
  write(byId('next-command'), next?.command ?? '')
  write(byId('next-on'), next === null ? '' : `on ${next.on ?? node}`)
  write(byId('next-why'), next?.why ?? '')
}

function unitRow({ name, kind, active, file }: UnitView): HTMLElement {
  const tone: Tone = isRunning({ active }) ? 'well' : active === 'failed' ? 'trouble' : 'look'
  return make(
    'tr',
    {},
    make('th', { scope: 'row' }, name),
    make('td', {}, make('span', { class: `badge ${tone}` }, active)),
    make('td', {}, kind),
    make('td', {}, file),
  )
}
