/** Faults of keepalived, and of what lies between it and the supervisor. Data. */
import { type Fault, nothing, PLACES, shell } from '../fault.ts'

const common = { subject: 'keepalived', layer: 'guest', places: PLACES } as const
const FIFO = '/run/apmode/vrrp.fifo'
const UNFIT = '/run/apmode/vrrp.unfit'
/** Read and write: a writer alone would wait for a reader. */
const say = (states: readonly string[], pauseSeconds: number) =>
  `exec 9<> ${FIFO}; for state in ${states.join(' ')}; do echo "INSTANCE \\"VI_1\\" $state 251" >&9; sleep ${pauseSeconds}; done`
const restoreFifo = shell(`[ -p ${FIFO} ] || { rm -f ${FIFO}; systemd-tmpfiles --create apmode.conf; }`)

export const KEEPALIVED_FAULTS: readonly Fault[] = [
  {
    ...common,
    key: 'keepalived-killed',
    title: 'keepalived killed (kill -9, all its processes)',
    lastsMs: [500, 4000],
    strike: shell('systemctl kill -s KILL keepalived'),
    mend: nothing,
  },
  {
    ...common,
    key: 'keepalived-parent-killed',
    title: "keepalived's parent killed (kill -9)",
    lastsMs: [500, 4000],
    strike: shell(`kill -9 "$(systemctl show -P MainPID keepalived)"`),
    mend: nothing,
  },
  {
    ...common,
    key: 'keepalived-child-killed',
    title: "keepalived's VRRP child killed (kill -9)",
    lastsMs: [500, 4000],
    strike: shell(`kill -9 $(pgrep -P "$(systemctl show -P MainPID keepalived)")`),
    mend: nothing,
  },
  {
    ...common,
    key: 'keepalived-hung',
    title: 'keepalived hangs (SIGSTOP), and goes on (SIGCONT)',
    lastsMs: [200, 5000],
    strike: shell('systemctl kill -s STOP keepalived'),
    mend: shell('systemctl kill -s CONT keepalived || true'),
  },
  {
    ...common,
    key: 'keepalived-stopped',
    title: 'keepalived stopped',
    lastsMs: [500, 4000],
    strike: shell('systemctl stop keepalived'),
    mend: nothing,
  },
  {
    ...common,
    key: 'keepalived-restarted',
    title: 'keepalived restarted by a person',
    lastsMs: [500, 4000],
    strike: shell('systemctl restart keepalived || true'),
    mend: nothing,
  },
  {
    ...common,
    key: 'keepalived-reloaded',
    title: 'keepalived reloaded twenty times',
    lastsMs: [500, 3000],
    strike: shell('for i in $(seq 20); do systemctl kill -s HUP --kill-who=main keepalived || true; sleep 0.1; done'),
    mend: nothing,
  },
  {
    ...common,
    key: 'fifo-gone',
    title: 'the FIFO is removed',
    lastsMs: [200, 4000],
    strike: shell(`rm -f ${FIFO}`),
    mend: restoreFifo,
  },
  {
    ...common,
    key: 'fifo-replaced',
    title: 'the FIFO is replaced by an ordinary file',
    lastsMs: [200, 4000],
    strike: shell(`rm -f ${FIFO}; echo nonsense > ${FIFO}`),
    mend: restoreFifo,
  },
  {
    ...common,
    key: 'fifo-full',
    title: 'the FIFO is flooded with lines of another instance',
    lastsMs: [200, 2000],
    strike: shell(`timeout 1 sh -c 'exec 9<> ${FIFO}; yes "INSTANCE \\"VI_9\\" MASTER 100" >&9' || true`),
    mend: nothing,
  },
  {
    ...common,
    key: 'vrrp-flaps',
    title: 'MASTER, BACKUP, MASTER within 50 ms',
    lastsMs: [500, 3000],
    strike: shell(say(['MASTER', 'BACKUP', 'MASTER'], 0.015)),
    mend: nothing,
  },
  {
    ...common,
    key: 'vrrp-lies',
    title: 'FAULT, STOP and BACKUP that nobody has said',
    lastsMs: [500, 3000],
    strike: shell(say(['FAULT', 'STOP', 'BACKUP', 'MASTER_RX_LOWER_PRI'], 0.1)),
    mend: nothing,
  },
  {
    ...common,
    key: 'unfit-deleted',
    title: 'the tracked file is deleted',
    lastsMs: [200, 4000],
    strike: shell(`rm -f ${UNFIT}`),
    mend: nothing,
  },
  {
    ...common,
    key: 'unfit-garbage',
    title: 'the tracked file holds garbage',
    lastsMs: [200, 4000],
    strike: shell(`echo 'no number' > ${UNFIT}`),
    mend: nothing,
  },
]
