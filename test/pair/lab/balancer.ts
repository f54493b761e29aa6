/** A real HAProxy in the client's place, and what it sees of its servers. It knows nothing of apmode. */
import type { RunNames } from './names.ts'
import { type Program, runAsClient, startProgram } from './program.ts'

export interface SeenServer {
  /** As HAProxy writes it: `UP`, `DOWN`, `MAINT`, `DRAIN`, `UP 1/2`, `no check`. */
  readonly status: string
  readonly weight: number
  /** Why, in its words. */
  readonly check: string
  readonly agent: string
  /** Sessions so far. */
  readonly sessions: number
}

export interface Balancer extends Program {
  /** By `backend/server`. */
  servers(): Promise<ReadonlyMap<string, SeenServer>>
}

/** `statistics`: where the configuration has its page, as `http://127.0.0.1:8404/`. */
export function startBalancer(names: RunNames, file: string, statistics: string): Balancer {
  const program = startProgram(names, ['haproxy', '-db', '-f', file])
  return {
    ...program,
    async servers() {
      const { code, stdout } = await runAsClient(names, ['curl', '-sS', '--max-time', '2', `${statistics};csv`])
      if (code !== 0) throw new Error(`cannot read HAProxy's statistics: ${program.said()}`)
      return serversIn(stdout)
    },
  }
}

function serversIn(csv: string): ReadonlyMap<string, SeenServer> {
  const [head = '', ...lines] = csv.replace(/^# /, '').trimEnd().split('\n')
  const names = head.split(',')
  const rows = lines.map((line) => {
    const cells = cellsOf(line)
    return Object.fromEntries(names.map((name, index) => [name, cells[index] ?? '']))
  })
  return new Map(
    rows
      .filter(({ svname = '' }) => !['FRONTEND', 'BACKEND'].includes(svname))
      .map((row) => [
        `${row.pxname}/${row.svname}`,
        {
          status: row.status ?? '',
          weight: Number(row.weight),
          check: `${row.check_status} ${row.last_chk}`,
          agent: `${row.agent_status} ${row.last_agt}`,
          sessions: Number(row.stot),
        },
      ]),
  )
}

/** Sentences stand in quotes and may hold commas. */
function cellsOf(line: string): string[] {
  return [...line.matchAll(/(?:"((?:[^"]|"")*)"|([^,]*))(?:,|$)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '')
}
