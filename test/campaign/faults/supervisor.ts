/** Faults of the supervisor, and of systemd and D-Bus, without which it cannot act. Data. */
import { setTimeout as pause } from 'node:timers/promises'
import { type Fault, nothing, PLACES, shell } from '../fault.ts'

const common = { subject: 'supervisor', layer: 'guest', places: PLACES } as const
const start = shell('systemctl start apmode.socket apmode.service', 40_000)

export const SUPERVISOR_FAULTS: readonly Fault[] = [
  {
    ...common,
    key: 'supervisor-killed',
    title: 'the supervisor killed (kill -9)',
    lastsMs: [200, 3000],
    strike: shell('systemctl kill -s KILL apmode'),
    mend: nothing,
  },
  {
    ...common,
    key: 'supervisor-killed-often',
    title: 'the supervisor killed eight times in a row',
    lastsMs: [200, 2000],
    async strike(scene) {
      for (let count = 0; count < 8; count += 1) {
        await shell('systemctl kill -s KILL apmode || true')(scene)
        await pause(scene.random.whole(20, 700))
      }
    },
    mend: nothing,
  },
  {
    ...common,
    key: 'supervisor-stopped',
    title: 'the supervisor stopped',
    lastsMs: [3000, 15_000],
    strike: shell('systemctl stop apmode.socket apmode.service', 30_000),
    mend: start,
  },
  {
    ...common,
    key: 'supervisor-hung',
    title: 'the supervisor hangs (SIGSTOP), and goes on (SIGCONT)',
    lastsMs: [300, 8000],
    strike: shell('systemctl kill -s STOP apmode'),
    mend: shell('systemctl kill -s CONT apmode || true'),
  },
  {
    ...common,
    key: 'dbus-restarted',
    title: 'dbus-daemon restarted',
    lastsMs: [500, 4000],
    strike: shell('systemctl restart dbus'),
    mend: nothing,
  },
  {
    ...common,
    key: 'dbus-killed',
    title: 'dbus-daemon killed (kill -9)',
    lastsMs: [500, 4000],
    strike: shell('systemctl kill -s KILL dbus'),
    mend: shell('systemctl start dbus || true'),
  },
  {
    ...common,
    key: 'daemon-reload',
    title: 'systemctl daemon-reload, five times',
    lastsMs: [200, 2000],
    strike: shell('for i in 1 2 3 4 5; do systemctl daemon-reload; done', 30_000),
    mend: nothing,
  },
  {
    ...common,
    key: 'daemon-reexec',
    title: 'systemctl daemon-reexec',
    lastsMs: [200, 3000],
    strike: shell('systemctl daemon-reexec', 30_000),
    mend: nothing,
  },
]
