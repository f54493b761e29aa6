/** What a person says of other machines with `apmode bootstrap`. Pure. Invariant: bad words are told all at once, before anything is asked. */
import type { Config } from '../../core/config.ts'
import { ApmodeError } from '../../core/errors.ts'
import { type Position, parsePosition } from '../../core/galera-state.ts'
import type { BootstrapRequest } from '../../ports/control.ts'
import type { Words } from './survey.ts'

/** Throws ApmodeError `usage`. */
export function wordsOf({ without, positions }: BootstrapRequest, { node, nodes }: Config): Words {
  const names = nodes.map(({ name }) => name)
  const faults: string[] = []
  const known = (option: string, name: string) => {
    if (!names.includes(name)) faults.push(`found ${option} ${name}, expected one of ${names.join(', ')}`)
    else if (name === node.name) faults.push(`found ${option} ${name}, expected another machine than this one`)
  }
  const read = new Map<string, Position>()
  for (const name of without) known('--without', name)
  for (const [name, text] of Object.entries(positions)) {
    known('--position', name)
    const position = parsePosition(text)
    if (position === null) faults.push(`found --position ${name}=${text.slice(0, 80)}, expected ${name}=UUID:SEQNO`)
    else read.set(name, position)
    if (without.includes(name)) faults.push(`found --without ${name} and --position ${name}, expected one of them`)
  }
  if (faults.length > 0) throw new ApmodeError('usage', faults.join('; '))
  return { without, positions: read }
}
