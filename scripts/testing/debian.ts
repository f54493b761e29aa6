/**
 * Installs the Debian packages that a stage needs, when this is root on a Debian and a program is missing.
 * Invariant: what is installed here for a test is neither started nor left to start at the next boot: a tester's machine
 * gets programs, no running database. Never removes a package.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Program → the Debian package that brings it. */
export type Programs = Readonly<Record<string, string>>

const FOLDERS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin']
const LIMIT_MS = 300_000
/** Asked by packages whether they may start a service (invoke-rc.d(8)): 101 is no. */
const POLICY = '/usr/sbin/policy-rc.d'

let updated = false

/** Why a program is still missing, as a sentence; null when all are there. */
export function ensurePrograms(programs: Programs, say: (sentence: string) => void): string | null {
  const packages = packagesMissing(programs)
  if (packages.length === 0) return null
  const list = packages.join(', ')
  if (process.getuid?.() !== 0) return `missing, and only root can install: ${list}`
  if (!isThere('apt-get')) return `missing, and there is no apt-get here to install: ${list}`
  say(`installing ${list} …`)
  const problem = withoutServices(packages, () => {
    if (!updated) {
      updated = true
      apt(['update'])
    }
    return apt(['install', '-y', '--no-install-recommends', ...packages])
  })
  const missing = packagesMissing(programs)
  return missing.length === 0 ? null : `cannot install ${missing.join(', ')}: ${problem}`
}

function packagesMissing(programs: Programs): string[] {
  const missing = Object.entries(programs).filter(([program]) => !isThere(program))
  return [...new Set(missing.map(([, debianPackage]) => debianPackage))]
}

function isThere(program: string): boolean {
  return FOLDERS.some((folder) => existsSync(join(folder, program)))
}

/** The end of what apt-get said when it failed; empty when it did not. */
function apt(args: readonly string[]): string {
  const { status, stderr } = spawnSync('apt-get', ['-q', '-o', 'DPkg::Lock::Timeout=240', ...args], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
    timeout: LIMIT_MS,
  })
  return status === 0 ? '' : (stderr ?? '').trim().slice(-500) || 'apt-get did not end in its time limit'
}

function withoutServices(packages: readonly string[], install: () => string): string {
  const ours = !existsSync(POLICY)
  if (ours) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    return install()
  } finally {
    if (ours) rmSync(POLICY, { force: true })
    if (existsSync('/run/systemd/system')) {
      const units = {
        'mariadb-server': 'mariadb.service',
        keepalived: 'keepalived.service',
        haproxy: 'haproxy.service',
        prometheus: 'prometheus.service',
      }
      const enabled = Object.entries(units).filter(([debianPackage]) => packages.includes(debianPackage))
      for (const [, unit] of enabled) spawnSync('systemctl', ['disable', unit], { stdio: 'ignore', timeout: 30_000 })
    }
  }
}
