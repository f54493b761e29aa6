/**
 * A clock of their own for apmode and MariaDB on a machine: containers share the kernel's clock, so libfaketime is loaded
 * into the two services and reads from a file how far they are off. Takes effect within a second, as a person's `date -s`
 * does at once. Invariant: only the time of day moves; the monotonic clock, by which one measures, does not.
 */
import type { LabNode } from '../pair/lab/node.ts'

const FILE = '/etc/clock-offset'
const LIBRARY = '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1'
const DROP_IN = `[Service]
Environment=LD_PRELOAD=${LIBRARY} FAKETIME_TIMESTAMP_FILE=${FILE} FAKETIME_CACHE_DURATION=1
Environment=FAKETIME_DONT_FAKE_MONOTONIC=1 DONT_FAKE_MONOTONIC=1
`

/** Before the machine's first boot. */
export async function provideClock(node: LabNode): Promise<void> {
  await node.writeFile(FILE, '+0\n')
  for (const unit of ['apmode', 'mariadb']) {
    await node.writeFile(`/etc/systemd/system/${unit}.service.d/clock.conf`, DROP_IN)
  }
}

export async function setClock(machine: Pick<LabNode, 'shell'>, offsetSeconds: number): Promise<void> {
  const offset = offsetSeconds < 0 ? String(offsetSeconds) : `+${offsetSeconds}`
  // In one write: a reader that finds half of it would see another time.
  await machine.shell(`echo ${offset} > ${FILE}.new && mv ${FILE}.new ${FILE}`)
}
