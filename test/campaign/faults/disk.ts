/** Faults of the disks: of the database, of the supervisor's state, and of /run. Data. */
import { DATA } from '../../pair/lab/data-disk.ts'
import { STATE } from '../disks.ts'
import { type Fault, PLACES, shell } from '../fault.ts'

const common = { subject: 'disk', layer: 'guest', places: PLACES } as const

/** Runs a script in the machine's mount namespace and in those that services have of their own. */
const inEachView = (script: string) =>
  `for pid in 1 $(systemctl show -P MainPID mariadb apmode api | grep -v -x 0); do nsenter -t "$pid" -m sh -c '${script}' || true; done`

const fill = (folder: string) =>
  `dd if=/dev/zero of=${folder}/balloon bs=64k status=none || true; dd if=/dev/zero of=${folder}/balloon-rest bs=1k status=none || true`
const empty = (folder: string) => `rm -f ${folder}/balloon ${folder}/balloon-rest`

export const DISK_FAULTS: readonly Fault[] = [
  {
    ...common,
    key: 'data-full',
    title: 'the data directory is full',
    lastsMs: [1000, 6000],
    strike: shell(fill(DATA)),
    mend: shell(empty(DATA)),
  },
  {
    ...common,
    key: 'data-read-only',
    title: 'the data directory is read-only',
    lastsMs: [1000, 6000],
    // A mount over it: files that are open stay writable, as they may on a disk that fails from now on.
    strike: shell(inEachView(`mount --bind ${DATA} ${DATA} && mount -o remount,bind,ro ${DATA}`)),
    // Only what is over it: the disk itself is mounted there too, and is writable.
    mend: shell(inEachView(`while findmnt -no OPTIONS ${DATA} | tail -1 | grep -q "^ro,"; do umount -l ${DATA}; done`)),
  },
  {
    ...common,
    key: 'state-full',
    title: "the disk of the supervisor's state is full",
    lastsMs: [500, 6000],
    losesHistory: true,
    strike: shell(fill(STATE)),
    mend: shell(empty(STATE)),
  },
  {
    ...common,
    key: 'run-full',
    title: '/run is full',
    lastsMs: [500, 6000],
    // It is made small first: filling a share of the memory takes long.
    strike: shell(
      `findmnt -no OPTIONS /run | grep -o 'size=[0-9]*k' > /tmp/run-size
       mount -o remount,size="$(($(df --output=used -k /run | tail -1) + 256))k" /run; ${fill('/run')}`,
    ),
    mend: shell(
      `${empty('/run')}; ! [ -s /tmp/run-size ] || { mount -o remount,"$(cat /tmp/run-size)" /run; rm /tmp/run-size; }`,
    ),
  },
]
