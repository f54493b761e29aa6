/**
 * The hooks folder: which files of it are run. A name by the rule of run-parts(8): ASCII letters, digits, `_` and `-`, so
 * that what package managers and editors leave behind is not run. Invariant: nothing is run that anybody but root could
 * have written: the file, what a link points to, and every folder above it.
 */
import { readdirSync, realpathSync, type Stats, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { messageOf } from '../../core/errors.ts'
import type { HookList } from '../../ports/hooks.ts'

const NAME = /^[A-Za-z0-9_-]+$/
/** What dpkg, rpm, editors and people keep beside a file; not worth a word. */
const LEFT_BEHIND = /(\.dpkg-\w+|\.rpm\w+|\.ucf-\w+|\.bak|\.old|\.orig|\.sw[op]|~)$|^\.|^#|^README/i
const OTHERS_WRITE = 0o022
const STICKY = 0o1000
const EXECUTE = 0o111

export function listHooks(folder: string): HookList {
  let found: string[]
  try {
    found = readdirSync(folder).sort()
  } catch (thrown) {
    const missing = (thrown as NodeJS.ErrnoException).code === 'ENOENT'
    return { names: [], refused: missing ? [] : [`the hooks cannot be read: ${messageOf(thrown)}`] }
  }
  const names: string[] = []
  const refused: string[] = []
  for (const name of found) {
    const path = join(folder, name)
    const trouble = troubleOf(path, name)
    if (trouble === null) names.push(name)
    else if (trouble !== '') refused.push(`hook ${path} is not run: ${trouble}`)
  }
  return { names, refused }
}

/** null: it is run. Empty: it is no hook, and nobody meant it to be one. */
function troubleOf(path: string, name: string): string | null {
  if (LEFT_BEHIND.test(name)) return ''
  try {
    const file = statSync(path)
    if (file.isDirectory()) return ''
    if (!file.isFile()) return 'it is no regular file'
    if ((file.mode & EXECUTE) === 0) return NAME.test(name) ? 'it is not executable (chmod 755), or remove it' : ''
    if (!NAME.test(name)) {
      return `found the name ${JSON.stringify(name)}, expected letters, digits, "_" and "-" only (as run-parts)`
    }
    return unsafe(path, realpathSync(path))
  } catch (thrown) {
    return messageOf(thrown)
  }
}

function unsafe(path: string, real: string): string | null {
  for (let at = real; ; at = dirname(at)) {
    const stats = statSync(at)
    const what = at === path ? 'it' : at
    if (stats.uid !== 0) return `${what} belongs to user ${stats.uid}, expected root`
    if (othersWrite(stats)) {
      return `${what} can be written by others than root (mode ${(stats.mode & 0o7777).toString(8).padStart(4, '0')})`
    }
    if (at === dirname(at)) return null
  }
}

/** In a sticky folder (/tmp) nobody replaces what is another's. */
function othersWrite(stats: Stats): boolean {
  if ((stats.mode & OTHERS_WRITE) === 0) return false
  return !(stats.isDirectory() && (stats.mode & STICKY) !== 0)
}
