/**
 * The password of replication for MariaDB's client programs, on a file descriptor: an option file that has no name any
 * more when the program starts. Invariant: the password is in no argument, no environment and no log, and a supervisor that
 * is killed leaves no file with it behind. It keeps nothing.
 */
import { randomUUID } from 'node:crypto'
import { closeSync, openSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ApmodeError, messageOf } from '../../core/errors.ts'

/** How a program is told to read its options from the descriptor that it gets as its fourth, and from nowhere else. */
export const FROM_DESCRIPTOR = '--defaults-file=/dev/fd/3'

/** Calls `work` with a descriptor that is open as long as that takes. `folder` must be root's own (/run/apmode). */
export async function withPassword<T>(
  passwordFile: string,
  folder: string,
  work: (descriptor: number) => Promise<T>,
): Promise<T> {
  const descriptor = optionFile(passwordFile, folder)
  try {
    return await work(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

function optionFile(passwordFile: string, folder: string): number {
  const path = join(folder, `.${randomUUID()}`)
  try {
    const password = readFileSync(passwordFile, 'utf8').replace(/\r?\n$/, '')
    writeFileSync(path, `[client]\npassword="${optionText(password)}"\n`, { mode: 0o600, flag: 'wx' })
    const descriptor = openSync(path, 'r')
    unlinkSync(path)
    return descriptor
  } catch (error) {
    // Never what is in the file: only its name is in these messages.
    throw new ApmodeError('storage', `cannot use the password in ${passwordFile}: ${messageOf(error)}`)
  }
}

/** As option files have it (https://mariadb.com/kb/en/configuring-mariadb-with-option-files/): in quotes, with escapes. */
export function optionText(text: string): string {
  return text.replace(/[\\"\n\r\t\b]/g, (character) => ESCAPES[character] ?? character)
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '"': '\\"',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\b': '\\b',
}
