/**
 * Which file may know which: arrows point to core. Read off the imports of src/, so that a wrong one is a failed test and
 * not a matter of taste. Every exception stands in a table, with its reason; one that is no longer needed fails too.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'

const SRC = join(import.meta.dirname, '../../src')
const LONGEST_FILE = 250
/** With the reason why it is one piece. */
const LONG_FILES: Readonly<Record<string, string>> = {}

/** Pure packages: no I/O, no clock. */
const PURE_PACKAGES = ['xstate', 'toml-eslint-parser']

/** Folders (or files) of src, and what they may import beside themselves. `types`: with `import type` only. */
const RULES: readonly { readonly of: RegExp; readonly may: readonly RegExp[]; readonly types?: RegExp }[] = [
  { of: /^core\//, may: [/^core\//, ...PURE_PACKAGES.map((name) => new RegExp(`^${name}$`))], types: /^ports\// },
  { of: /^ports\//, may: [], types: /^(core|ports)\// },
  { of: /^adapters\//, may: [/^core\//, /^ports\//, /^node:/, /^(@particle\/dbus-next|mysql2(\/promise)?)$/] },
  { of: /^host\//, may: [/^(core|ports|host)\//, /^(node:|pino$)/] },
  { of: /^page\//, may: [/^(core|page)\//], types: /^ports\// },
  { of: /^face\//, may: [/^(core|ports|face)\//, /^(node:|commander$)/] },
]

const EXCEPTIONS: readonly { readonly from: string; readonly to: string; readonly why: string }[] = [
  { from: 'host/compose.ts', to: 'adapters/', why: 'the composition: the one place that chooses the adapters' },
  { from: 'host/main.ts', to: 'adapters/', why: 'the process: its configuration, its doors, its notifier' },
  { from: 'host/door.ts', to: 'adapters/config-file.ts', why: 'tells whoever asks the faults of the configuration' },
  { from: 'face/offline.ts', to: 'adapters/config-file.ts', why: 'render and config check work without a supervisor' },
  {
    from: 'face/ask.ts',
    to: 'adapters/config-file.ts',
    why: 'mode works without a supervisor: where the mode file is',
  },
  { from: 'face/ask.ts', to: 'adapters/files/mode-file.ts', why: 'mode works without a supervisor: what it says' },
  { from: 'page/timeline.ts', to: 'face/show/columns.ts', why: 'a duration and a time read as on the terminal' },
  { from: 'face/init/machine.ts', to: 'adapters/', why: 'init sets a machine up before there is a supervisor' },
  {
    from: 'host/doctor/compose.ts',
    to: 'adapters/',
    why: 'the composition of apmode doctor, which needs no supervisor',
  },
  { from: 'face/doctor.ts', to: 'host/doctor/', why: 'apmode doctor: loaded for that word alone' },
  { from: 'face/cli.ts', to: 'host/version.ts', why: 'one version, built in once' },
  { from: 'face/cli.ts', to: 'host/main.ts', why: 'apmode supervise: the same program, loaded for that word alone' },
]

interface Import {
  readonly from: string
  readonly to: string
  readonly type: boolean
  readonly lazy: boolean
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
const source = (file: string) => readFileSync(join(SRC, file), 'utf8')
const imports = files.flatMap((from) => [
  ...[...source(from).matchAll(/^(?:import|export) (type )?(?:[^'"]*? from )?'([^']+)'/gm)].map(([, type, to]) =>
    importOf(from, to, type !== undefined, false),
  ),
  ...[...source(from).matchAll(/\bimport\('([^']+)'\)/g)].map(([, to]) => importOf(from, to, false, true)),
])

function importOf(from: string, to = '', type: boolean, lazy: boolean): Import {
  return { from, to: to.startsWith('.') ? relative(SRC, join(SRC, dirname(from), to)) : to, type, lazy }
}

const exceptionOf = ({ from, to }: Import) =>
  EXCEPTIONS.find((exception) => exception.from === from && to.startsWith(exception.to))

/** `adapters/mariadb/link.ts` and `adapters/mariadb/fence.ts` are one adapter; a file beside the folders is one too. */
const adapterOf = (path: string) => path.split('/').slice(0, 2).join('/')

function allowed(found: Import): boolean {
  const rule = RULES.find(({ of }) => of.test(found.from))
  if (rule === undefined) return false
  if (rule.may.some((may) => may.test(found.to)) || (found.type && rule.types?.test(found.to) === true)) return true
  return found.from.startsWith('adapters/') && adapterOf(found.from) === adapterOf(found.to)
}

describe('the architecture', () => {
  test('arrows point to core, an adapter knows no other adapter, and only the composition names adapters', () => {
    expect(files.length).toBeGreaterThan(50)
    expect(imports.length).toBeGreaterThan(files.length)
    expect(imports.filter((found) => !allowed(found) && exceptionOf(found) === undefined)).toEqual([])
  })

  test('what the face takes from an adapter or from the host is loaded lazily, but for the version', () => {
    const heavy = imports.filter(({ from, to }) => from.startsWith('face/') && /^(adapters|host)\//.test(to))
    expect(heavy.filter(({ to, lazy }) => !lazy && to !== 'host/version.ts')).toEqual([])
  })

  test('every exception is needed', () => {
    expect(EXCEPTIONS.filter((exception) => !imports.some((found) => exceptionOf(found) === exception))).toEqual([])
    const long = Object.keys(LONG_FILES)
    expect(long.filter((file) => !files.includes(file) || linesOf(file) <= LONGEST_FILE)).toEqual([])
  })

  test('core has no clock, no process and no console', () => {
    const impure = /\b((process|console|performance)\.\w|Date\.now|new Date\(\)|setTimeout|setInterval|Math\.random)/
    expect(files.filter((file) => file.startsWith('core/') && impure.test(source(file)))).toEqual([])
  })

  test(`no file has more than ${LONGEST_FILE} lines`, () => {
    expect(files.filter((file) => linesOf(file) > LONGEST_FILE && !(file in LONG_FILES))).toEqual([])
  })

  test('every file says at its head what it is', () => {
    const begins = /^(#!.*\n)?\/\*\*[\s\S]{10,}?\*\//
    expect(files.filter((file) => !begins.test(source(file)))).toEqual([])
  })
})

function linesOf(file: string): number {
  return source(file).split('\n').length - 1
}
