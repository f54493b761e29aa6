/** Where the machines of a Galera cluster stand, as a table: one line each, the newest marked. Pure. */
import type { MemberRow } from '../../core/bootstrap.ts'
import type { Paint } from '../terminal.ts'
import { columns } from './columns.ts'

/** With an empty line after it; nothing where there are none. */
export function showMembers(members: readonly MemberRow[], paint: Paint): string[] {
  if (members.length === 0) return []
  const rows = members.map(({ node, position, known, newest, sentence }) => [
    `${newest ? '*' : ' '} ${node}`,
    position ?? 'not known',
    known === 'given' ? 'by hand' : (known ?? '–'),
    sentence,
  ])
  const [head = '', ...lines] = columns([['  machine', 'position', 'from', ''], ...rows])
  const painted = lines.map((line, index) => (members[index]?.newest === true ? paint('green', line) : line))
  return [paint('dim', head.trimEnd()), ...painted.map((line) => line.trimEnd()), '']
}
