/**
 * Every key of the configuration, once: its name, the field of `Config` that it fills, its type, its default, a sentence and an
 * example. Validation, defaults, "did you mean" and the table in docs/configuration.md are made from these rows, so that
 * a new key is one row here and one field in `Config`. What concerns several keys at once is in `rules.ts`.
 */
import { DATABASE } from './database-shape.ts'
import { HEALTH } from './health-shape.ts'
import { HOOKS } from './hooks-shape.ts'
import { row, type Shape } from './row.ts'
import * as type from './value-types.ts'

export { DATABASE } from './database-shape.ts'
export { HEALTH } from './health-shape.ts'
export type { Row, Shape, ValuesOf } from './row.ts'

export const TOP = {
  codename: row('codename', type.codename, '"ap"', 'The boot unit is `<codename>.service`.', 'ap'),
  mode_file: row(
    'modeFile',
    type.absolutePath,
    '"/opt/ap-mode"',
    'Where the mode is kept: one line, `ap`, `m` or `s`.',
    '/opt/ap-mode',
  ),
  unit_timeout: row(
    'unitTimeoutMs',
    type.seconds(1, 3600),
    '30.0',
    'How long one start or stop of a unit may take before it is reported as still going on.',
    30_000,
  ),
  drift_interval: row(
    'driftIntervalMs',
    type.seconds(1, 3600),
    '10.0',
    'How often everything is looked at without an event.',
    10_000,
  ),
}

export const NODE = {
  name: row('name', type.hostname, '"host1"', "The machine's host name, or what its `/etc/apmode/node` says."),
  address: row(
    'address',
    type.address,
    '"192.168.33.101"',
    'The address that VRRP and replication use between the machines.',
  ),
  interface: row(
    'interface',
    type.interfaceName,
    '"enp0s8"',
    'The interface that has this address and carries the VIP.',
  ),
  role: row(
    'role',
    type.oneOf(['active', 'standby']),
    '"active"',
    'The role until the machine has persisted one; exactly one machine is `active`.',
  ),
  preempt: row(
    'preempt',
    type.yesNo,
    'false',
    'The VIP goes back to this machine by itself once it has been fit for `preempt_delay`. Only the `active` one; not with ' +
      'engine `mariadb`, nor with two machines of engine `galera`.',
    false,
  ),
}

export const VRRP = {
  vip: row('vip', type.prefixedAddress, '"192.168.33.100/24"', 'The virtual address, with its prefix length.'),
  virtual_router_id: row(
    'virtualRouterId',
    type.whole(1, 255),
    '50',
    "VRRP's number of the pair; no other VRRP group on the same network may use it.",
    50,
  ),
  advert_interval: row(
    'advertInterval',
    type.advertInterval,
    '0.1',
    'How often the holder is heard. A holder that loses power is replaced after three times this.',
    0.1,
  ),
  preempt_delay: row(
    'preemptDelay',
    type.preemptDelay,
    '60.0',
    'How long a machine with `preempt` sees another one serve before it takes the VIP back.',
    60,
  ),
  witness: row(
    'witness',
    type.addresses,
    '["192.168.33.1"]',
    'Addresses that answer a ping, the gateway say: they tell a dead peer from a cut cable. Empty: no witness.',
    [],
  ),
  instance: row('instance', type.instanceName, '"VI_1"', "keepalived's name of the `vrrp_instance`.", 'VI_1'),
}

export const UNIT = {
  name: row('name', type.unitName, '"nginx.service"', 'The full name of the systemd unit.'),
  kind: row(
    'kind',
    type.oneOf(['database', 'api', 'router', 'other']),
    '"api"',
    'What it is: `database` (at most one), `api`, `router` (exactly one, keepalived), `other`.',
  ),
  runs: row(
    'runs',
    type.oneOf(['everywhere', 'holder']),
    '"everywhere"',
    'On both machines, or only on the one that holds the VIP (`api` and `other` units).',
    'everywhere',
  ),
  check: row(
    'check',
    type.unitCheck,
    '"http://127.0.0.1:8080/health"',
    'How a unit that runs is asked whether it works: `http://…` (GET), `tcp://host:port`, or a program with its words. ' +
      'Without it, that the unit runs is enough.',
    null,
  ),
  check_status: row('checkStatus', type.whole(100, 599), '200', 'The status that an `http://` check must answer.', 200),
  check_within: row(
    'checkWithinMs',
    type.seconds(0.2, 600),
    '2.0',
    'A unit whose check has not succeeded for this long counts as failed.',
    2_000,
  ),
}

export interface Section {
  /** As in the file: `vrrp`. The empty name is the top of the file. */
  readonly name: string
  readonly header: string
  /** `[[node]]`: once for each machine. */
  readonly repeated: boolean
  readonly shape: Shape
  readonly sentence: string
}

/** In the order of the file and of the documentation. */
export const SECTIONS = [
  { name: '', header: '', repeated: false, shape: TOP, sentence: 'At the top of the file, before the first section.' },
  { name: 'node', header: '[[node]]', repeated: true, shape: NODE, sentence: 'Once for each machine.' },
  {
    name: 'vrrp',
    header: '[vrrp]',
    repeated: false,
    shape: VRRP,
    sentence: 'The virtual address and how it is guarded.',
  },
  {
    name: 'unit',
    header: '[[unit]]',
    repeated: true,
    shape: UNIT,
    sentence:
      'Once for each service unit, in the order in which they start, the router always last; they stop in reverse.',
  },
  { name: 'database', header: '[database]', repeated: false, shape: DATABASE, sentence: 'The replicated database.' },
  { name: 'health', header: '[health]', repeated: false, shape: HEALTH, sentence: 'The read-only HTTP server.' },
  { name: 'hooks', header: '[hooks]', repeated: false, shape: HOOKS, sentence: 'Programs of yours: docs/hooks.md.' },
] as const satisfies readonly Section[]
