/**
 * Layers above the image: what a script changed in it, made once and kept below LAB_HOME under the hash of what went in, so
 * that machines which begin alike boot with it. Invariant: a folder under a layer's final name is complete and is never
 * written to again; it is removed only when no machine stands on it and newer ones are enough. Nothing is mounted that
 * outlives the build: it has a mount namespace of its own.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { must } from './command.ts'
import type { Progress } from './image.ts'
import { entriesOf, LAB_HOME } from './names.ts'

export interface Layer {
  /** Below it: the folder of an image. */
  readonly image: string
  /** Path in the machine → content, there before the script runs. */
  readonly files: Readonly<Record<string, string | Buffer>>
  /** Runs in the machine's root folder, as root, without a system that is up. */
  readonly script: string
}

const BUILD_LIMIT_MS = 120_000
/** Each checkout at work has one or two at a time. */
const KEPT = 12
const OVERLAYFS_MAGIC = 0x794c7630

/** The layer's folder; null where the file system cannot hold one (an overlay cannot be a part of another's upper side). */
export async function ensureLayer(layer: Layer, progress: Progress): Promise<string | null> {
  if (statfsSync(LAB_HOME).type === OVERLAYFS_MAGIC) return null
  const folder = join(LAB_HOME, `layer-${hashOf(layer)}`)
  if (!existsSync(folder)) await build(folder, layer, progress)
  writeFileSync(`${folder}.used`, '') // its mtime is the time of the last use
  return folder
}

function hashOf({ image, files, script }: Layer): string {
  const hash = createHash('sha256').update(JSON.stringify([image, script, Object.keys(files)]))
  for (const content of Object.values(files)) hash.update(`${content.length}\n`).update(content)
  return hash.digest('hex').slice(0, 12)
}

const SCRIPT = `set -eu
folder=$1 image=$2 files=$3 script=$4
building=$folder.building
[ ! -d "$folder" ] || exit 0 # another run has built it while this one waited for the lock
rm -rf "$building"
mkdir -p "$building/upper" "$building/work" "$building/root"
mount -t overlay -o "lowerdir=$image,upperdir=$building/upper,workdir=$building/work" layer "$building/root"
cp -r "$files/." "$building/root"
mount -t proc proc "$building/root/proc"
mount --bind /dev "$building/root/dev"
chroot "$building/root" sh -euc "$script" < /dev/null
umount "$building/root/proc" "$building/root/dev" "$building/root"
: > "$folder.used"
mv -T "$building/upper" "$folder"
rm -rf "$building"
`

async function build(folder: string, { image, files, script }: Layer, progress: Progress): Promise<void> {
  progress('making the layer that the machines begin with (once) …')
  await removeUnused()
  const given = mkdtempSync(join(tmpdir(), 'apmode-layer-'))
  try {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(given, path)), { recursive: true })
      writeFileSync(join(given, path), content, { mode: 0o600 })
    }
    const lock = ['flock', join(LAB_HOME, 'build.lock'), 'unshare', '--mount', '--propagation', 'private']
    await must([...lock, 'sh', '-c', SCRIPT, 'layer', folder, image, given, script], { timeoutMs: BUILD_LIMIT_MS })
  } finally {
    rmSync(given, { recursive: true, force: true })
  }
}

async function removeUnused(): Promise<void> {
  const lastUse = (name: string) => statSync(join(LAB_HOME, `${name}.used`), { throwIfNoEntry: false })?.mtimeMs ?? 0
  const layers = entriesOf(LAB_HOME).filter((name) => /^layer-[0-9a-f]+$/.test(name))
  const mounts = readFileSync('/proc/self/mounts', 'utf8')
  for (const name of layers.toSorted((a, b) => lastUse(b) - lastUse(a)).slice(KEPT)) {
    if (mounts.includes(`${name}:`)) continue
    await rm(join(LAB_HOME, name), { recursive: true, force: true })
    await rm(join(LAB_HOME, `${name}.used`), { force: true })
  }
}
