/**
 * Whose work is in the package, and under what licence: apmode's own, Node's, and each npm package in the bundle. Facts for
 * the documents of both packages, read from the packages themselves.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Licence {
  readonly name: string
  readonly version: string
  /** As its package.json says, an SPDX expression. */
  readonly spdx: string
  /** The whole text; the expression where the package has no file with it. */
  readonly text: string
}

export function licenceOf(root: string, name: string): Licence {
  const folder = join(root, 'node_modules', name)
  const manifest: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const spdx = spdxOf(manifest)
  const file = readdirSync(folder).find((entry) => /^(licen[cs]e|copying)/i.test(entry))
  const text = file === undefined ? `${spdx}\n` : readFileSync(join(folder, file), 'utf8')
  return { name, version: field(manifest, 'version'), spdx, text }
}

/** The texts of all npm packages in one, for a package whose system has no place of its own for them. */
export function licencesAsText(licences: readonly Licence[]): string {
  const part = ({ name, version, spdx, text }: Licence) =>
    `${'='.repeat(78)}\n${name} ${version} (${spdx})\n${'='.repeat(78)}\n\n${text.replaceAll('\r', '').trim()}\n`
  const head = 'The bundles in /usr/lib/apmode contain these npm packages, each under its own licence.\n'
  return [head, ...licences.map(part)].join('\n')
}

/** Old packages have an object there, and names from before SPDX. */
function spdxOf(manifest: unknown): string {
  const licence = stated(manifest, 'license')
  const name = String(typeof licence === 'object' ? stated(licence, 'type') : licence)
  return name === 'MIT/X11' ? 'MIT' : name
}

function field(manifest: unknown, key: string): string {
  return String(stated(manifest, key))
}

function stated(object: unknown, key: string): unknown {
  if (typeof object !== 'object' || object === null) return 'unknown'
  return Object.entries(object).find(([name]) => name === key)?.[1] ?? 'unknown'
}
