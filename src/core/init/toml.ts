/**
 * apmode.toml from the answers: the same text on both machines whoever of the two is asked, since the active one comes
 * first (its place is MariaDB's server_id). An answer that is missing has no line, so that the parser of the configuration
 * names it; every key is told with its answer, so that its faults can be told as faults of a flag. Pure.
 */
import type { ConfigProblem } from '../config.ts'
import { type AnswerName, type Answers, flagOf, listOf } from './answers.ts'

export interface Draft {
  readonly text: string
  /** Which answer a key of the configuration comes from: `node[1].address` → `peerAddress`. */
  readonly sources: ReadonlyMap<string, AnswerName>
}

/** A basic string of TOML: JSON's, and DEL escaped too. */
const quoted = (text: string) => JSON.stringify(text).replaceAll('\u007f', '\\u007f')

export const PASSWORD_FILE = '/etc/apmode/replication.password'

const HEAD = `# apmode: the same file on both machines. A machine finds itself by its host name, or by the name in /etc/apmode/node.
# Everything that is not here has a default; \`apmode config check\` reads it and says what is wrong. What keepalived and
# MariaDB read is made from it: after a change, \`apmode init\` again on both.`

export function draftOf(answers: Answers): Draft {
  const lines: string[] = [HEAD]
  const sources = new Map<string, AnswerName>()
  const put = (path: string, key: string, name: AnswerName, written: (text: string) => string = quoted) => {
    sources.set(path === '' ? key : `${path}.${key}`, name)
    const value = answers[name]
    if (value !== undefined) lines.push(`${key} = ${written(value)}`)
  }
  const number = (text: string) => (/^\d{1,9}$/.test(text) ? String(Number(text)) : quoted(text))

  put('', 'codename', 'codename')
  put('', 'mode_file', 'modeFile')
  const self = ['node', 'address', 'interface'] as const
  const peer = ['peer', 'peerAddress', 'peerInterface'] as const
  const isFirst = answers.role !== 'standby'
  const order = isFirst ? [self, peer] : [peer, self]
  for (const [index, [name, address, card]] of order.entries()) {
    const path = `node[${index}]`
    lines.push('', '[[node]]')
    put(path, 'name', name)
    put(path, 'address', address)
    put(path, 'interface', card)
    sources.set(`${path}.role`, 'role')
    // A word that is neither is given to the parser as it is.
    const word = answers.role ?? 'active'
    const other = word === 'active' ? 'standby' : 'active'
    lines.push(`role = ${quoted((index === 0) === isFirst ? word : other)}`)
  }
  lines.push('', '[vrrp]')
  put('vrrp', 'vip', 'vip')
  put('vrrp', 'virtual_router_id', 'routerId', number)
  lines.push('advert_interval = 0.1          # seconds')
  const witnesses = listOf(answers.witness)
  sources.set('vrrp.witness', 'witness')
  if (witnesses.length > 0) lines.push(`witness = [${witnesses.map(quoted).join(', ')}]`)

  const units: { readonly name: string; readonly kind: string; readonly from: AnswerName }[] = [
    ...listOf(answers.database).map((name) => ({ name, kind: 'database', from: 'database' as const })),
    ...listOf(answers.api).map((name) => ({ name, kind: 'api', from: 'api' as const })),
    { name: answers.router ?? '', kind: 'router', from: 'router' },
  ]
  lines.push('', '# Started in this order, stopped in reverse.')
  for (const [index, { name, kind, from }] of units.entries()) {
    sources.set(`unit[${index}].name`, from).set(`unit[${index}].kind`, from)
    lines.push('[[unit]]', `name = ${quoted(name)}`, `kind = "${kind}"`)
  }
  lines.push('', '[database]', `engine = "${listOf(answers.database).length === 0 ? 'none' : 'mariadb'}"`)
  sources.set('database.engine', 'database')
  put('database', 'socket', 'socket')
  put('database', 'replication_user', 'replicationUser')
  lines.push(`replication_password_file = "${PASSWORD_FILE}"`)
  put('database', 'durability', 'durability')
  lines.push('', '[health]', 'listen = "127.0.0.1:8008"')
  return { text: `${lines.join('\n')}\n`, sources }
}

/** The parser's faults as faults of flags, each once. */
export function faultsOf(draft: Draft, problems: readonly ConfigProblem[]): string[] {
  const said = problems.map(({ key, message }) => {
    const name = draft.sources.get(key) ?? draft.sources.get(`${key}.name`)
    const plain = message.replaceAll(/ \((first on )?line \d+\)/g, '')
    return `${name === undefined ? key || 'the configuration' : flagOf(name)}: ${plain}`
  })
  return [...new Set(said)]
}
