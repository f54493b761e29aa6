/** A machine of which nothing can be seen, unless a test says what: for `apmode doctor`. */
import { ApmodeError } from '../../src/core/errors.ts'
import type { Examination, Sql } from '../../src/ports/examination.ts'

const away = (what: string) => async () => {
  throw new ApmodeError('failed', `cannot ${what}: nothing is here`)
}

export function examinationOf(more: Partial<Examination> = {}): Examination {
  return {
    configuration: () => ({ path: '/etc/apmode/apmode.toml', faults: ['line 1  it has a fault'], config: null }),
    passwordProblem: () => 'found no such file',
    mode: () => ({ mode: 'unset', problem: null }),
    hooks: () => {
      throw new Error('nothing is here')
    },
    stat: away('stat'),
    realpath: away('resolve'),
    text: away('read'),
    free: away('measure'),
    run: away('run'),
    program: () => null,
    connect: away('connect'),
    ask: away('ask'),
    get: away('get'),
    units: away('look at units'),
    systemdVersion: away('ask systemd'),
    local: away('reach the database'),
    remote: away('reach the peer'),
    now: () => Date.parse('2026-01-02T03:04:05.678Z'),
    ...more,
  }
}

type Row = Readonly<Record<string, string | null>>

/** Answers a statement that contains one of the texts; everything else is an error of the server. */
export function sqlOf(answers: Readonly<Record<string, readonly Row[]>>, more: Partial<Sql> = {}): Sql {
  return {
    version: '10.11.19-MariaDB',
    async rows(statement) {
      const found = Object.entries(answers).find(([text]) => statement.includes(text))
      if (found === undefined) throw new ApmodeError('failed', `it says: no answer to ${statement.slice(0, 40)}`)
      return found[1]
    },
    presence: async () => null,
    replica: async () => null,
    close: () => {},
    ...more,
  }
}
