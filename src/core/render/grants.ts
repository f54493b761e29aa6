/**
 * The SQL that makes the account through which the machines reach each other's database; run on each of them, as often as one
 * likes. It holds the password when it is given one: the text is meant for the standard input of `mariadb`, not for a
 * screen, a file or a command line. Without a password the text shows what would be done, and refuses to run.
 */
import type { Config } from '../config.ts'
import type { Engine } from '../vocabulary.ts'

/** With NO_BACKSLASH_ESCAPES a backslash is itself; the session sets it, so that one rule holds everywhere. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** To replicate; to see how far replication and the binary log are. */
const TO_REPLICATE = ['REPLICATION SLAVE', 'SLAVE MONITOR', 'BINLOG MONITOR']
/** To read everything; see the text. */
const TO_READ = ['SELECT', 'SHOW VIEW', 'TRIGGER', 'EVENT']
/** Members of a cluster bring each other up to date by themselves; what one says of itself any account may read. */
const TO_LOOK = ['SLAVE MONITOR', 'SELECT']

/** What the account has on `*.*`, and nothing else anywhere. */
export function grantedWith(engine: Engine): readonly string[] {
  return engine === 'galera' ? TO_LOOK : [...TO_REPLICATE, ...TO_READ]
}

const MASKED = `-- The password is not shown. To run this, pipe it:  apmode render grants | mariadb
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'the password is masked: pipe apmode render grants into mariadb';
`

const PAIR = {
  where: 'each of the two machines',
  grants: (account: string) => `-- To replicate; to see how far replication and the binary log are.
GRANT ${TO_REPLICATE.join(', ')} ON *.* TO ${account};
-- To read everything: who leads, and the data, for apmode reclone. Every change is in the binary log, which it may read
-- anyway. It can write no row; MariaDB shows triggers and events only to who may make them too.
GRANT ${TO_READ.join(', ')} ON *.* TO ${account};`,
  session: `-- Not into the binary log: accounts are each machine's own, and a transaction that only one of them has would keep it from
-- following the other.
SET SESSION sql_log_bin = 0;
`,
}

const CLUSTER = {
  where: 'one member, the others get it from there (on each before there is a cluster)',
  grants: (
    account: string,
  ) => `-- To see who leads, what the other supervisor says of its machine, and whether it replicates from outside. It can write no row.
GRANT ${TO_LOOK.join(', ')} ON *.* TO ${account};`,
  session: '',
}

/**
 * The same on all machines: each has an account for every address, so that a machine that was cloned from another, accounts
 * and all, is whole. `password` null: masked.
 */
export function renderGrants(config: Config, password: string | null): string {
  const { engine, replicationUser } = config.database
  if (engine === 'none') return '-- database.engine is "none": there is nothing to grant.\n'
  const { where, grants, session } = engine === 'galera' ? CLUSTER : PAIR
  const secret = quoted(password ?? '***')
  const statements = config.nodes.map((node) => {
    const account = `${quoted(replicationUser)}@${quoted(node.address)}`
    return `-- For ${node.name}.
CREATE USER IF NOT EXISTS ${account} IDENTIFIED BY ${secret};
-- The account may be there with another password.
ALTER USER ${account} IDENTIFIED BY ${secret};
${grants(account)}
`
  })
  return `-- Made by: apmode render grants. Run it on ${where}:  apmode render grants | mariadb
${password === null ? MASKED : ''}${session}-- In a password a backslash is a backslash.
SET SESSION sql_mode = CONCAT(@@SESSION.sql_mode, ',NO_BACKSLASH_ESCAPES');

${statements.join('\n')}`
}
