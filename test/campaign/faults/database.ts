/** Faults of the database's process, and of what it is given. Data. */
import { type Fault, nothing, PLACES, shell } from '../fault.ts'

const common = { subject: 'database', layer: 'guest', places: PLACES } as const

/** More than max_connections has, as an ordinary account: an application that leaks them. */
const LEAK = `import pymysql, time
held = []
while True:
    try:
        held.append(pymysql.connect(unix_socket="/run/mysqld/mysqld.sock", user="probe", password="probe", connect_timeout=1))
    except Exception:
        time.sleep(0.02)`

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
    key: 'database-oom',
    title: 'MariaDB killed as the kernel does it when memory is short',
    lastsMs: [500, 4000],
    // SIGKILL to the one process, from outside of systemd. The machines have no memory controller to run out of.
    strike: shell(`kill -9 "$(systemctl show -P MainPID mariadb)"`),
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
    key: 'database-restarted',
    title: 'MariaDB restarted by a person',
    lastsMs: [500, 3000],
    strike: shell('systemctl restart mariadb || true', 30_000),
    mend: nothing,
  },
  {
    ...common,
    key: 'database-crash-loop',
    title: 'MariaDB in a crash loop: started and killed again five times',
    lastsMs: [500, 3000],
    strike: shell(
      `for i in 1 2 3 4 5; do
         systemctl kill -s KILL mariadb || true
         sleep 0.3; systemctl reset-failed mariadb || true; systemctl start --no-block mariadb || true; sleep 0.5
       done`,
    ),
    mend: nothing,
  },
  {
    ...common,
    key: 'database-aborted',
    title: 'MariaDB aborts, and systemd restarts it',
    lastsMs: [500, 7000],
    strike: shell('systemctl kill -s ABRT mariadb'),
    mend: nothing,
  },
  {
    ...common,
    key: 'too-many-connections',
    title: 'too many connections: a program leaks them',
    lastsMs: [1000, 6000],
    strike: async ({ machine }) => {
      await machine.must(['systemd-run', '-q', '--collect', '--unit=leak', 'python3', '-c', LEAK])
    },
    mend: shell('systemctl stop leak 2> /dev/null || true'),
  },
]
