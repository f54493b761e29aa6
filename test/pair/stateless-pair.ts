/**
 * Machines without a database (`engine = "none"`), made as a recipe of the manual says it: the package, the recipe's
 * apmode.toml as it stands, what `apmode render keepalived` writes, Debian's packages. The MariaDB of the image is not
 * started. Invariant: nothing on the machines comes from the checkout but the package and the files of the recipe.
 */
import { makePackage } from '../../scripts/package.ts'
import { type Machine, machineOf, storyOf } from './apmode-pair.ts'
import { must } from './lab/command.ts'
import { ensureDebs, installDebs } from './lab/debian.ts'
import type { Progress } from './lab/image.ts'
import type { LabNode } from './lab/node.ts'
import { type Pair, type PairOptions, startPair } from './lab/pair.ts'
import { waitFor } from './lab/wait.ts'
import { CONFIG_FILE, preparedLayer, renderInto } from './prepared.ts'

const KEEPALIVED = '/etc/keepalived/keepalived.conf'

export interface StatelessPair extends Omit<Pair, 'node' | 'nodes'> {
  readonly machines: readonly Machine[]
  machine(name: string): Machine
}

export interface StatelessOptions extends Pick<PairOptions, 'nodes'> {
  /** The text of apmode.toml. */
  readonly config: string
  /** Path on each machine → text. There before the packages are installed. */
  readonly files?: Readonly<Record<string, string>>
  /** What `apmode render` writes beside keepalived's file: what → path. */
  readonly rendered?: Readonly<Record<string, string>>
  /** Debian packages, by name. */
  readonly packages?: readonly string[]
  /** Called for each machine while it is off, last. */
  readonly provision?: (machine: LabNode) => Promise<void>
  readonly progress?: Progress
}

/** Prepared, and no mode is set. */
export async function startStateless(options: StatelessOptions): Promise<StatelessPair> {
  const { config, files = {}, packages = [], progress = () => {}, provision = async () => {} } = options
  const rendered = { keepalived: KEEPALIVED, ...options.rendered }
  const packagePath = process.env.APMODE_DEB ?? (await makePackage({ onProgress: progress }))
  const debs = packages.length === 0 ? null : await ensureDebs(packages, progress)
  let prepared = false
  const pair = await startPair({
    ...(options.nodes === undefined ? {} : { nodes: options.nodes }),
    progress,
    async layer(image) {
      const layer = await preparedLayer(image, { packagePath, debs }, progress)
      prepared = layer !== null
      return layer
    },
    async provision(node) {
      await node.writeFile(CONFIG_FILE, config)
      for (const [path, text] of Object.entries(files)) await node.writeFile(path, text)
      if (!prepared) {
        // Nothing of the image starts by itself that the recipe does not know.
        await must(['chroot', node.root, 'systemctl', 'disable', 'mariadb', 'keepalived'], { timeoutMs: 10_000 })
        if (debs !== null) await installDebs(node, debs)
      }
      await provision(node)
      if (prepared) await renderInto(node, rendered)
    },
  })
  try {
    if (!prepared) {
      progress('installing the package and what `apmode render` writes …')
      await Promise.all(pair.nodes.map((node) => prepare(node, packagePath, rendered)))
    }
  } catch (thrown) {
    await pair.stop()
    throw thrown
  }
  const machines = pair.nodes.map(machineOf)
  const machine = (name: string) => {
    const found = machines.find((candidate) => candidate.name === name)
    if (found === undefined) throw new Error(`cannot find machine ${name}`)
    return found
  }
  return { ...pair, machines, machine }
}

async function prepare(node: LabNode, packagePath: string, rendered: Readonly<Record<string, string>>): Promise<void> {
  await node.installPackage(packagePath)
  for (const [what, path] of Object.entries(rendered)) await node.shell(`apmode render ${what} > ${path}`)
}

/** `apmode set ap --now`, on one after the other: the first one serves. */
export async function startServing(machines: readonly Machine[]): Promise<void> {
  for (const machine of machines) {
    const { code, stdout, stderr } = await machine.apmode('set ap --now', { timeoutMs: 60_000 })
    if (code !== 0)
      throw new Error(`cannot start ${machine.name}: exit ${code}: ${stdout}${stderr}${await machine.journal(60)}`)
  }
  await whole(machines)
}

/** Waits until the first one has the VIP and the others stand by, all of them in `ap` and fit. */
export async function whole([holder, ...others]: readonly Machine[]): Promise<void> {
  const all = [holder, ...others].filter((machine) => machine !== undefined)
  const asExpected = async () => {
    for (const machine of all) {
      const { mode, vrrp, fit, holder: holds } = await machine.status()
      const expected = machine === holder ? 'master' : 'backup'
      if (mode !== 'ap' || fit !== true || vrrp !== expected || holds !== (machine === holder)) return false
    }
    return true
  }
  try {
    await waitFor(asExpected, { patienceMs: 45_000, reason: `${holder?.name} serving, the others standing by` })
  } catch (cause) {
    const stories = await Promise.all(all.map(storyOf))
    throw new Error(`${cause instanceof Error ? cause.message : cause}\n${stories.join('\n')}`, { cause })
  }
}
