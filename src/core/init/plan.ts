/**
 * What init does beside writing files, and what is left for a person, from what is seen. Pure. Invariant: on a machine that
 * has a mode already nothing is restarted or stopped, since that would be a failover, or the end of a standby.
 */
import { bootUnitOf, type Config } from '../config.ts'
import { bootUnitPath, type Change, KEEPALIVED_CONF, PACKAGED_BOOT_UNIT } from './files.ts'
import type { Found } from './found.ts'

export type Action =
  | { readonly do: 'reload-systemd' }
  | { readonly do: 'start' | 'restart' | 'stop'; readonly unit: string }
  | { readonly do: 'grant' }
  /** `changed`: one that runs has to read it again. */
  | { readonly do: 'tell-supervisor'; readonly changed: boolean }

/** What is seen of the machine once its configuration is known. */
export interface Seen {
  readonly found: Found
  /** No mode has been set yet: nothing of the pair runs here. */
  readonly isFresh: boolean
  /** Are they as the grants make them? null: the database does not say. */
  readonly accounts: boolean | null
  readonly mariadbConf: string
}

export function actionsFor(config: Config, seen: Seen, changes: readonly Change[], configPath: string): Action[] {
  const changed = (path: string) => changes.some((change) => change.path === path)
  const { found, isFresh, accounts, mariadbConf } = seen
  const actions: Action[] = []
  if (changed(bootUnitPath(config))) actions.push({ do: 'reload-systemd' })
  const unitOf = (kind: string) => config.units.find((unit) => unit.kind === kind)?.name ?? ''
  const isActive = (unit: string) => found.units.get(unit)?.active === true
  const [database, router] = [unitOf('database'), unitOf('router')]
  if (config.database.engine !== 'none') {
    if (isFresh && !isActive(database)) actions.push({ do: 'start', unit: database })
    // Accounts are made after the restart: where they are missing, an earlier run may have ended before it.
    else if (isFresh && (changed(mariadbConf) || accounts !== true)) actions.push({ do: 'restart', unit: database })
    if (accounts !== true && (isFresh || isActive(database))) actions.push({ do: 'grant' })
  }
  if (isFresh && changed(KEEPALIVED_CONF) && isActive(router)) actions.push({ do: 'stop', unit: router })
  // Also when a person has just put the file there: the next command needs a supervisor that knows it.
  const anything = changes.length + actions.length > 0
  if (changed(configPath) || (isFresh && anything))
    actions.push({ do: 'tell-supervisor', changed: changed(configPath) })
  return actions
}

export function actionSentence(action: Action, config: Config): string {
  switch (action.do) {
    case 'reload-systemd':
      return `make ${bootUnitOf(config)} known to systemd (daemon-reload)`
    case 'start':
      return `start ${action.unit}`
    case 'restart':
      return `restart ${action.unit}, which then reads its new settings`
    case 'stop':
      return `stop ${action.unit}, which ran with other settings; apmode set ap --now starts it`
    case 'grant':
      return `make the accounts of ${config.database.replicationUser} in the database (apmode render grants | mariadb)`
    case 'tell-supervisor':
      return 'wait until the supervisor has read the configuration'
  }
}

/** The commands that come next, each as it is typed and where. */
export interface NextStep {
  /** Name of the machine; null: this one. */
  readonly on: string | null
  readonly command: string
  readonly why: string
}

/** `paths`: what the other machine must have too. */
export function nextSteps(
  config: Config,
  { isFresh }: Pick<Seen, 'isFresh'>,
  changes: readonly Change[],
  paths: readonly string[],
): NextStep[] {
  const { node, peer, peers } = config
  if (!isFresh) {
    const services = changes.filter(({ path }) => !path.startsWith('/etc/apmode/'))
    if (services.length === 0) return []
    const why = 'keepalived and MariaDB read their files when they start; first on the standby, then on the holder'
    return [
      { on: null, command: 'apmode set m --now', why },
      { on: null, command: 'apmode set ap --now', why: 'and back into the pair' },
    ]
  }
  const start = {
    on: null,
    command: 'apmode set ap --now',
    why: peers.length === 0 ? 'start everything' : 'start everything here',
  }
  if (peers.length === 0) return [start]
  if (node.role === 'active') {
    return [
      ...peers.flatMap(({ name, address }) => [
        {
          on: null,
          command: `scp -p ${paths.join(' ')} root@${address}:/etc/apmode/`,
          why: `the same files on ${name}, on which the package is installed`,
        },
        { on: name, command: 'apmode init', why: 'it finds the files, and writes its own' },
      ]),
      start,
      ...peers.map(({ name }) => ({ on: name, command: 'apmode set ap --now', why: `when ${node.name} serves` })),
    ]
  }
  const active = peers.find(({ role }) => role === 'active')?.name ?? null
  return [
    { on: active, command: 'apmode set ap --now', why: 'if it does not serve yet' },
    {
      on: null,
      command: 'apmode set ap --now',
      why: peer === null ? 'then here' : `then here: it follows ${peer.name}`,
    },
  ]
}

/** Units that the configuration names and systemd does not know, and a boot unit in whose place something else is. */
export function obstaclesOn(config: Config, found: Found, hasOwnBootUnit: boolean): string[] {
  const packages: Readonly<Record<string, string>> = {
    database:
      'install MariaDB (apt install mariadb-server), or say which unit it is with --database, or --database none',
    router: 'install keepalived (apt install keepalived)',
  }
  const missing = config.units
    .filter(({ name }) => !found.units.has(name))
    .map(({ name, kind }) => {
      const remedy = packages[kind] ?? 'install it, or take it out of the configuration (--api none)'
      return `${name} (${kind}) is not on this machine: ${remedy}`
    })
  const boot = bootUnitOf(config)
  if (boot === PACKAGED_BOOT_UNIT || hasOwnBootUnit || !found.units.has(boot)) return missing
  return [...missing, `${boot} is a unit of this machine already: another codename is needed (--codename)`]
}
