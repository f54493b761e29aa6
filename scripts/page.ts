/**
 * The page of the read-only port: src/page as one HTML file, with its style and its script inside. Invariant: it asks
 * nobody for anything but the port that it came from, and equal sources give an equal page.
 */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'

const ROOT = resolve(import.meta.dirname, '..')
const SOURCES = join(ROOT, 'src/page')

/** Throws with esbuild's messages when it does not compile. */
export async function buildPage(): Promise<string> {
  const source = (name: string) => readFileSync(join(SOURCES, name), 'utf8')
  const { outputFiles } = await build({
    entryPoints: [join(SOURCES, 'main.ts')],
    bundle: true,
    write: false,
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
    charset: 'utf8',
    legalComments: 'none',
    logLevel: 'warning',
    absWorkingDir: ROOT,
  })
  const script = outputFiles[0]?.text ?? ''
  return [
    ['/* page.css */', source('page.css')],
    ['/* main.ts */', script],
  ].reduce((html, [place = '', text = '']) => {
    if (html.split(place).length !== 2) throw new Error(`cannot make the page: ${place} is not once in page.html`)
    // A function: `$&` in the text is no pattern.
    return html.replace(place, () => `\n${text}`)
  }, source('page.html'))
}
