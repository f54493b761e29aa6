/**
 * Debian packages for the lab's machines, which have no network: the outer machine downloads, once, what an image lacks of
 * them, and keeps it below LAB_HOME. Invariant: a folder under its final name is complete and is never written to again.
 * It installs into machines that are off, as `apt-get install` does it: no service is started by that.
 */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { cp, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { must, run } from './command.ts'
import { ensureImage, type Progress } from './image.ts'
import { LAB_HOME } from './names.ts'
import type { LabNode } from './node.ts'

const DOWNLOAD_LIMIT_MS = 180_000
const INSTALL_LIMIT_MS = 60_000
/** In the machine. */
const PLACE = '/var/cache/apt/archives'

/** The folder with the .debs that the image lacks of these packages; downloads them first where they are missing. */
export async function ensureDebs(packages: readonly string[], progress: Progress): Promise<string> {
  const image = await ensureImage(progress)
  const hash = createHash('sha256')
    .update(JSON.stringify([image, packages]))
    .digest('hex')
    .slice(0, 12)
  const folder = join(LAB_HOME, `packages-${hash}`)
  if (existsSync(folder)) return folder
  progress(`downloading ${packages.join(', ')} for the machines (once) …`)
  const building = `${folder}.building-${process.pid}`
  for (const part of ['partial', 'lists/partial']) await mkdir(join(building, part), { recursive: true })
  // Debian, its release and what is installed are the image's, whatever this machine has.
  const asImage = [
    ...['-o', `Dir::Etc::sourcelist=${image}/etc/apt/sources.list`, '-o', 'Dir::Etc::sourceparts=/dev/null'],
    ...['-o', `Dir::State::lists=${building}/lists`, '-o', `Dir::State::status=${image}/var/lib/dpkg/status`],
    ...['-o', `Dir::Cache=${building}`, '-o', `Dir::Cache::archives=${building}`, '-o', 'Debug::NoLocking=1'],
  ]
  const apt = (...words: string[]) =>
    must(['apt-get', '-q', '-y', ...asImage, ...words], { timeoutMs: DOWNLOAD_LIMIT_MS })
  try {
    await apt('update')
    await apt('--no-install-recommends', '--download-only', 'install', ...packages)
    await rm(join(building, 'lists'), { recursive: true, force: true })
    // Another run may have been quicker: then its folder is as good.
    await run(['mv', '-T', '--no-clobber', building, folder], { timeoutMs: 5000 })
  } finally {
    await rm(building, { recursive: true, force: true })
  }
  return folder
}

/** For `provision`: the machine is off. Configuration files that are there already stay. */
export async function installDebs(node: LabNode, folder: string): Promise<void> {
  const names = readdirSync(folder).filter((name) => name.endsWith('.deb'))
  for (const name of names) await cp(join(folder, name), join(node.root, PLACE, name))
  const paths = names.map((name) => join(PLACE, name))
  const install = ['dpkg', '--force-confold', '--force-unsafe-io', '--install', ...paths]
  await must(['chroot', node.root, 'env', 'DEBIAN_FRONTEND=noninteractive', ...install], {
    timeoutMs: INSTALL_LIMIT_MS,
  })
  for (const path of paths) await rm(join(node.root, path), { force: true })
}
