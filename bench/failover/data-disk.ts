/**
 * A small disk of its own for a machine's databases, so that "disk full" fills it and nothing else: ext4 in a file,
 * mounted over the data directory from outside, so that it outlives a power cut as a disk does.
 * Invariant: it is only ever mounted while the machine is off; the lab unmounts it with everything else of the run.
 * A commit costs one real flush of the outer machine's disk, as it does without this one: it has no journal of its own
 * (that made each flush four times as long, and only a crash of the outer machine would need it).
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
  await must(['mkfs.ext4', '-q', '-m', '0', '-O', '^has_journal', '-d', directory, image], LIMIT)
  await must(['mount', '-o', 'loop', image, directory], LIMIT)
  chownSync(directory, uid, gid)
  // MariaDB would take this folder for a database.
  await must(['rm', '-rf', join(directory, 'lost+found')], LIMIT)
}
