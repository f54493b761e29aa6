/** The checks of the database itself: does it answer, who may what in it, and can its tables be trusted. Data. */
import { grantedWith } from '../render/grants.ts'
import { bad, type Check, check, mariadb, ok, some, unless } from './check.ts'

/** What an installation has: people use them by hand. */
const INSTALLED = new Set(["'root'@'localhost'", "'mysql'@'localhost'", "'mariadb.sys'@'localhost'"])
const GRANTS = 'apmode render grants | mariadb'
const ANYWHERE = 'on the machine that serves; it replicates'

/** `READ_ONLY ADMIN` and `READ ONLY ADMIN`, `REPLICA MONITOR` and `SLAVE MONITOR` are the same. */
const rightName = (right: string) => right.replaceAll('_', ' ').replace(/^REPLICA MONITOR$/, 'SLAVE MONITOR')

export const MARIADB: readonly Check[] = [
  check({
    id: 'mariadb.answers',
    title: 'the database answers root on its socket',
    looks: 'a connection to database.socket, as root, without a password',
    why: 'It is how the supervisor fences and promotes. A database that does not answer cannot be fenced, only killed.',
    needs: ['database', 'config', 'modeFile'],
    judge: ({ database, config, modeFile }) => {
      if (database === null) return ok(config.database.socket)
      const unit = config.units.find(({ kind }) => kind === 'database')?.name ?? 'mariadb'
      if (modeFile.mode === 'm') return bad('note', `${database}; in mode m it may`, 'apmode set ap --now')
      return bad('error', database, `apmode start && journalctl -u ${unit} -n 50`)
    },
  }),
  check({
    id: 'mariadb.grants',
    title: 'the replication account has the rights that it needs, and no more',
    looks: 'USER_PRIVILEGES of the account, for either address',
    why: 'With less a machine cannot look at its peer, or follow it; with more who steals the password can write.',
    needs: ['accounts', 'config'],
    judge: ({ accounts, config }) => {
      const granted = grantedWith(config.database.engine)
      const name = config.database.replicationUser
      const faults: string[] = []
      const revoke: string[] = []
      let missing = false
      for (const { address } of config.nodes) {
        const account = `'${name}'@'${address}'`
        const found = accounts.get(account)
        const rights = (found?.rights ?? []).map(rightName)
        const lost = granted.filter((right) => !rights.includes(right))
        const more = rights.filter((right) => right !== 'USAGE' && !granted.includes(right))
        if (found === undefined) faults.push(`there is no ${account}`)
        else if (lost.length > 0) faults.push(`${account} lacks ${lost.join(', ')}`)
        if (more.length > 0) faults.push(`${account} has ${more.join(', ')} too`)
        if ((found?.more ?? 0) > 0) faults.push(`${account} has rights on single databases or tables too`)
        if (more.length > 0) revoke.push(`REVOKE ${more.join(', ')} ON *.* FROM ${account}`)
        missing ||= found === undefined || lost.length > 0
      }
      const take = mariadb(`SET SESSION sql_log_bin = 0; ${revoke.join('; ')}`)
      const mend = revoke.length === 0 ? GRANTS : missing ? `${take} && ${GRANTS}` : take
      return unless(missing ? 'error' : 'warning', faults, mend, `for ${config.nodes.length} addresses`)
    },
  }),
  check({
    id: 'mariadb.privileged',
    title: 'no account of an application may write on a read-only database',
    looks: 'accounts with READ ONLY ADMIN (before 10.11 also SUPER), also by a role',
    why: 'A fence does not stop them: apmode ends their sessions, and kills the database when they keep coming back.',
    needs: ['privileged'],
    judge: ({ privileged }) => {
      const accounts = privileged.filter((account) => !INSTALLED.has(account))
      const sql = accounts.map((account) => `REVOKE READ ONLY ADMIN, SUPER ON *.* FROM ${account}`).join('; ')
      const mend = `${mariadb(`SET SESSION sql_log_bin = 0; ${sql}`)}   # on both machines`
      return unless(
        'warning',
        accounts.map((account) => `${account} may`),
        mend,
        'nobody but root and the server itself',
      )
    },
  }),
  check({
    id: 'mariadb.engines',
    title: 'every table survives a crash',
    looks: 'tables of other engines than InnoDB',
    why: 'MyISAM and Aria lose or half-write rows in a power cut, and no transaction holds them together with the rest.',
    needs: ['tables'],
    judge: ({ tables: { fragile } }) => {
      const sql = fragile
        .slice(0, 4)
        .map((table) => `ALTER TABLE ${table} ENGINE=InnoDB`)
        .join('; ')
      const found = fragile.length === 0 ? [] : [some(fragile, 4, ', ')]
      return unless('warning', found, `${mariadb(sql)}   # ${ANYWHERE}`, 'all are InnoDB')
    },
  }),
  check({
    id: 'mariadb.keys',
    title: 'every table has a key',
    looks: 'InnoDB tables without a primary or unique key',
    why: 'A replica looks for each changed row of such a table by reading all of it: a failover waits until that is done.',
    needs: ['tables'],
    judge: ({ tables: { keyless } }) => {
      const add = 'ADD COLUMN row_id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY INVISIBLE'
      const sql = keyless
        .slice(0, 4)
        .map((table) => `ALTER TABLE ${table} ${add}`)
        .join('; ')
      const found = keyless.length === 0 ? [] : [some(keyless, 4, ', ')]
      return unless('warning', found, `${mariadb(sql)}   # ${ANYWHERE}`, 'all have one')
    },
  }),
]
