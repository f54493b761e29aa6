/**
 * Starts one systemd-nspawn container: how a guest with its own systemd, D-Bus, /sys and cgroup tree comes to be on a
 * machine where possibly no systemd runs. Invariant: the container's life is its child process, and everything in it
 * is in the cgroup behind `doors`.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { PLAIN_ENVIRONMENT } from './command.ts'

export interface Container {
  /** systemd-nspawn's machine name, and the network namespace it is started in. */
  readonly machine: string
  /** Hostname. */
  readonly name: string
  readonly root: string
  /** Files that a process writes its pid to, to enter the machine's cgroup (see cgroup.ts). */
  readonly doors: readonly string[]
  /** File for the guest's console. */
  readonly log: string
}

/**
 * nspawn is started inside the machine's network namespace, not given --network-namespace-path: with that, it mounts
 * /sys before it joins, and /sys/class/net in the guest shows the outer machine's cards (systemd 252). /proc/sys/net
 * alone is writable. A session of its own keeps the terminal's Ctrl-C away from it.
 */
export function startContainer(container: Container): ChildProcess {
  const log = openSync(container.log, 'a')
  const enter = container.doors.map((door) => `echo $$ > ${door}`).join(' && ')
  const nspawn = [
    ...['nsenter', `--net=/run/netns/${container.machine}`, 'systemd-nspawn', '--quiet', '--boot'],
    ...['--directory', container.root, '--machine', container.machine, '--hostname', container.name],
    ...['--capability=all', '--register=no', '--keep-unit', '--console=pipe'],
    ...['--resolv-conf=off', '--timezone=off', '--link-journal=no'],
  ]
  const child = spawn('sh', ['-c', `${enter} && exec "$@"`, 'sh', ...nspawn], {
    stdio: ['ignore', log, log],
    detached: true,
    env: { ...PLAIN_ENVIRONMENT, SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: '1', SYSTEMD_NSPAWN_API_VFS_WRITABLE: 'network' },
  })
  closeSync(log)
  child.on('error', () => {}) // `exit` is not sent then, but the boot's patience ends
  child.unref() // a forgotten pair must not keep its owner from ending; cleanup.ts sees to the rest
  return child
}
