/**
 * One machine of the lab: systemd as PID 1 in a systemd-nspawn container over a throw-away overlay of the image.
 * Invariant: `running` is what the guest's PID 1 says, never a memory of what was asked for; every command has a limit.
 * It knows nothing of apmode, keepalived or MariaDB; it never cleans up after a dead run (see cleanup.ts).
 */
import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ApmodeError } from '../../../src/core/errors.ts'
import { createCgroup, freeze, guestInit, killCgroup, removeCgroup } from './cgroup.ts'
import { type CommandOptions, type CommandResult, must, run } from './command.ts'
import { startContainer } from './container.ts'
import type { RunNames } from './names.ts'
import { type Cable, type Card, connect, disconnect, macOf, setCable, setCableBlocking, setLink } from './network.ts'
import { waitFor } from './wait.ts'

export interface NodeOptions {
  /** Hostname, and name of everything that belongs to it: `host1`. */
  readonly name: string
  readonly address: string
  /** `eth0` by default. */
  readonly interface?: string
}

export interface LabNode {
  readonly name: string
  readonly address: string
  readonly interface: string
  /** Path, on the outer machine, of the guest's root folder; mounted for as long as the pair lives. */
  readonly root: string
  readonly networkNamespace: string
  /** The cgroup2 folder of the machine, on the outer machine. */
  readonly cgroup: string
  running(): boolean
  /** Pid of the guest's PID 1 as the outer machine counts; null while it is off. */
  leaderPid(): number | null
  /** Resolves when the guest has finished booting (systemd `running` or `degraded`). */
  boot(): Promise<void>
  /** On the machine's console: all namespaces, root, a plain environment. A program name or path first, no shell. */
  exec(command: readonly string[], options?: Partial<CommandOptions>): Promise<CommandResult>
  /** As exec, but throws ApmodeError unless the command ends with 0; gives stdout. */
  must(command: readonly string[], options?: Partial<CommandOptions>): Promise<string>
  /** `sh -euc SCRIPT` on the console; throws as `must`. */
  shell(script: string, options?: Partial<CommandOptions>): Promise<string>
  /** Works while the machine is off too. Parent folders are made. */
  writeFile(path: string, content: string | Buffer, mode?: number): Promise<void>
  readFile(path: string): Promise<string>
  /** Frozen, cable pulled, killed: the machine says no last word. The moment it took effect, in epoch milliseconds. */
  powerOff(): Promise<number>
  powerOn(): Promise<void>
  /** `systemctl reboot`: an orderly one. */
  reboot(): Promise<void>
  /** `systemctl poweroff`: an orderly one. */
  shutDown(): Promise<void>
  cable(state: Cable): Promise<void>
  nic(state: 'up' | 'down'): Promise<void>
  /** `apt-get install` of a .deb of the outer machine; the guest has no network beyond the pair's. */
  installPackage(debPath: string): Promise<void>
  /** The journal, newest last: for the message of a failed test. Also of a machine that is off. */
  journal(lines?: number): Promise<string>
}

/**
 * Tests set it (vitest.config.ts): what a machine flushes is not waited for, because it is lost only with the outer machine,
 * and then everything is. What measures leaves the disks as they are.
 */
const FLUSHES = process.env.APMODE_LAB_FLUSHES === 'no' ? ',volatile' : ''
const EXEC_LIMIT_MS = 10_000
const BOOT_LIMIT_MS = 60_000

/** Mounts the overlay above these folders and gives the machine a name; it is off. */
export async function createNode(names: RunNames, below: string, options: NodeOptions): Promise<LabNode> {
  const folder = names.nodeFolder(options.name)
  const root = join(folder, 'root')
  for (const part of ['upper', 'work', 'root']) await mkdir(join(folder, part), { recursive: true })
  const layers = `lowerdir=${below},upperdir=${folder}/upper,workdir=${folder}/work${FLUSHES}`
  await must(['mount', '-t', 'overlay', '-o', layers, names.machine(options.name), root], { timeoutMs: 5000 })
  const machineId = names.id.padEnd(12, '0') + Buffer.from(options.name).toString('hex').padStart(20, '0').slice(-20)
  // Without an id of its own each boot would be a "first boot", in which systemd enables units by its presets.
  await writeFile(join(root, 'etc/machine-id'), `${machineId}\n`)
  await writeFile(join(root, 'etc/hostname'), `${options.name}\n`)
  return machineOf(names, { interface: 'eth0', ...options }, folder)
}

function machineOf(names: RunNames, options: Required<NodeOptions>, folder: string): LabNode {
  const { name, address } = options
  const root = join(folder, 'root')
  const machine = names.machine(name)
  const cgroup = createCgroup(names.cgroup, name).path
  const card: Card = { port: name, namespace: machine, interface: options.interface, address, mac: macOf(address) }
  let nspawn: ChildProcess | null = null

  const leaderPid = () => guestInit(cgroup)
  const running = () => leaderPid() !== null

  const console = () => readFileSync(join(folder, 'console.log'), 'utf8').slice(-2000)

  async function boot(): Promise<void> {
    if (nspawn !== null) throw new ApmodeError('failed', `cannot boot ${name}: it is on`)
    await connect(names, card)
    const { doors } = createCgroup(names.cgroup, name)
    nspawn = startContainer({ machine, name, root, doors, log: join(folder, 'console.log') })
    const started = nspawn
    started.once('exit', () => {
      if (nspawn === started) nspawn = null
    })
    try {
      await waitFor(booted, { patienceMs: BOOT_LIMIT_MS, reason: `${name} booted`, everyMs: 50 })
    } catch (cause) {
      throw new ApmodeError('timeout', `cannot boot ${name}: ${console()}`, { cause })
    }
  }

  async function booted(): Promise<boolean> {
    if (nspawn === null) throw new ApmodeError('failed', `cannot boot ${name}: its container ended: ${console()}`)
    if (!running()) return false
    const { stdout } = await exec(['systemctl', 'is-system-running', '--wait'], { timeoutMs: BOOT_LIMIT_MS })
    return ['running', 'degraded'].includes(stdout.trim())
  }

  async function exec(command: readonly string[], given: Partial<CommandOptions> = {}): Promise<CommandResult> {
    const pid = leaderPid()
    if (pid === null) return { code: null, stdout: '', stderr: `${name} is off`, timedOut: false }
    const timeoutMs = given.timeoutMs ?? EXEC_LIMIT_MS
    // The inner limit ends the command itself; killing nsenter would leave it behind in the guest.
    const inner = ['timeout', '-k', '1', String(timeoutMs / 1000)]
    const result = await run(['nsenter', '-t', String(pid), '-a', '--', ...inner, ...command], {
      ...given,
      timeoutMs: timeoutMs + 2000,
    })
    return { ...result, timedOut: result.timedOut || result.code === 124 || result.code === 137 }
  }

  async function mustExec(command: readonly string[], given: Partial<CommandOptions> = {}): Promise<string> {
    const result = await exec(command, given)
    if (result.code === 0) return result.stdout
    const said = result.timedOut
      ? 'no end in its time limit'
      : (result.stderr.trim() || result.stdout.trim()).slice(-2000)
    throw new ApmodeError('failed', `cannot run "${command.join(' ')}" on ${name}: exit code ${result.code}: ${said}`)
  }

  /** In the running guest, or in its root folder while it is off: links in the guest's folders lead where they should. */
  async function inside(script: string, path: string, input: string | Buffer = ''): Promise<string> {
    const shell = ['sh', '-euc', script, 'sh', path]
    if (running()) return mustExec(shell, { input })
    return (await must(['chroot', root, ...shell], { timeoutMs: EXEC_LIMIT_MS, input })).stdout
  }

  async function place(path: string, content: string | Buffer, mode = 0o644): Promise<void> {
    const octal = mode.toString(8)
    await inside(`mkdir -p "$(dirname "$1")"; rm -f "$1"; umask 077; cat > "$1"; chmod ${octal} "$1"`, path, content)
  }

  async function gone(reason: string, patienceMs: number): Promise<void> {
    await waitFor(() => nspawn === null, { patienceMs, reason: `${name} ${reason}` })
    removeCgroup(names.cgroup, name)
    await disconnect(machine)
  }

  return {
    name,
    address,
    interface: options.interface,
    root,
    networkNamespace: machine,
    cgroup,
    running,
    leaderPid,
    boot,
    exec,
    must: mustExec,
    shell: (script, given) => mustExec(['sh', '-euc', script], given),
    writeFile: place,
    readFile: (path) => inside('cat "$1"', path),
    async powerOff() {
      const at = Date.now()
      if (nspawn !== null) {
        freeze(cgroup)
        setCableBlocking(names, name, 'pulled')
        killCgroup(cgroup, 5000)
        await gone('dead', 5000)
      }
      return at
    },
    powerOn: boot,
    async reboot() {
      await exec(['systemctl', 'reboot'], { timeoutMs: 5000 })
      await gone('down for its reboot', 60_000)
      await boot()
    },
    async shutDown() {
      await exec(['systemctl', 'poweroff'], { timeoutMs: 5000 })
      await gone('shut down', 60_000)
    },
    // One that is off gets a new cable when it boots; the old one goes with its namespace, a moment after the power.
    cable: async (state) => (nspawn === null && state === 'plugged' ? undefined : setCable(names, name, state)),
    nic: (state) => setLink(machine, options.interface, state),
    async installPackage(debPath) {
      const target = `/root/${debPath.split('/').at(-1)}`
      await place(target, readFileSync(debPath))
      const apt = [
        'env',
        'DEBIAN_FRONTEND=noninteractive',
        'apt-get',
        'install',
        '-y',
        '--no-install-recommends',
        target,
      ]
      await mustExec(apt, { timeoutMs: 120_000 })
    },
    async journal(lines = 200) {
      const argv = ['journalctl', '--no-pager', '-o', 'short-precise', '-n', String(lines)]
      const folderOf = ['-D', join(root, 'var/log/journal')]
      if (running()) return mustExec(argv)
      return (await run([...argv, ...folderOf], { timeoutMs: EXEC_LIMIT_MS })).stdout
    },
  }
}
