/**
 * Every name that a run of the lab gives to something outside itself, made from the run's id alone.
 * Invariant: whoever knows the id can find, and remove, everything of the run; two runs never share a name.
 * It creates nothing and removes nothing.
 */
import { randomBytes } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'

/** Images and the folders of live runs; outside the checkout, so that a fresh clone finds the image built before. */
export const LAB_HOME = '/var/cache/apmode-lab'
export const RUNS = join(LAB_HOME, 'runs')

export interface RunNames {
  readonly id: string
  /** Folder of the run: the owner's file and one folder for each node. */
  readonly folder: string
  /** Network namespace of the switch. */
  readonly switchNamespace: string
  readonly clientNamespace: string
  /** Name of the run's cgroup, directly below each hierarchy's root. */
  readonly cgroup: string
  /** systemd-nspawn's machine name, and the node's network namespace. */
  machine(node: string): string
  /** Folder of a node: upper, work, root (the mounted overlay), console.log. */
  nodeFolder(node: string): string
}

const PREFIX = 'apmode-'

export function newRunId(): string {
  return randomBytes(3).toString('hex')
}

export function namesOf(id: string): RunNames {
  const folder = join(RUNS, id)
  return {
    id,
    folder,
    switchNamespace: `${PREFIX}${id}-switch`,
    clientNamespace: `${PREFIX}${id}-client`,
    cgroup: `${PREFIX}${id}`,
    machine: (node) => `${PREFIX}${id}-${node}`,
    nodeFolder: (node) => join(folder, node),
  }
}

/** Ids of the runs whose folder exists: live ones, and leftovers of dead ones. */
export function knownRuns(): string[] {
  return entriesOf(RUNS)
}

/** The entries of a folder; none when there is no such folder. */
export function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
