/**
 * The faults that the bench strikes the holder with. Data: each knows how to strike and how to take its cause away.
 * Invariant: the same commands for each design, on the machine's console; a fault knows nothing of who supervises.
 * It never repairs what a design does afterwards; that is the design's `makeWhole`.
 */
import type { LabNode } from '../../test/pair/lab/node.ts'
import { API_BREAKER } from './breakable-api.ts'
import { DATA } from './data-disk.ts'

export interface Fault {
  /** For `--faults`, and in the saved result. */
  readonly key: string
  readonly title: string
  /** Who notices its outage: the client that writes through MariaDB's protocol, or through the API. */
  readonly seenBy: 'database' | 'api'
  /**
   * What it takes to notice it: nothing but VRRP; that a process is gone; a question that is not answered. The moment of
   * the strike is spread over the interval in which a design looks for that.
   */
  readonly kind: 'network' | 'dead' | 'hung'
  strike(machine: LabNode): Promise<unknown>
  /** Works on a machine that is off, hung or full; harmless where there is nothing to mend. */
  mend(machine: LabNode): Promise<unknown>
}

const shell = (script: string) => (machine: LabNode) => machine.shell(script)
const nothing = async () => {}

/** Everything that is free, to the last block; MariaDB's own files stay as they are. */
const FILL = `free=$(df --output=avail -B1 ${DATA} | tail -n 1)
fallocate -l "$free" ${DATA}/balloon || true
dd if=/dev/zero of=${DATA}/balloon-rest bs=4096 status=none 2> /dev/null || true`

export const FAULTS: readonly Fault[] = [
  {
    key: 'database-killed',
    title: 'database killed (kill -9)',
    seenBy: 'database',
    kind: 'dead',
    strike: shell('systemctl kill -s KILL mariadb'),
    mend: nothing,
  },
  {
    key: 'database-hung',
    title: 'database hung (SIGSTOP)',
    seenBy: 'database',
    kind: 'hung',
    strike: shell('systemctl kill -s STOP mariadb'),
    mend: shell('systemctl kill -s CONT mariadb || true'),
  },
  {
    key: 'database-stopped',
    title: 'database stopped cleanly',
    seenBy: 'database',
    kind: 'dead',
    strike: shell('systemctl stop mariadb'),
    mend: nothing,
  },
  {
    key: 'api-killed',
    title: 'API killed (kill -9)',
    seenBy: 'api',
    kind: 'dead',
    strike: shell('systemctl kill -s KILL api'),
    mend: nothing,
  },
  {
    key: 'api-500',
    title: 'API answers 500',
    seenBy: 'api',
    kind: 'hung',
    strike: shell(`touch ${API_BREAKER}`),
    mend: shell(`rm -f ${API_BREAKER}`),
  },
  {
    key: 'keepalived-killed',
    title: 'keepalived killed (kill -9)',
    seenBy: 'database',
    kind: 'network',
    strike: shell('systemctl kill -s KILL keepalived'),
    mend: nothing,
  },
  {
    key: 'keepalived-stopped',
    title: 'keepalived stopped',
    seenBy: 'database',
    kind: 'network',
    strike: shell('systemctl stop keepalived'),
    mend: nothing,
  },
  {
    key: 'power-off',
    title: 'power off',
    seenBy: 'database',
    kind: 'network',
    strike: (machine) => machine.powerOff(),
    async mend(machine) {
      if (!machine.running()) await machine.powerOn()
    },
  },
  {
    key: 'nic-down',
    title: 'NIC down',
    seenBy: 'database',
    kind: 'network',
    strike: (machine) => machine.nic('down'),
    mend: (machine) => machine.nic('up'),
  },
  {
    key: 'cable-pulled',
    title: 'cable pulled',
    seenBy: 'database',
    kind: 'network',
    strike: (machine) => machine.cable('pulled'),
    mend: (machine) => machine.cable('plugged'),
  },
  {
    key: 'disk-full',
    title: 'disk full',
    seenBy: 'database',
    kind: 'hung',
    strike: shell(FILL),
    mend: shell(`rm -f ${DATA}/balloon ${DATA}/balloon-rest`),
  },
]
