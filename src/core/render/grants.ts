/**
 * The SQL that makes the account through which the machines reach each other's database; run on each of them, as often as one
 * likes. It holds the password when it is given one: the text is meant for the standard input of `mariadb`, not for a
 * screen, a file or a command line. Without a password the text shows what would be done, and refuses to run.
 */
import type { Config } from '../config.ts'

/** With NO_BACKSLASH_ESCAPES a backslash is itself; the session sets it, so that one rule holds everywhere. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** To replicate; to see how far replication and the binary log are. */
const TO_REPLICATE = ['REPLICATION SLAVE', 'SLAVE MONITOR', 'BINLOG MONITOR']
/** To read everything; see the text. */
const TO_READ = ['SELECT', 'SHOW VIEW', 'TRIGGER', 'EVENT']
/** What the account has on `*.*`, and nothing else anywhere. */
export const GRANTED: readonly string[] = [...TO_REPLICATE, ...TO_READ]

const MASKED = `-- The password is not shown. To run this, pipe it:  apmode render grants | mariadb
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'the password is masked: pipe apmode render grants into mariadb';
`

/**
 * The same on both machines: each has an account for either address, so that a machine that was cloned from its peer, accounts
 * and all, is whole. `password` null: masked.
 */
export function renderGrants(config: Config, password: string | null): string {
  if (config.database.engine === 'none') return '-- database.engine is "none": there is nothing to grant.\n'
  const { replicationUser } = config.database
  const accounts = config.nodes.map((node) => ({ node, account: `${quoted(replicationUser)}@${quoted(node.address)}` }))
  const secret = quoted(password ?? '***')
  const statements = accounts.map(
    ({ node, account }) => `-- For ${node.name}.
CREATE USER IF NOT EXISTS ${account} IDENTIFIED BY ${secret};
-- The account may be there with another password.
ALTER USER ${account} IDENTIFIED BY ${secret};
-- To replicate; to see how far replication and the binary log are.
GRANT ${TO_REPLICATE.join(', ')} ON *.* TO ${account};
-- To read everything: who leads, and the data, for apmode reclone. Every change is in the binary log, which it may read
-- anyway. It can write no row; MariaDB shows triggers and events only to who may make them too.
GRANT ${TO_READ.join(', ')} ON *.* TO ${account};
`,
  )
  return `-- Made by: apmode render grants. Run it on each of the two machines:  apmode render grants | mariadb
${password === null ? MASKED : ''}-- Not into the binary log: accounts are each machine's own, and a transaction that only one of them has would keep it from
-- following the other.
SET SESSION sql_log_bin = 0;
-- In a password a backslash is a backslash.
SET SESSION sql_mode = CONCAT(@@SESSION.sql_mode, ',NO_BACKSLASH_ESCAPES');

${statements.join('\n')}`
}
