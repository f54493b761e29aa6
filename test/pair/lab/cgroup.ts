/**
 * The cgroup of a run, with one child for each machine and one for its other processes.
 * Invariant: each machine of the lab has a cgroup of its own, so that no two guests' systemd ever share a tree, and one
 * write to `cgroup.kill` ends everything that the run started.
 *
 * What works, measured on a host without systemd where v1 controllers and cgroup2 are mounted side by side ("hybrid"):
 * - systemd-nspawn --keep-unit puts its guest into `<its own cgroup>/payload`. Started twice from the same cgroup, both
 *   guests share `/payload/system.slice/…`: a kill in one reaches for the other's processes. Hence a cgroup for each.
 * - In a hybrid host nspawn mirrors the path in the v1 hierarchy `name=systemd`; without a folder of that name there it
 *   complains ("compat systemd cgroup"), falls back to the root and leaves `/payload` there. Hence the mirror.
 * - SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 gives the guest a pure cgroup2 tree although the host is hybrid. No controllers
 *   are in it (they belong to v1), so there are no limits; but tracking, KillMode=control-group, `systemctl kill` and
 *   notification of empty cgroups are those of a modern machine.
 * - On a host with pure cgroup2 the same code makes `/sys/fs/cgroup/<run>`; a host without cgroup2 is not enough.
 */
import { mkdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { entriesOf } from './names.ts'
import { blockUntil } from './wait.ts'

/** Where cgroup2 is mounted, and where the v1 hierarchy name=systemd is; null when it is not. */
export function cgroupRoots(): { readonly unified: string | null; readonly mirror: string | null } {
  let unified: string | null = null
  let mirror: string | null = null
  for (const line of readFileSync('/proc/self/mounts', 'utf8').split('\n')) {
    const [, at = '', type, options = ''] = line.split(' ')
    if (type === 'cgroup2') unified ??= at
    if (type === 'cgroup' && options.split(',').includes('name=systemd')) mirror ??= at
  }
  return { unified, mirror }
}

/** Creates the cgroup (in both hierarchies) and gives the files that a process writes its own pid to, to enter it. */
export function createCgroup(run: string, child: string): { readonly path: string; readonly doors: readonly string[] } {
  const { unified, mirror } = cgroupRoots()
  if (unified === null) throw new Error('cannot create a cgroup: no cgroup2 hierarchy is mounted')
  const folders = [unified, ...(mirror === null ? [] : [mirror])].map((root) => join(root, run, child))
  for (const folder of folders) mkdirSync(folder, { recursive: true })
  return { path: join(unified, run, child), doors: folders.map((folder) => join(folder, 'cgroup.procs')) }
}

/** Stops every process of the cgroup where it is; takes effect within microseconds, and SIGKILL still works on them. */
export function freeze(path: string): void {
  writeFileSync(join(path, 'cgroup.freeze'), '1')
}

/** Lets them go on, as if nothing had been; harmless for a cgroup that is not frozen. */
export function thaw(path: string): void {
  writeFileSync(join(path, 'cgroup.freeze'), '0')
}

/** SIGKILL to every process in the cgroup and below it, in one write (Linux 5.14); waits until the last is gone. */
export function killCgroup(path: string, patienceMs: number): boolean {
  if (!exists(path)) return true
  return blockUntil(() => {
    tryTo(() => writeFileSync(join(path, 'cgroup.kill'), '1'))
    return !populated(path)
  }, patienceMs)
}

/** Kills and removes the cgroups of a run or of one machine, in both hierarchies. True when nothing is left. */
export function removeCgroup(run: string, child = ''): boolean {
  const { unified, mirror } = cgroupRoots()
  if (unified !== null) killCgroup(join(unified, run, child), 5000)
  let gone = true
  for (const root of [unified, mirror]) {
    if (root === null) continue
    const path = join(root, run, child)
    // rmdir answers EBUSY for a moment after the last process is gone.
    gone = blockUntil(() => removeTree(path), 2000) && gone
  }
  return gone
}

/** Pid, as the outer machine counts, of the guest's PID 1; null until it has moved to its init.scope, or when it is off. */
export function guestInit(path: string): number | null {
  for (const pid of linesOf(join(path, 'payload/init.scope/cgroup.procs'))) {
    if (/^NSpid:.*\s1$/m.test(textOf(`/proc/${pid}/status`))) return Number(pid)
  }
  return null
}

function populated(path: string): boolean {
  return /^populated 1$/m.test(textOf(join(path, 'cgroup.events')))
}

function removeTree(path: string): boolean {
  for (const entry of entriesOf(path)) {
    const child = join(path, entry)
    if (statSync(child, { throwIfNoEntry: false })?.isDirectory()) removeTree(child)
  }
  tryTo(() => rmdirSync(path))
  return !exists(path)
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function linesOf(path: string): string[] {
  return textOf(path).split('\n').filter(Boolean)
}

function tryTo(change: () => void): void {
  try {
    change()
  } catch {
    // It is already gone, which is what was wanted.
  }
}
