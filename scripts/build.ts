/**
 * Bundles what ships: `src/face/main.ts` and everything it loads, into dist/lib, for the Node that the package carries.
 * Invariant: `apmode.cjs` (the thin client, which keepalived waits for) is one file that loads none of the others unless
 * a dynamic import says so; it is CommonJS because Node starts that a little faster. Each dynamic import in it becomes
 * an ES module beside it, and those share chunks, so that a class exists once in a process.
 * Never minifies: a stack trace in a journal must be readable.
 */
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { type BuildOptions, build, type Metafile, type Plugin } from 'esbuild'

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
  const shared: BuildOptions = {
    bundle: true,
    platform: 'node',
    target: 'node24',
    charset: 'utf8',
    external: EXTERNAL,
    define: { 'process.env.APMODE_VERSION': JSON.stringify(version) },
    legalComments: 'none',
    logLevel: 'warning',
    absWorkingDir: ROOT,
    outdir: outDir,
    metafile: true,
  }

  const lazy = new Map<string, string>()
  const thin = await build({
    ...shared,
    entryPoints: { apmode: entry },
    format: 'cjs',
    outExtension: { '.js': '.cjs' },
    plugins: [leaveLazy(lazy)],
    metafile: true,
  })
  const metafiles: Metafile[] = [thin.metafile]
  if (lazy.size > 0) {
    const rest = await build({
      ...shared,
      entryPoints: Object.fromEntries(lazy),
      format: 'esm',
      splitting: true,
      outExtension: { '.js': '.mjs' },
      chunkNames: '[name]-[hash]',
      banner: { js: REQUIRE },
      metafile: true,
    })
    metafiles.push(rest.metafile)
  }
  chmodSync(join(outDir, 'apmode.cjs'), 0o755)
  return { version, packages: packagesIn(metafiles) }
}

/** Keeps `import('./cli.ts')` as `import('./cli.mjs')`, and notes what has to be built under that name. */
function leaveLazy(lazy: Map<string, string>): Plugin {
  return {
    name: 'leave-lazy',
    setup(current) {
      current.onResolve({ filter: /^\.{1,2}\// }, ({ kind, path, resolveDir }) => {
        if (kind !== 'dynamic-import') return undefined
        const file = resolve(resolveDir, path)
        const plain = basename(file, '.ts')
        // Two files of one name (face/main.ts, host/main.ts) get their folder's name too.
        const name = plain === 'main' ? `${basename(dirname(file))}-${plain}` : plain
        lazy.set(name, file)
        return { path: `./${name}.mjs`, external: true }
      })
    },
  }
}

function packagesIn(metafiles: readonly Metafile[]): string[] {
  const names = new Set<string>()
  for (const input of metafiles.flatMap((file) => Object.keys(file.inputs))) {
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
