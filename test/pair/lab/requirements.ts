/**
 * What the outer machine needs for the lab, and installing what Debian can provide of it.
 * Invariant: `whyNoLab` changes nothing and gives one sentence; `ensureOuterPackages` only ever adds packages.
 */
import { accessSync, constants, statSync } from 'node:fs'
import { join } from 'node:path'
import { ApmodeError } from '../../../src/core/errors.ts'
import { cgroupRoots } from './cgroup.ts'
import { PLAIN_ENVIRONMENT, run, runBlocking } from './command.ts'

/** Program → Debian package that brings it. */
const PROGRAMS: Readonly<Record<string, string>> = {
  mmdebstrap: 'mmdebstrap',
  'systemd-nspawn': 'systemd-container',
  ip: 'iproute2',
  nsenter: 'util-linux',
  unshare: 'util-linux',
  flock: 'util-linux',
  mount: 'mount',
}

/** Why no pair of machines can run here, as a sentence; null when nothing stands against it. */
export function whyNoLab(): string | null {
  if (process.platform !== 'linux') return `it needs Linux, this is ${process.platform}`
  if (process.getuid?.() !== 0) return 'it needs root (namespaces, mounts, systemd-nspawn)'
  if (missingPackages().length > 0 && !onPath('apt-get')) {
    return `missing here, and no apt-get to install them: ${missingPackages().join(', ')}`
  }
  const { unified } = cgroupRoots()
  if (unified === null) return 'it needs a mounted cgroup2 hierarchy'
  try {
    accessSync(join(unified, 'cgroup.procs'), constants.W_OK)
  } catch {
    return `it needs a writable cgroup2 hierarchy, ${unified} is not`
  }
  const unshared = runBlocking(['unshare', '--mount', '--net', 'true'], { timeoutMs: 5000 })
  if (unshared.code !== 0) return `it needs namespaces, and none can be made here: ${unshared.stderr.trim()}`
  return null
}

/** Installs the Debian packages of the outer machine that are missing; nothing to do is the usual case. */
export async function ensureOuterPackages(progress: (sentence: string) => void): Promise<void> {
  const packages = missingPackages()
  if (packages.length === 0) return
  progress(`installing ${packages.join(', ')} on this machine …`)
  const environment = ['env', 'DEBIAN_FRONTEND=noninteractive']
  const install = [...environment, 'apt-get', 'install', '-y', '--no-install-recommends', ...packages]
  // The lists of a fresh machine are empty or old: once as it is, once after an update.
  let result = await run(install, { timeoutMs: 300_000 })
  if (result.code !== 0) {
    await run([...environment, 'apt-get', 'update'], { timeoutMs: 180_000 })
    result = await run(install, { timeoutMs: 300_000 })
  }
  const missing = missingPackages()
  if (missing.length === 0) return
  throw new ApmodeError('failed', `cannot install ${missing.join(', ')}: ${result.stderr.trim().slice(-1000)}`)
}

function missingPackages(): string[] {
  const missing = Object.entries(PROGRAMS).filter(([program]) => !onPath(program))
  return [...new Set(missing.map(([, debianPackage]) => debianPackage))]
}

function onPath(program: string): boolean {
  const folders = (PLAIN_ENVIRONMENT.PATH ?? '').split(':')
  return folders.some((folder) => statSync(join(folder, program), { throwIfNoEntry: false })?.isFile() === true)
}
