/**
 * A pair (or one, or three) of real machines on one switch, fresh at each start.
 * Invariant: what `startPair` resolves to has booted; if it rejects, nothing is left; after `stop` nothing is left.
 * It knows nothing of apmode: what goes onto the machines before their first boot is the caller's `provision`.
 */
import { readFileSync, statfsSync, writeFileSync } from 'node:fs'
import { beginRun, ownerFile } from './cleanup.ts'
import { must } from './command.ts'
import { ensureImage, type Progress } from './image.ts'
import type { RunNames } from './names.ts'
import { createSwitch, SUBNET } from './network.ts'
import { createNode, type LabNode } from './node.ts'
import { BARE, FURNISHED } from './recipe.ts'

export interface PairOptions {
  /** Two by default: host1 (192.168.33.101), host2 (.102), host3 (.103). */
  readonly nodes?: 1 | 2 | 3
  /** Name of the machines' network card; `eth0` by default. */
  readonly interface?: string
  /** Called for each machine while it is off: writeFile and readFile work, exec does not. */
  readonly provision?: (node: LabNode) => Promise<void>
  readonly progress?: Progress
  /** Nothing is installed that a pair needs; `apt install` finds it in its cache. */
  readonly bare?: boolean
  /** Makes the layer that the machines begin with (layer.ts), above the image; null: none. */
  readonly layer?: (image: string) => Promise<string | null>
}

export interface Pair {
  readonly id: string
  readonly names: RunNames
  readonly nodes: readonly LabNode[]
  /** By its name; throws for another one. */
  node(name: string): LabNode
  /** Kills the machines, as they are, and removes everything of the run. */
  stop(): Promise<void>
}

export async function startPair(options: PairOptions = {}): Promise<Pair> {
  const progress = options.progress ?? (() => {})
  const image = await ensureImage(progress, options.bare ? BARE : FURNISHED)
  const layer = (await options.layer?.(image)) ?? null
  const below = layer === null ? image : `${layer}:${image}`
  const { names, end } = beginRun()
  try {
    progress('booting the machines …')
    await ensureLayersPossible(names)
    await createSwitch(names)
    const nodes = await Promise.all(
      NAMES.slice(0, options.nodes ?? 2).map(async (name, index) => {
        const address = `${SUBNET}.${101 + index}`
        const node = await createNode(names, below, { name, address, interface: options.interface ?? 'eth0' })
        await node.writeFile('/etc/hosts', HOSTS)
        await options.provision?.(node)
        await node.boot()
        return node
      }),
    )
    return { id: names.id, names, nodes, node: (name) => named(nodes, name), stop: async () => end() }
  } catch (thrown) {
    end()
    throw thrown
  }
}

const OVERLAYFS_MAGIC = 0x794c7630

/** An overlay cannot write onto an overlay (a container's root, say): then the run's folder is memory. */
async function ensureLayersPossible(names: RunNames): Promise<void> {
  if (statfsSync(names.folder).type !== OVERLAYFS_MAGIC) return
  const owner = readFileSync(ownerFile(names))
  await must(['mount', '-t', 'tmpfs', '-o', 'mode=700', names.machine('memory'), names.folder], { timeoutMs: 5000 })
  writeFileSync(ownerFile(names), owner)
}

const NAMES = ['host1', 'host2', 'host3']
const HOSTS = `127.0.0.1 localhost\n${NAMES.map((name, index) => `${SUBNET}.${101 + index} ${name}\n`).join('')}`

function named(nodes: readonly LabNode[], name: string): LabNode {
  const found = nodes.find((node) => node.name === name)
  if (found === undefined)
    throw new RangeError(`cannot find machine ${name}: there are ${nodes.map((node) => node.name).join(', ')}`)
  return found
}
