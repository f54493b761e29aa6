/**
 * What is said of machines without a database (`engine = "none"`), wherever a status is shown. Pure. Invariant: nothing of a
 * database is shown there, and nothing of it is called unknown: there is none.
 */
import type { Status } from '../ports/control.ts'
import type { Engine } from './vocabulary.ts'

export function hasDatabase({ engine }: { readonly engine: Engine }): boolean {
  return engine !== 'none'
}

/** The other machines, and what VRRP sees of them: without a database that is all. Title and words; null: there are none. */
export function seenByVrrp({ peers, vrrp }: Pick<Status, 'peers' | 'vrrp'>): [title: string, words: string] | null {
  if (peers.length === 0) return null
  const one = peers.length === 1
  const names = peers.map(({ name, address }) => `${name} (${address})`).join(', ')
  return [one ? 'peer' : 'others', `${names}: ${heard(vrrp, one)}`]
}

function heard(vrrp: Status['vrrp'], one: boolean): string {
  switch (vrrp) {
    case 'master':
      return one ? 'is not heard as master' : 'none of them is heard as master'
    case 'backup':
      return one ? 'is master' : 'one of them is master'
    case 'init':
    case 'fault':
    case 'stop':
      return one ? 'nothing is known of it' : 'nothing is known of them'
  }
}
