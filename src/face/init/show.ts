/** How `apmode init` looks: who is who, the differences, what will be done; for people, and as one JSON value. Pure. */
import type { Config } from '../../core/config.ts'
import type { Change } from '../../core/init/files.ts'
import { type Action, actionSentence, type NextStep } from '../../core/init/plan.ts'
import type { PlacedFile } from '../../ports/setup.ts'
import { columns } from '../show/columns.ts'
import type { Paint } from '../terminal.ts'

/** Everything that will be done; nothing of it is decided later. */
export interface Plan {
  readonly config: Config
  readonly changes: readonly Change[]
  readonly actions: readonly Action[]
  readonly notes: readonly string[]
  readonly next: readonly NextStep[]
}

export interface Outcome {
  readonly exit: number
  readonly sentence: string
  readonly done: readonly string[]
  readonly notDone: readonly string[]
  readonly placed: readonly PlacedFile[]
}

export function showPair({ node, peers, vrrp }: Config): string {
  const rows = [['this machine', `${node.name}, ${node.role} at first, ${node.address} on ${node.interface}`]]
  rows.push(...peers.map((peer) => ['other machine', `${peer.name}, ${peer.address} on ${peer.interface}`]))
  rows.push(['VIP', vrrp.vip])
  return `${columns(rows).join('\n')}\n`
}

export function showDiffs(changes: readonly Change[], paint: Paint): string {
  return changes.map(({ diff }) => `\n${diff.map((line, index) => painted(line, index, paint)).join('\n')}\n`).join('')
}

function painted(line: string, index: number, paint: Paint): string {
  if (index < 2) return paint('bold', line)
  if (line.startsWith('@@')) return paint('cyan', line)
  if (line.startsWith('+')) return paint('green', line)
  return line.startsWith('-') ? paint('red', line) : line
}

export const changeSentence = ({ action, path, byHand, secret }: Change): string =>
  `${action === 'create' ? 'write' : 'replace'} ${path}${byHand ? ', which was not written by init or was changed since' : ''}${
    secret ? ' (root alone can read it)' : ''
  }`

export function showPlan({ changes, actions, notes, config }: Plan, paint: Paint): string {
  const lines = [
    ...changes.map((change) => `  ${change.byHand ? paint('yellow', changeSentence(change)) : changeSentence(change)}`),
    ...actions.map((action) => `  ${actionSentence(action, config)}`),
  ]
  if (changes.some(({ action }) => action === 'replace')) lines.push('  what is replaced is kept beside the new file')
  const remarks = notes.map((note) => `${paint('yellow', 'note:')} ${note}\n`)
  return `\nwill:\n${lines.join('\n')}\n${remarks.join('')}`
}

export function showNext(next: readonly NextStep[], self: string): string {
  if (next.length === 0) return ''
  const rows = next.map(({ on, command, why }) => [`  ${on ?? self}`, command, why])
  return `next:\n${columns(rows).join('\n')}\n`
}

export function planAsJson(plan: Plan, outcome: Outcome): object {
  const { config, changes, actions, notes, next } = plan
  const { exit, sentence, done, notDone, placed } = outcome
  return {
    exit,
    sentence,
    node: config.node.name,
    role: config.node.role,
    peer: config.peer?.name ?? null,
    peers: config.peers.map(({ name }) => name),
    vip: config.vrrp.vip,
    files: changes.map(({ path, action, byHand, diff }) => ({
      path,
      action,
      changedByHand: byHand,
      diff: diff.join('\n'),
      backup: placed.find((file) => file.path === path)?.backup ?? null,
    })),
    actions: actions.map((action) => actionSentence(action, config)),
    notes,
    done,
    notDone,
    next,
  }
}
