/**
 * What has to be copied, and whether it can be: asks the other server over SQL, looks for the programs on both sides.
 * Invariant: it changes nothing anywhere, and what is missing is a sentence with what helps, never an exception.
 */
import { messageOf } from '../../core/errors.ts'
import type { CloneOrder, CloneSource } from '../../ports/clone.ts'
import type { Primary } from '../../ports/database.ts'
import type { Call } from '../../ports/systemd.ts'
import { collect, type Launcher, missingPrograms } from './programs.ts'
import { FROM_DESCRIPTOR, withPassword } from './secret.ts'
import { seriesIn } from './where.ts'

export interface Remote {
  readonly launcher: Launcher
  /** Root's own, in memory: /run/apmode. */
  readonly runFolder: string
  /** How the other machine is reached as root: `ssh … root@ADDRESS`. */
  readonly ssh: (from: Primary) => readonly string[]
}

/** What reading everything needs (see `apmode render grants`). */
const PRIVILEGES = ['SELECT', 'SHOW VIEW', 'TRIGGER', 'EVENT'] as const
const PACKAGES = {
  logical: {
    programs: ['mariadb-dump', 'mariadb', 'mariadb-install-db'],
    install: 'apt install mariadb-server mariadb-client',
  },
  physical: { programs: ['mariadb-backup', 'mbstream', 'ssh'], install: 'apt install mariadb-backup openssh-client' },
} as const

/** The end of a program's arguments that lead to the other server. */
export function toServer(from: Primary): string[] {
  // Without a certificate of its own a server before 11.3 cannot prove itself; 11.4's programs would insist on it.
  const where = ['--protocol=tcp', `--host=${from.host}`, `--port=${from.port}`, '--skip-ssl-verify-server-cert']
  return [...where, `--user=${from.user}`]
}

export async function lookAtSource(
  remote: Remote,
  order: Omit<CloneOrder, 'transfer'>,
  ownSeries: string,
  call: Call,
): Promise<CloneSource> {
  const { method, from } = order
  const { programs, install } = PACKAGES[method]
  const missing = missingPrograms(remote.launcher, programs)
  const obstacles = missing.length === 0 ? [] : [`${missing.join(', ')} missing on this machine: ${install}`]
  if (missing.includes('mariadb')) return { ...NOTHING, obstacles }
  const asked = await askServer(remote, order, call)
  if ('problem' in asked) return { ...NOTHING, obstacles: [...obstacles, asked.problem] }
  if (method === 'logical') {
    const lacking = PRIVILEGES.filter((privilege) => !asked.privileges.includes(privilege))
    if (lacking.length > 0) {
      obstacles.push(
        `the account ${from.user} may not read everything on ${from.host} (${lacking.join(', ')} missing): ` +
          'apmode render grants | mariadb there',
      )
    }
  }
  if (asked.series !== ownSeries) {
    obstacles.push(
      `${from.host} runs MariaDB ${asked.series}, this machine ${ownSeries}: bring both to one version first`,
    )
  }
  if (method === 'physical' && !missing.includes('ssh')) obstacles.push(...(await sshObstacles(remote, from, call)))
  return { bytes: asked.bytes, transfer: asked.transfer, obstacles }
}

interface Asked {
  readonly series: string
  readonly privileges: readonly string[]
  readonly bytes: number | null
  readonly transfer: number | null
}

const NOTHING = { bytes: null, transfer: null } as const

async function askServer(
  remote: Remote,
  { method, from }: Omit<CloneOrder, 'transfer'>,
  call: Call,
): Promise<Asked | { readonly problem: string }> {
  // A copy of files brings what is free in them too.
  const columns = method === 'physical' ? 'data_length + index_length + data_free' : 'data_length + index_length'
  // A dump has no indexes, and about as many bytes for the rows as a table.
  const moved = method === 'physical' ? columns : 'data_length'
  const sql = [
    "SELECT 'version', VERSION();",
    "SELECT 'privilege', PRIVILEGE_TYPE FROM information_schema.USER_PRIVILEGES " +
      "WHERE GRANTEE = CONCAT('''', REPLACE(CURRENT_USER(), '@', '''@'''), '''');",
    `SELECT 'bytes', COALESCE(SUM(${columns}), 0), COALESCE(SUM(${moved}), 0) FROM information_schema.TABLES WHERE table_type <> 'VIEW';`,
  ].join('\n')
  try {
    const text = await withPassword(from.passwordFile, remote.runFolder, (descriptor) => {
      const how = ['--batch', '--skip-column-names', '--raw', '--connect-timeout=5']
      return collect(
        remote.launcher,
        { argv: ['mariadb', FROM_DESCRIPTOR, ...toServer(from), ...how], descriptor },
        call,
        sql,
      )
    })
    return readAnswer(text)
  } catch (error) {
    return { problem: `cannot read from the database at ${from.host}:${from.port}: ${messageOf(error)}` }
  }
}

export function readAnswer(text: string): Asked {
  const rows = text.split('\n').map((line) => line.split('\t'))
  const values = (name: string) => rows.flatMap(([key, value]) => (key === name && value !== undefined ? [value] : []))
  const [, bytes, transfer] = rows.find(([key]) => key === 'bytes') ?? []
  return {
    series: seriesIn(values('version')[0] ?? ''),
    privileges: values('privilege'),
    bytes: numberIn(bytes),
    transfer: numberIn(transfer),
  }
}

function numberIn(text: string | undefined): number | null {
  const number = Number(text ?? Number.NaN)
  return Number.isFinite(number) ? number : null
}

async function sshObstacles({ launcher, ssh }: Remote, from: Primary, call: Call): Promise<string[]> {
  const argv = [...ssh(from), 'mariadb-backup', '--version']
  try {
    await collect(launcher, { argv, apart: { name: 'ask', as: null } }, call)
    return []
  } catch (error) {
    return [
      `mariadb-backup cannot be run on ${from.host} over ssh (${messageOf(error)}): install mariadb-backup there, and let ` +
        'root of this machine log in as root without a question',
    ]
  }
}
