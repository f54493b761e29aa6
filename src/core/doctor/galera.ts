/** The checks of a member of a Galera cluster: is it set up as `render` says, is it in, and can the members reach each other. Data. */
import { renderMariadb } from '../render/mariadb.ts'
import type { Engine } from '../vocabulary.ts'
import { bad, type Check, check, ok, unless, type Verdict } from './check.ts'
import type { Facts } from './facts.ts'
import { RENDER_MARIADB } from './mariadb-settings.ts'
import { barred, type Way } from './network.ts'
import { normalValue, renderedOptions } from './start-options.ts'

const engines: readonly Engine[] = ['galera']

/** Group communication, incremental and whole state transfer. */
const PORTS = [4567, 4568, 4444]

/** As the server shows them; the provider shows many more options than it was given. */
const SETTINGS = [
  'wsrep_cluster_name',
  'wsrep_cluster_address',
  'wsrep_node_name',
  'wsrep_node_address',
  'wsrep_sst_method',
  'binlog_format',
  'default_storage_engine',
  'innodb_autoinc_lock_mode',
  'innodb_flush_log_at_trx_commit',
]

/** The first of the ways between the members that the firewall bars. */
function ways(facts: Pick<Facts, 'config' | 'firewall'>, hook: Way['hook']): Verdict {
  const { config, firewall } = facts
  const ports = [...PORTS, config.database.port, ...(config.health === null ? [] : [config.health.port])]
  for (const peer of config.peers) {
    for (const port of ports) {
      const verdict = barred(firewall, { config, peer, hook, protocol: 'tcp', port })
      if (verdict !== null) return verdict
    }
  }
  return ok(`no rule drops TCP ${ports.join(', ')}`)
}

export const GALERA: readonly Check[] = [
  check({
    id: 'galera.provider',
    engines,
    title: 'the database is a member of a Galera cluster',
    looks: 'wsrep_on and wsrep_provider; wsrep_provider_version, which only a provider that is loaded says',
    why: 'Without the provider every machine has data of its own, and all of them take writes.',
    needs: ['variables', 'counters'],
    judge: ({ variables, counters }) => {
      const { wsrep_on: on = 'unknown', wsrep_provider: provider = 'unknown' } = variables
      const version = counters.wsrep_provider_version ?? ''
      const faults = normalValue(on) === '1' ? [] : [`wsrep_on is ${on}`]
      if (provider === 'none' || version === '') faults.push(`no provider is loaded (wsrep_provider is ${provider})`)
      return unless('error', faults, `apt install galera-4 && ${RENDER_MARIADB}`, `${provider}, ${version}`)
    },
  }),
  check({
    id: 'galera.settings',
    engines,
    title: 'the member runs with what apmode render mariadb writes',
    looks: SETTINGS.join(', '),
    why: 'A member of another name or address is in a cluster of its own; rows are replicated, statements are not.',
    needs: ['variables', 'config'],
    judge: ({ variables, config }) => {
      const wanted = renderedOptions(renderMariadb(config, config.node))
      const faults = SETTINGS.filter(
        (name) => wanted[name] !== undefined && normalValue(variables[name] ?? '') !== wanted[name],
      ).map((name) => `${name} is ${variables[name] ?? 'unknown'}`)
      return unless('error', faults, RENDER_MARIADB, variables.wsrep_cluster_name ?? '')
    },
  }),
  check({
    id: 'galera.addresses',
    engines,
    title: 'the cluster address names all machines of apmode.toml, and nobody else',
    looks: 'wsrep_cluster_address',
    why: 'A member that starts asks only those; an empty one forms a cluster of its own at every start.',
    needs: ['variables', 'config'],
    judge: ({ variables, config }) => {
      const address = (variables.wsrep_cluster_address ?? '').toLowerCase()
      const named = address
        .replace(/^gcomm:\/\//, '')
        .replace(/\?.*$/, '')
        .split(',')
        .filter((part) => part !== '')
      const known = config.nodes.map((node) =>
        (node.address.includes(':') ? `[${node.address}]` : node.address).toLowerCase(),
      )
      const bare = named.map((part) => part.replace(/(?<=\]|^[^:]*):\d+$/, ''))
      const faults = known.filter((part) => !bare.includes(part)).map((part) => `${part} is not named`)
      faults.push(...bare.filter((part) => !known.includes(part)).map((part) => `${part} is no machine of apmode.toml`))
      if (named.length === 0) faults.push('it is empty: each start would form a cluster of its own')
      return unless(named.length === 0 ? 'error' : 'warning', faults, RENDER_MARIADB, address)
    },
  }),
  check({
    id: 'galera.component',
    engines,
    title: 'all machines are in one primary component',
    looks: 'wsrep_cluster_status, wsrep_local_state_comment, wsrep_cluster_size',
    why: 'One that is not in it serves nobody; with each that is missing one less may be lost.',
    needs: ['counters', 'config', 'modeFile'],
    judge: ({ counters, config, modeFile: { mode } }) => {
      if (mode === 'm') return ok('in maintenance')
      const { wsrep_cluster_status: component = 'unknown', wsrep_local_state_comment: state = 'unknown' } = counters
      if (component !== 'Primary') {
        return bad(
          'error',
          `wsrep_cluster_status is ${component} (${state})`,
          'apmode status; apmode bootstrap --dry-run',
        )
      }
      const size = Number(counters.wsrep_cluster_size ?? 0)
      const found = `${size} of ${config.nodes.length}, ${state}`
      if (size >= config.nodes.length && state === 'Synced') return ok(found)
      return bad(
        'warning',
        found,
        size < config.nodes.length ? 'apmode start   # on those that are missing' : 'apmode status',
      )
    },
  }),
  check({
    id: 'galera.neighbours',
    engines,
    title: 'each other machine says where its data stands',
    looks: 'GET /cluster on the read-only port of each',
    why: 'After all have lost power apmode start and apmode bootstrap ask there who has the newest data.',
    needs: ['neighbours'],
    judge: ({ neighbours }) => {
      const silent = neighbours.filter(({ problem }) => problem !== null)
      const faults = silent.map(({ name, at, problem }) => `${name} (${at}): ${problem}`)
      return unless(
        'warning',
        faults,
        `apmode doctor   # on ${silent[0]?.name}`,
        neighbours.map(({ name }) => name).join(', '),
      )
    },
  }),
  check({
    id: 'galera.out',
    engines,
    title: 'the firewall lets this member out to the others',
    looks: 'its rules for TCP 4567, 4568, 4444 (Galera), the port of the database and health.listen',
    why: 'A member that is half reached takes part in nothing, and holds the others up while they find out.',
    needs: ['config', 'firewall'],
    judge: (facts) => ways(facts, 'output'),
  }),
  check({
    id: 'galera.in',
    engines,
    title: 'the firewall lets the other members in',
    looks: 'the same ports, the other way',
    why: 'With 4444 or 4568 closed a member that was away cannot be brought up to date.',
    needs: ['config', 'firewall'],
    judge: (facts) => ways(facts, 'input'),
  }),
]
