/** All checks together, and what comes of them: the report that `apmode doctor` prints. Pure. */
import { type Check, GROUPS, type Group, SEVERITIES, type Severity } from './check.ts'
import { FILES } from './files.ts'
import { GALERA } from './galera.ts'
import { KEEPALIVED } from './keepalived.ts'
import { KEEPALIVED_VRRP } from './keepalived-vrrp.ts'
import type { Looks } from './look.ts'
import { MARIADB } from './mariadb.ts'
import { MARIADB_SETTINGS } from './mariadb-settings.ts'
import { NETWORK } from './network.ts'
import { PAIR } from './pair.ts'
import { SYSTEM } from './system.ts'
import { UNITS } from './units.ts'

/** In the order in which they are shown. */
export const CHECKS: readonly Check[] = [
  ...FILES,
  ...UNITS,
  ...KEEPALIVED,
  ...KEEPALIVED_VRRP,
  ...MARIADB,
  ...MARIADB_SETTINGS,
  ...GALERA,
  ...NETWORK,
  ...PAIR,
  ...SYSTEM,
].sort((one, other) => GROUPS.indexOf(one.group) - GROUPS.indexOf(other.group))

export interface Finding {
  readonly id: string
  readonly group: Group
  readonly severity: Severity
  readonly title: string
  readonly looked: string
  readonly found: string
  readonly why: string
  readonly mend: string | null
}

export interface Report {
  /** No error was found. */
  readonly ok: boolean
  /** null: the configuration does not say which machine this is. */
  readonly node: string | null
  readonly version: string
  /** ISO 8601 UTC. */
  readonly at: string
  readonly summary: Readonly<Record<Severity, number>>
  readonly findings: readonly Finding[]
}

/** Without a configuration those of the usual engine. */
function checksFor({ config }: Partial<Looks>): readonly Check[] {
  const engine = config?.kind === 'seen' ? config.value.database.engine : 'mariadb'
  return CHECKS.filter(({ engines }) => engines === undefined || engines.includes(engine))
}

export function examine(looks: Partial<Looks>, self: Pick<Report, 'node' | 'version' | 'at'>): Report {
  const findings = checksFor(looks).map((check): Finding => {
    const { id, group, title, looks: looked, why } = check
    const { severity, found, mend } = check.examine(looks)
    return { id, group, severity, title, looked, found, why, mend: severity === 'ok' ? null : mend }
  })
  const count = (severity: Severity) => findings.filter((finding) => finding.severity === severity).length
  const summary = Object.fromEntries(SEVERITIES.map((severity) => [severity, count(severity)]))
  return { ok: count('error') === 0, ...self, summary: summary as Record<Severity, number>, findings }
}
