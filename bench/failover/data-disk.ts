/**
 * A small disk of its own for a machine's databases, so that "disk full" fills it and nothing else: ext4 in a file,
 * mounted over the data directory from outside, so that it outlives a power cut as a disk does.
 * Invariant: it is only ever mounted while the machine is off; the lab unmounts it with everything else of the run.
 * `nobarrier`: a flush is answered like by a disk whose cache outlives a power cut (0.1 ms), so that the bench measures the
 * failover and not how the outer machine's disk bears two databases' flushes of one write each 2 ms.
 */
import { chownSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { must } from '../../test/pair/lab/command.ts'
import type { LabNode } from '../../test/pair/lab/node.ts'

/** MariaDB's data directory, in the machine. */
export const DATA = '/var/lib/mysql'
const SIZE = '2G'
const LIMIT = { timeoutMs: 60_000 }

/** Copies what is in the data directory onto a disk, and mounts that in its place. The machine must be off. */
export async function mountDataDisk(node: LabNode): Promise<void> {
  const image = join(dirname(node.root), 'data.ext4')
  const directory = join(node.root, DATA)
  // Sparse: it takes only the room that is used.
  await must(['truncate', '-s', SIZE, image], LIMIT)
  const { uid, gid } = statSync(directory)
  // No blocks kept for root: full is full. `-d` brings owners and modes along, but not those of the folder itself.
  await must(['mkfs.ext4', '-q', '-m', '0', '-d', directory, image], LIMIT)
  await must(['mount', '-o', 'loop,nobarrier', image, directory], LIMIT)
  // `-d` leaves holes where there are zeros. InnoDB's log has all its blocks from the beginning, in real life, and a disk
  // that is full does not stop it there.
  const fill = 'fallocate -l "$(stat -c %s "$1")" "$1"'
  await must(['find', directory, '-type', 'f', '-size', '+1M', '-exec', 'sh', '-c', fill, 'sh', '{}', ';'], LIMIT)
  chownSync(directory, uid, gid)
  // MariaDB would take this folder for a database.
  await must(['rm', '-rf', join(directory, 'lost+found')], LIMIT)
}
