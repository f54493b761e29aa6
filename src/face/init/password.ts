/**
 * The replication password of this machine: given in a file or on stdin, there already, or made here. Invariant: it is made
 * only on the machine that is active at first; on the other one a password of its own would be a wrong one.
 */
import type { Config } from '../../core/config.ts'
import type { SetupMachine } from '../../ports/setup.ts'
import type { Asker } from './asking.ts'

export interface Password {
  /** What the accounts get; null: there is no database. */
  readonly secret: string | null
  /** Its file has to be written. */
  readonly isNew: boolean
}

export type PasswordResult =
  | { readonly ok: true; readonly password: Password }
  | { readonly ok: false; readonly fault: string }

/** `file`: of `--password-file`; `-` is stdin. */
export async function passwordFor(
  config: Config,
  machine: SetupMachine,
  asker: Pick<Asker, 'readAll'>,
  file: string | undefined,
): Promise<PasswordResult> {
  const yes = (secret: string | null, isNew: boolean): PasswordResult => ({ ok: true, password: { secret, isNew } })
  if (config.database.engine === 'none') return yes(null, false)
  const path = config.database.replicationPasswordFile
  const kept = machine.secret(path)
  if (file !== undefined) {
    const given = await givenIn(file, machine, asker)
    if ('fault' in given) return { ok: false, fault: given.fault }
    return yes(given.secret, !kept.ok || kept.secret !== given.secret)
  }
  if (kept.ok) return yes(kept.secret, false)
  // A file that is there and cannot be used is not written over with another password.
  if (machine.read(path) !== null) return { ok: false, fault: `${path}: ${kept.problem}` }
  if (config.node.role === 'active') return yes(machine.newPassword(), true)
  const first = config.peer?.name ?? 'the other machine'
  return {
    ok: false,
    fault:
      `--password-file: found no password on this machine, expected that of ${first}: there, ` +
      `scp -p ${path} root@${config.node.address}:/etc/apmode/ (or --password-file - with the password on stdin)`,
  }
}

async function givenIn(
  file: string,
  machine: SetupMachine,
  asker: Pick<Asker, 'readAll'>,
): Promise<{ readonly secret: string } | { readonly fault: string }> {
  const text = file === '-' ? await asker.readAll() : (machine.read(file)?.text ?? null)
  const name = file === '-' ? 'stdin' : file
  if (text === null) return { fault: `--password-file: found no such file (${name}), expected one with the password` }
  const secret = text.split('\n')[0]?.replace(/\r$/, '') ?? ''
  if (secret === '') return { fault: `--password-file: found an empty first line (${name}), expected the password` }
  // MariaDB keeps no longer one for a replica.
  if (secret.length > 32 || /\p{Cc}/u.test(secret))
    return {
      fault: `--password-file: found one that a replica cannot use (${name}), expected 32 characters at most, in one line`,
    }
  return { secret }
}
