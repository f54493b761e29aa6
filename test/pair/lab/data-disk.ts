/**
 * A small disk of its own for a machine's databases, so that "disk full" fills it and nothing else. In memory: it outlives
 * the machine's power, as a disk does, and costs no flush. Invariant: mounted only while the machine is off; the lab
 * unmounts it with everything else of the run.
 */
import { chownSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { must } from './command.ts'
import type { LabNode } from './node.ts'

/** MariaDB's data directory, in the machine. */
export const DATA = '/var/lib/mysql'
const LIMIT = { timeoutMs: 60_000 }

/** Moves what is in the data directory onto the disk, and mounts that in its place. */
export async function mountDataDisk(node: LabNode, size = '1G'): Promise<void> {
  const directory = join(node.root, DATA)
  const { uid, gid } = statSync(directory)
  const saved = `${directory}.saved`
  await must(['cp', '-a', directory, saved], LIMIT)
  await must(['mount', '-t', 'tmpfs', '-o', `size=${size}`, 'data', directory], LIMIT)
  await must(['cp', '-a', `${saved}/.`, directory], LIMIT)
  await must(['rm', '-rf', saved], LIMIT)
  chownSync(directory, uid, gid)
}
