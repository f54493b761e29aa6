/** The checks of the machine: room, versions, programs, what the kernel's guards refused. Data. */
import { bad, type Check, check, ok, some, unless } from './check.ts'

const LEAST_FILES = 1000
const isShort = (freeFiles: number | null) => freeFiles !== null && freeFiles < LEAST_FILES

/** The oldest that apmode is tested with. */
const OLDEST = { keepalived: [2, 2, 7], systemd: [252], mariadb: [10, 11] } as const

function isOlder(version: string, oldest: readonly number[]): boolean {
  const found = (/\d+(\.\d+)*/.exec(version)?.[0] ?? '').split('.').map(Number)
  for (const [index, wanted] of oldest.entries()) {
    const number = found[index] ?? 0
    if (number !== wanted) return number < wanted
  }
  return false
}

export const SYSTEM: readonly Check[] = [
  check({
    id: 'system.space',
    title: 'there is room on the disks',
    looks: 'free space and free files where the database, apmode and the journal write',
    why: 'A full disk ends a database as surely as a power cut; a promotion writes a row, and logs grow.',
    needs: ['disks'],
    judge: ({ disks }) => {
      const tight = disks.filter(({ freeMb, needsMb, freeFiles }) => freeMb < needsMb || isShort(freeFiles))
      const faults = tight.map(({ folder, holds, freeMb, freeFiles }) => {
        const room = isShort(freeFiles) ? `room for ${freeFiles} files` : `${Math.floor(freeMb)} MiB`
        return `${folder} (${holds}) has ${room}`
      })
      const full = tight.some(({ freeMb, needsMb }) => freeMb < needsMb / 4)
      const least = Math.min(...disks.map(({ freeMb }) => freeMb))
      const mend = `df -h ${tight.map(({ folder }) => folder).join(' ')}   # make room there`
      return unless(full ? 'error' : 'warning', faults, mend, `${Math.floor(least)} MiB at least`)
    },
  }),
  check({
    id: 'system.versions',
    title: 'systemd, keepalived and MariaDB are new enough',
    looks: "systemd's Version, keepalived --version, the greeting of the database",
    why: 'Older ones lack what apmode uses (sub-second VRRP, a fence that holds), or have faults in it.',
    needs: ['versions'],
    may: ['variables'],
    judge: ({ versions: { keepalived, systemd }, variables }) => {
      const found = { systemd, keepalived, mariadb: variables?.version ?? '' }
      const old = (['systemd', 'keepalived', 'mariadb'] as const).filter(
        (name) => found[name] !== '' && isOlder(found[name], OLDEST[name]),
      )
      const faults = old.map((name) => `${name} ${found[name]}, expected ${OLDEST[name].join('.')} or newer`)
      const shown = Object.entries(found).filter(([, version]) => version !== '')
      const good = shown.map(([name, version]) => `${name} ${version}`).join(', ')
      return unless('warning', faults, `apt install ${old.join(' ').replace('mariadb', 'mariadb-server')}`, good)
    },
  }),
  check({
    id: 'system.programs',
    title: 'the programs that apmode runs are there',
    looks: 'each of them in PATH',
    why: 'Some are needed for the first time in the worst moment: to write down what only one machine has, say.',
    needs: ['programs'],
    judge: ({ programs }) => {
      const lost = programs.filter(({ there }) => !there)
      const faults = lost.map(({ name, needed }) => `${name} is missing: ${needed}`)
      return unless(
        'warning',
        faults,
        'apt install --reinstall iproute2 iputils-ping mariadb-client mariadb-server systemd',
        `${programs.length} programs`,
      )
    },
  }),
  check({
    id: 'system.denials',
    title: 'neither SELinux nor AppArmor refused them anything',
    looks:
      "denials in the last day, in the kernel's journal and /var/log/audit/audit.log, of mariadbd, keepalived and apmode",
    why: 'A refused call looks like a fault of the service: keepalived cannot run its check, the database cannot write.',
    needs: ['denials'],
    judge: ({ denials }) => {
      const found = denials.length === 0 ? [] : [`${denials.length}: ${some(denials, 2)}`]
      return unless(
        'warning',
        found,
        'journalctl -k -g "denied|DENIED"; ausearch -m avc -ts today',
        'none in the last day',
      )
    },
  }),
  check({
    id: 'system.journal',
    title: 'the journal survives a reboot',
    looks: '/var/log/journal',
    why: 'After a power cut it is the only witness of what came before.',
    needs: ['journal'],
    judge: ({ journal }) =>
      journal
        ? ok('kept in /var/log/journal')
        : bad('note', 'it is in memory', 'mkdir -p /var/log/journal && systemctl restart systemd-journald'),
  }),
]
