/** A machine in memory for `apmode init`: files, units, a database with accounts, and a person who has written the answers down. */

import { ApmodeError } from '../../src/core/errors.ts'
import type { WantedFile } from '../../src/core/init/files.ts'
import type { Found, FoundInterface, FoundUnit } from '../../src/core/init/found.ts'
import type { KnownMode } from '../../src/core/vocabulary.ts'
import type { Asker } from '../../src/face/init/asking.ts'
import type { PlacedFile, SetupMachine } from '../../src/ports/setup.ts'

interface File {
  readonly text: string
  readonly mode: number
}

export const BOOT_UNIT_TEXT = '[Unit]\nDescription=the boot unit\n'

export class FakeMachine implements SetupMachine {
  obstacle: string | null = null
  readonly configPath = '/etc/apmode/apmode.toml'
  readonly nodePath = '/etc/apmode/node'
  hostname = 'host1'
  mode: KnownMode = 'unset'
  interfaces: FoundInterface[] = [{ name: 'eth0', addresses: [{ address: '192.168.33.101', prefix: 24 }] }]
  readonly files = new Map<string, File>([
    ['/usr/lib/systemd/system/ap.service', { text: BOOT_UNIT_TEXT, mode: 0o644 }],
  ])
  readonly folders = new Set(['/etc/mysql/mariadb.conf.d'])
  /** Running or not, by name. */
  readonly units = new Map([
    ['mariadb.service', true],
    ['nginx.service', true],
    ['keepalived.service', false],
  ])
  readonly hosts = new Map([['host2', '192.168.33.102']])
  /** What init has written, as it wrote it. */
  readonly written = new Map<string, string>()
  /** The password of the accounts; null: there are none. */
  accounts: string | null = null
  /** In order: what was done to the machine. */
  readonly did: string[] = []
  /** What fails, and how. */
  readonly broken = new Map<string, string>()

  async find(units: readonly string[]): Promise<Found> {
    const known = units.flatMap((name): [string, FoundUnit][] => {
      const active = this.units.get(name)
      return active === undefined ? [] : [[name, { id: name, active }]]
    })
    const nodeFile = this.files.get(this.nodePath)?.text ?? null
    return { hostname: this.hostname, nodeFile, interfaces: this.interfaces, units: new Map(known) }
  }
  addressOf = async (name: string) => this.hosts.get(name) ?? null
  read(path: string) {
    const file = this.files.get(path)
    return file === undefined ? null : { ...file, untouched: this.written.get(path) === file.text }
  }
  folderExists = (path: string) => this.folders.has(path)
  secret(path: string) {
    const file = this.files.get(path)
    if (file === undefined) return { ok: false, problem: `found no such file (${path})` } as const
    if ((file.mode & 0o077) !== 0) return { ok: false, problem: `found mode 0644 (${path}), expected 0600` } as const
    return { ok: true, secret: file.text.trim() } as const
  }
  modeOf = () => this.mode
  newPassword = () => 'made-here'
  place(files: readonly WantedFile[]): readonly PlacedFile[] {
    this.fail('place')
    return files.map(({ path, text, mode }) => {
      const present = this.files.get(path)
      const backup = present === undefined ? null : `${path}.old-1`
      if (present !== undefined && backup !== null) this.files.set(backup, present)
      this.files.set(path, { text, mode })
      this.written.set(path, text)
      this.did.push(`write ${path}`)
      return { path, backup }
    })
  }
  async accountsHold(...[, , , password]: Parameters<SetupMachine['accountsHold']>) {
    if (this.units.get('mariadb.service') !== true) return null
    return this.accounts === password
  }
  async runSql(_socket: string, sql: string) {
    this.fail('sql')
    this.accounts = /IDENTIFIED BY '([^']*)'/.exec(sql)?.[1] ?? null
    this.did.push('sql')
  }
  async reloadSystemd() {
    this.did.push('daemon-reload')
  }
  async start(unit: string) {
    this.fail(`start ${unit}`)
    this.units.set(unit, true)
    this.did.push(`start ${unit}`)
  }
  async stop(unit: string) {
    this.fail(`stop ${unit}`)
    this.units.set(unit, false)
    this.did.push(`stop ${unit}`)
  }
  async signalSupervisor() {
    this.did.push('HUP')
  }
  close() {}

  text(path: string): string {
    const file = this.files.get(path)
    if (file === undefined) throw new Error(`there is no ${path}`)
    return file.text
  }
  private fail(what: string): void {
    const reason = this.broken.get(what)
    if (reason !== undefined) throw new ApmodeError('failed', `cannot ${what}: ${reason}`)
  }
}

/** Answers what it was told to, in order, and then nothing more. */
export class FakePerson implements Asker {
  readonly isPerson: boolean
  readonly asked: string[] = []
  private readonly answers: string[]
  private readonly input: string
  constructor({ answers = null, input = '' }: { answers?: readonly string[] | null; input?: string } = {}) {
    this.isPerson = answers !== null
    this.answers = [...(answers ?? [])]
    this.input = input
  }
  async ask(question: string) {
    this.asked.push(question)
    return this.answers.shift() ?? null
  }
  readAll = async () => this.input
  close() {}
}
