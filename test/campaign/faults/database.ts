/** Faults of the database's process and of its disk. Data. */
import { DATA } from '../../pair/lab/data-disk.ts'
import { type Fault, nothing, PLACES, shell } from '../fault.ts'

const common = { subject: 'database', layer: 'guest', places: PLACES } as const

export const DATABASE_FAULTS: readonly Fault[] = [
  {
    ...common,
    key: 'database-killed',
    title: 'MariaDB killed (kill -9)',
    lastsMs: [500, 4000],
    strike: shell('systemctl kill -s KILL mariadb'),
    mend: nothing,
  },
  {
    ...common,
    key: 'database-hung',
    title: 'MariaDB hangs (SIGSTOP), and goes on (SIGCONT)',
    lastsMs: [300, 8000],
    strike: shell('systemctl kill -s STOP mariadb'),
    mend: shell('systemctl kill -s CONT mariadb || true'),
  },
  {
    ...common,
    key: 'database-stopped',
    title: 'MariaDB stopped cleanly',
    lastsMs: [500, 4000],
    strike: shell('systemctl stop mariadb', 30_000),
    mend: nothing,
  },
  {
    ...common,
    key: 'database-full',
    title: 'the data directory is full',
    lastsMs: [1000, 6000],
    strike: shell(`dd if=/dev/zero of=${DATA}/balloon bs=64k status=none || true`),
    mend: shell(`rm -f ${DATA}/balloon`),
  },
]
