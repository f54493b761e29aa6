/**
 * The accounts of replication in the local database, for `apmode init`: are they as the grants make them, and making them.
 * Invariant: no error has a part of a statement in it, which holds the password.
 */
import { createHash } from 'node:crypto'
import type { Account } from '../../ports/setup.ts'
import { cannot, failureOf } from './failure.ts'
import { openLink, type Target, whereOf } from './link.ts'

/** 1141: there is no such grant defined for user; 1133: can't find any matching row. */
const NO_ACCOUNT = new Set([1133, 1141])

/** As mysql_native_password keeps it. */
export function hashOf(password: string): string {
  const sha1 = (bytes: string | Buffer) => createHash('sha1').update(bytes).digest()
  return `*${sha1(sha1(password)).toString('hex').toUpperCase()}`
}

/** `line`: what SHOW GRANTS says first: GRANT … ON *.* TO … IDENTIFIED BY PASSWORD '*…'. */
export function holdsIn(line: string, privileges: readonly string[], password: string): boolean {
  const [, list = '', hash = ''] =
    /^GRANT (.+?) ON \*\.\* TO .*? IDENTIFIED BY PASSWORD '(\*[0-9A-F]{40})'/.exec(line) ?? []
  const has = new Set(list.split(', '))
  return hash === hashOf(password) && (has.has('ALL PRIVILEGES') || privileges.every((name) => has.has(name)))
}

/** null: the database does not answer. */
export async function accountsHold(
  socket: string,
  accounts: readonly Account[],
  privileges: readonly string[],
  password: string,
  limitMs: number,
): Promise<boolean | null> {
  try {
    const link = await openLink({ kind: 'local', socket }, limitMs)
    try {
      for (const { user, host } of accounts) {
        const [row] = await link.rows(`SHOW GRANTS FOR ${text(user)}@${text(host)}`, limitMs)
        const line = Object.values(row ?? {})[0] ?? ''
        if (!holdsIn(line, privileges, password)) return false
      }
      return true
    } finally {
      link.close()
    }
  } catch (error) {
    return NO_ACCOUNT.has(failureOf(error, socket).errno) ? false : null
  }
}

/** Names and addresses of the configuration hold neither quotes nor backslashes. */
const text = (word: string) => `'${word.replaceAll("'", "''")}'`

/** A script of several statements, in a session of its own. Throws DatabaseFailure. */
export async function runScript(socket: string, what: string, sql: string, limitMs: number): Promise<void> {
  const target: Target = { kind: 'local', socket }
  try {
    const link = await openLink(target, limitMs)
    try {
      await link.run([sql], limitMs)
    } finally {
      link.close()
    }
  } catch (error) {
    throw cannot(what, error, whereOf(target))
  }
}
