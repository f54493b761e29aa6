/**
 * Which files a machine of the pair needs, and what has to be done about those that are there. Pure. The texts are those of
 * `apmode render`. A file that init has not written itself, or that was changed since, is somebody's work: `byHand`.
 */
import { bootUnitOf, type Config } from '../config.ts'
import { renderKeepalived } from '../render/keepalived.ts'
import { renderMariadb } from '../render/mariadb.ts'
import { unifiedDiff } from './diff.ts'

export const KEEPALIVED_CONF = '/etc/keepalived/keepalived.conf'
/** Where the packages of MariaDB look for settings: Debian's folder, and that of everybody else. */
export const MARIADB_CONFS = ['/etc/mysql/mariadb.conf.d/90-apmode.cnf', '/etc/my.cnf.d/z-apmode.cnf'] as const
/** In a folder that a mask in /etc hides, as for the package's own. */
export const bootUnitPath = (config: Config) => `/usr/local/lib/systemd/system/${bootUnitOf(config)}`
export const PACKAGED_BOOT_UNIT = 'ap.service'

export interface WantedFile {
  readonly path: string
  readonly text: string
  readonly mode: number
  /** Its text is never shown. */
  readonly secret: boolean
}

export interface Wishes {
  readonly config: Config
  /** null: the one that is there stays. */
  readonly toml: { readonly path: string; readonly text: string } | null
  /** null: the one that is there stays. */
  readonly password: string | null
  /** null: the host name says which machine this is. */
  readonly nodeFile: { readonly path: string; readonly text: string } | null
  readonly mariadbConf: string
  /** The package's boot unit; only read for another codename. */
  readonly bootUnit: string
}

/** The configuration last: a supervisor that waits for it finds everything else in its place. */
export function wantedFiles({ config, toml, password, nodeFile, mariadbConf, bootUnit }: Wishes): WantedFile[] {
  const open = (path: string, text: string): WantedFile => ({ path, text, mode: 0o644, secret: false })
  const files: WantedFile[] = []
  const { engine, replicationPasswordFile } = config.database
  if (password !== null) files.push({ path: replicationPasswordFile, text: `${password}\n`, mode: 0o600, secret: true })
  if (engine !== 'none') files.push(open(mariadbConf, renderMariadb(config, config.node)))
  files.push(open(KEEPALIVED_CONF, renderKeepalived(config, config.node)))
  if (bootUnitOf(config) !== PACKAGED_BOOT_UNIT) {
    const head = `# A copy of ${PACKAGED_BOOT_UNIT} for the codename "${config.codename}", made by: apmode init\n`
    files.push(open(bootUnitPath(config), `${head}${bootUnit}`))
  }
  if (nodeFile !== null) files.push(open(nodeFile.path, nodeFile.text))
  if (toml !== null) files.push(open(toml.path, toml.text))
  return files
}

export interface PresentFile {
  readonly text: string
  /** Permission bits. */
  readonly mode: number
  /** Exactly as init wrote it. */
  readonly untouched: boolean
}

export interface Change extends WantedFile {
  readonly action: 'create' | 'replace'
  /** Somebody's own work would be replaced. */
  readonly byHand: boolean
  /** Unified; of a secret only that it changes. */
  readonly diff: readonly string[]
}

/** null: it is as it must be. */
export function changeOf(wanted: WantedFile, present: PresentFile | null): Change | null {
  if (present?.text === wanted.text && (!wanted.secret || present.mode === wanted.mode)) return null
  const action = present === null ? 'create' : 'replace'
  const head = [`--- ${present === null ? '/dev/null' : wanted.path}`, `+++ ${wanted.path}`]
  const diff = wanted.secret
    ? [...head, '(the password is not shown)']
    : unifiedDiff(wanted.path, present?.text ?? null, wanted.text)
  return { ...wanted, action, byHand: present !== null && !present.untouched && !wanted.secret, diff }
}
