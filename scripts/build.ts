/**
 * Bundles what ships: `src/face/main.ts` and everything it loads, into dist/lib, for the Node that the package carries.
 * Invariant: `apmode.mjs` (the thin client, which keepalived waits for) loads only what it imports statically; each
 * dynamic import is a file of its own. What they have in common is in chunks, so that a class exists once in a process:
 * the client tells its exit codes by the class of what was thrown. (One CommonJS file with ES modules beside it starts a
 * twentieth faster and has each class twice.)
 * Never minifies: a stack trace in a journal must be readable.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { build, type Metafile } from 'esbuild'
import { buildPage } from './page.ts'

export const ROOT = resolve(import.meta.dirname, '..')

/** Optional parts of dbus-next (file descriptors over the bus, X11 and stream addresses): absent on the target, never asked for. */
const EXTERNAL = ['usocket', 'x11', 'event-stream']

/** CommonJS packages ask for Node's own modules with `require`, which an ES module does not have. */
const REQUIRE =
  "import { createRequire as apmodeRequire } from 'node:module'\nconst require = apmodeRequire(import.meta.url)"

export interface Built {
  /** `0.1.0 (801d000)`: what `apmode --version` prints. */
  readonly version: string
  /** Names of the npm packages that ended up in the bundle, sorted. */
  readonly packages: readonly string[]
}

/** The version of package.json. */
export function packageVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  if (typeof manifest === 'object' && manifest !== null && 'version' in manifest) return String(manifest.version)
  throw new Error('cannot read the version: package.json has none')
}

/** The commit as git describes it (`801d000`, `801d000-dirty`); empty where there is no repository. */
export function gitDescription(): string {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty', '--exclude=*'], {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 10_000,
    }).trim()
  } catch {
    return ''
  }
}

/** Builds `entry` into `outDir`, which is emptied first. Throws with esbuild's messages when it does not compile. */
export async function buildBundle(outDir: string, entry = join(ROOT, 'src/face/main.ts')): Promise<Built> {
  rmSync(outDir, { recursive: true, force: true })
  mkdirSync(outDir, { recursive: true })
  const commit = gitDescription()
  const version = commit === '' ? packageVersion() : `${packageVersion()} (${commit})`
  const { metafile } = await build({
    entryPoints: { apmode: entry },
    outdir: outDir,
    bundle: true,
    format: 'esm',
    splitting: true,
    platform: 'node',
    target: 'node24',
    charset: 'ascii',
    external: EXTERNAL,
    define: {
      'process.env.APMODE_VERSION': JSON.stringify(version),
      'process.env.APMODE_PAGE': JSON.stringify(await buildPage()),
    },
    banner: { js: REQUIRE },
    outExtension: { '.js': '.mjs' },
    chunkNames: '[name]-[hash]',
    legalComments: 'none',
    logLevel: 'warning',
    absWorkingDir: ROOT,
    metafile: true,
  })
  // The line for running from a checkout; here the wrapper /usr/bin/apmode names the Node.
  const client = join(outDir, 'apmode.mjs')
  writeFileSync(client, readFileSync(client, 'utf8').replace(/^#!.*\n/, ''))
  return { version, packages: packagesIn(metafile) }
}

function packagesIn(metafile: Metafile): string[] {
  const names = new Set<string>()
  for (const input of Object.keys(metafile.inputs)) {
    const name = /^(?:.*\/)?node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1]
    if (name !== undefined) names.add(name)
  }
  return [...names].sort()
}

if (import.meta.main) {
  const outDir = join(ROOT, 'dist/lib')
  const built = await buildBundle(outDir)
  console.log(`built apmode ${built.version} in ${relative(process.cwd(), outDir) || '.'}`)
}
