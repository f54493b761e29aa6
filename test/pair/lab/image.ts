/**
 * The machines' image: built once with mmdebstrap, kept below LAB_HOME under the hash of what went in.
 * Invariant: a folder under an image's final name is complete and is never written to again. Two runs at once build
 * once (flock, held by the build itself, so that it also outlives a killed runner); an interrupted build leaves only a
 * `.building` folder, which the next build removes.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { must } from './command.ts'
import { entriesOf, LAB_HOME } from './names.ts'
import { FURNISHED, type Recipe, SUITE } from './recipe.ts'
import { ensureOuterPackages } from './requirements.ts'

export type Progress = (sentence: string) => void

const BUILD_LIMIT_MS = 15 * 60_000
const UNUSED_AFTER_MS = 14 * 24 * 3600_000

/** The image's folder; builds it first where it is missing (a minute or two, 600 MB). */
export async function ensureImage(progress: Progress, recipe: Recipe = FURNISHED): Promise<string> {
  await ensureOuterPackages(progress)
  const image = join(LAB_HOME, `image-${imageHash(recipe)}`)
  if (!existsSync(image)) await build(image, recipe, progress)
  writeFileSync(`${image}.used`, '') // its mtime is the time of the last use, for `removeUnusedImages`
  return image
}

export function imageHash({ packages, options, seed, customize }: Recipe = FURNISHED): string {
  const given = [...MMDEBSTRAP_OPTIONS, ...options]
  const ingredients = JSON.stringify([process.arch, SUITE, packages, seed, customize, given])
  return createHash('sha256').update(ingredients).digest('hex').slice(0, 12)
}

const MMDEBSTRAP_OPTIONS: readonly string[] = [
  '--variant=minbase',
  '--mode=root',
  '--dpkgopt=force-unsafe-io',
  '--dpkgopt=path-exclude=/usr/share/doc/*',
  '--dpkgopt=path-exclude=/usr/share/man/*',
  '--dpkgopt=path-exclude=/usr/share/locale/*',
]

async function build(
  image: string,
  { packages, options: more, customize, seed }: Recipe,
  progress: Progress,
): Promise<void> {
  progress(`building the machines' image with mmdebstrap (once; a minute or two) …`)
  mkdirSync(LAB_HOME, { recursive: true })
  const building = `${image}.building`
  const recipe = `${image}.recipe-${process.pid}`
  await writeFile(`${recipe}.sh`, customize)
  await writeFile(`${recipe}.sql`, seed)
  const hook = `chroot "$1" sh -c "$(cat ${recipe}.sh)" < ${recipe}.sql`
  const script = [
    'set -eu',
    '[ ! -d "$1" ] || exit 0', // another run has built it while this one waited for the lock
    'rm -rf "$2"',
    'image=$1 building=$2; shift 2',
    'mmdebstrap "$@" "$building"',
    ': > "$image.used"',
    'mv -T "$building" "$image"',
    'rm -f "$image".recipe-*', // also those of runs that were killed
  ].join('\n')
  const options = [...MMDEBSTRAP_OPTIONS, ...more, `--include=${packages.join(',')}`, `--customize-hook=${hook}`, SUITE]
  const lock = ['flock', join(LAB_HOME, 'build.lock'), 'sh', '-c', script, 'build', image, building]
  try {
    await must([...lock, ...options], { timeoutMs: BUILD_LIMIT_MS })
  } finally {
    await rm(`${recipe}.sh`, { force: true })
    await rm(`${recipe}.sql`, { force: true })
  }
  await removeUnusedImages()
}

async function removeUnusedImages(): Promise<void> {
  for (const entry of entriesOf(LAB_HOME).filter((name) => /^image-[0-9a-f]+$/.test(name))) {
    const folder = join(LAB_HOME, entry)
    const used = statSync(`${folder}.used`, { throwIfNoEntry: false })?.mtimeMs ?? 0
    if (Date.now() - used > UNUSED_AFTER_MS) await rm(folder, { recursive: true, force: true })
  }
}
