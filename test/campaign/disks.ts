/**
 * Disks of their own for the database's data and for the supervisor's state, so that either can be full alone.
 * Invariant: mounted before the machine's first boot; they outlive its power, as disks do.
 */
import { join } from 'node:path'
import { must } from '../pair/lab/command.ts'
import { mountDataDisk } from '../pair/lab/data-disk.ts'
import type { LabNode } from '../pair/lab/node.ts'

/** The supervisor's folder, in the machine. */
export const STATE = '/var/lib/apmode'
const LIMIT = { timeoutMs: 10_000 }

export async function mountDisks(node: LabNode): Promise<void> {
  await mountDataDisk(node)
  const folder = join(node.root, STATE)
  await must(['mkdir', '-p', '-m', '700', folder], LIMIT)
  await must(['mount', '-t', 'tmpfs', '-o', 'size=32m,mode=700', 'state', folder], LIMIT)
}
