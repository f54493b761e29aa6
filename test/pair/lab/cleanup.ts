/**
 * Removes runs of the lab, and sees to it that no run outlives its owner.
 * Invariant: whatever ends the owner (return, exception, Ctrl-C, SIGTERM, SIGKILL), everything with the run's names goes:
 * processes, containers, cgroups, mounts, namespaces, folders. Removal is blocking and idempotent; two at once are harmless.
 * Three ways lead to it: `removeRun` called, a signal or the exit of the owner, and the reaper: a small detached process
 * that reads from a pipe of the owner and removes the run when the pipe closes. Leftovers of an outer power cut go at the
 * next start.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { removeCgroup } from './cgroup.ts'
import { PLAIN_ENVIRONMENT, runBlocking } from './command.ts'
import { entriesOf, knownRuns, namesOf, newRunId, type RunNames } from './names.ts'

interface Owner {
  readonly pid: number
  /** Field 22 of /proc/PID/stat: tells the owner from a later process with the same pid. */
  readonly startTime: string
}

const LIMIT = { timeoutMs: 10_000 }

/** A new run that is removed when its owner, this process, ends in whatever way. */
export function beginRun(): { readonly names: RunNames; readonly end: () => void } {
  removeDeadRuns()
  const names = namesOf(newRunId())
  mkdirSync(names.folder, { recursive: true })
  const owner: Owner = { pid: process.pid, startTime: startTimeOf(process.pid) ?? '' }
  writeFileSync(ownerFile(names), JSON.stringify(owner))
  const reaper = startReaper(names.id)
  const withdraw = watchExits(() => removeRun(names.id))
  return {
    names,
    end() {
      withdraw()
      removeRun(names.id)
      reaper.stdin?.destroy()
    },
  }
}

export function ownerFile(names: RunNames): string {
  return join(names.folder, 'owner.json')
}

/** Removes everything of a run; returns what could not be removed, as sentences (empty: nothing is left). */
export function removeRun(id: string): string[] {
  const names = namesOf(id)
  const left: string[] = []
  if (!removeCgroup(names.cgroup)) left.push(`cgroup ${names.cgroup}`)
  removeNspawnTraces(names)
  for (const root of mountsBelow(names.folder)) {
    if (runBlocking(['umount', root], LIMIT).code !== 0) runBlocking(['umount', '--lazy', root], LIMIT)
  }
  for (const namespace of entriesOf('/run/netns').filter((name) => name.startsWith(`${names.cgroup}-`))) {
    if (runBlocking(['ip', 'netns', 'delete', namespace], LIMIT).code !== 0) left.push(`network namespace ${namespace}`)
  }
  const mounted = mountsBelow(names.folder)
  left.push(...mounted.map((root) => `mount ${root}`))
  // Never a recursive removal through something that is still mounted.
  if (mounted.length === 0) rmSync(names.folder, { recursive: true, force: true })
  return left
}

/** What of a run is still there: for the test that nothing is. */
export function tracesOf(id: string): string[] {
  const names = namesOf(id)
  const files = [
    '/run/netns',
    '/run/systemd/nspawn/propagate',
    '/sys/fs/cgroup',
    '/sys/fs/cgroup/unified',
    '/sys/fs/cgroup/systemd',
  ]
  const found = files.flatMap((folder) =>
    entriesOf(folder)
      .filter((name) => name.startsWith(names.cgroup))
      .map((name) => join(folder, name)),
  )
  const processes = entriesOf('/proc').filter(
    (pid) => /^\d+$/.test(pid) && pid !== String(process.pid) && commandLineOf(pid).includes(names.cgroup),
  )
  if (statSync(names.folder, { throwIfNoEntry: false }) !== undefined) found.push(names.folder)
  return [...found, ...mountsBelow(names.folder), ...processes.map((pid) => `process ${pid}: ${commandLineOf(pid)}`)]
}

/** Removes the runs whose owner is gone: leftovers of a killed reaper or of an outer power cut. */
export function removeDeadRuns(): void {
  for (const id of knownRuns()) {
    if (!ownerLives(id)) removeRun(id)
  }
}

export function ownerLives(id: string): boolean {
  const folder = namesOf(id).folder
  try {
    const owner = JSON.parse(readFileSync(ownerFile(namesOf(id)), 'utf8')) as Owner
    return startTimeOf(owner.pid) === owner.startTime
  } catch {
    // The owner's file is written a moment after the folder: a young folder without one is a run that begins.
    const made = statSync(folder, { throwIfNoEntry: false })?.ctimeMs ?? 0
    return Date.now() - made < 5000
  }
}

/**
 * A shell that waits for the end of its input costs half a megabyte; only then does it start Node. Detached: neither
 * Ctrl-C nor the end of the owner's session reaches it.
 */
function startReaper(id: string): ChildProcess {
  const program = fileURLToPath(new URL('./reap.ts', import.meta.url))
  const script = 'cat > /dev/null; [ ! -d "$1" ] || exec "$2" "$3" "$4"'
  const reaper = spawn('sh', ['-c', script, 'apmode-lab-reaper', namesOf(id).folder, process.execPath, program, id], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: PLAIN_ENVIRONMENT,
    cwd: '/',
  })
  reaper.on('error', () => {})
  reaper.unref()
  const pipe = reaper.stdin
  if (pipe !== null && 'unref' in pipe && typeof pipe.unref === 'function') pipe.unref()
  return reaper
}

const SIGNALS = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const

function watchExits(remove: () => void): () => void {
  const handlers = Object.entries(SIGNALS).map(([signal, number]) => {
    const handler = () => {
      remove()
      process.exit(128 + number)
    }
    process.once(signal, handler)
    return () => process.off(signal, handler)
  })
  // A test runner's worker whose parent was killed is told by the end of its channel.
  const orphaned = () => {
    remove()
    process.exit(1)
  }
  process.once('disconnect', orphaned)
  process.once('exit', remove)
  return () => {
    for (const off of handlers) off()
    process.off('disconnect', orphaned)
    process.off('exit', remove)
  }
}

/** Files that a killed nspawn leaves: its lock (named by the root's device and inode) and its propagation folder. */
function removeNspawnTraces(names: RunNames): void {
  for (const machine of entriesOf('/run/systemd/nspawn/propagate').filter((name) =>
    name.startsWith(`${names.cgroup}-`),
  )) {
    rmSync(join('/run/systemd/nspawn/propagate', machine), { recursive: true, force: true })
  }
  for (const node of entriesOf(names.folder)) {
    const root = statSync(join(names.folder, node, 'root'), { throwIfNoEntry: false })
    if (root !== undefined) rmSync(`/run/systemd/nspawn/locks/inode-${root.dev}:${root.ino}`, { force: true })
  }
}

function mountsBelow(folder: string): string[] {
  const targets = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
  return targets.filter((target) => target === folder || target.startsWith(`${folder}/`)).reverse()
}

function startTimeOf(pid: number): string | null {
  try {
    // The program's name, field 2, may hold spaces and parentheses: count from the last one.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\)/s, '').trim().split(' ')
    return fields[19] ?? null
  } catch {
    return null
  }
}

function commandLineOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
  } catch {
    return ''
  }
}
