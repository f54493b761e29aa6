/**
 * The .rpm, by rpmbuild, from the files that are staged for the .deb; what differs is in apmode.spec.
 * Invariant: equal inputs give equal bytes. Needs Debian's package rpm, never root; reads no ~/.rpmmacros and no rpm database.
 */
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Licence, licencesAsText } from '../licences.ts'

const LIMIT_MS = 180_000

export interface RpmOrder {
  readonly root: string
  /** The staged files; nothing in it is changed. */
  readonly tree: string
  /** A folder that is thrown away afterwards. */
  readonly work: string
  readonly version: string
  readonly node: { readonly version: string; readonly licence: string }
  readonly npm: readonly Licence[]
  readonly compression: number
  readonly when: Date
  readonly target: string
}

export function buildRpm({ root, tree, work, version, node, npm, compression, when, target }: RpmOrder): void {
  const licences = join(work, 'licences')
  mkdirSync(licences, { recursive: true })
  copyFileSync(join(root, 'LICENSE'), join(licences, 'LICENSE'))
  copyFileSync(node.licence, join(licences, 'LICENSE.node'))
  writeFileSync(join(licences, 'LICENSE.npm'), licencesAsText(npm))
  const bundled = [`nodejs) = ${node.version}`, ...npm.map((one) => `npm(${one.name})) = ${one.version}`)]
  writeFileSync(join(licences, 'bundled.inc'), bundled.map((one) => `Provides: bundled(${one}\n`).join(''))

  const macros = {
    _topdir: join(work, 'rpmbuild'),
    _rpmdir: work,
    _rpmfilename: 'apmode.rpm',
    apmode_version: version,
    staging: tree,
    licences,
    payload_level: String(compression),
  }
  const defines = Object.entries(macros).flatMap(([name, value]) => ['--define', `${name} ${value}`])
  execFileSync(
    'rpmbuild',
    ['-bb', '--quiet', '--target', 'x86_64-linux', ...defines, join(root, 'scripts/rpm/apmode.spec')],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: LIMIT_MS,
      env: { PATH: process.env.PATH, HOME: work, LC_ALL: 'C.UTF-8', SOURCE_DATE_EPOCH: String(when.getTime() / 1000) },
    },
  )
  renameSync(join(work, 'apmode.rpm'), target)
}
