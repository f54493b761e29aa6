/**
 * `npm test`: every check there is, stage after stage, each with a time limit; it installs what a stage needs. Two stages in
 * which nothing is measured run side by side.
 * Invariant: the last line is `N passed, N failed` or `N passed, N failed, N skipped`, summed over the stages, and the exit
 * code is 0 only when nothing failed. What is skipped is said, with the reason; with CI=true the pair is never skipped.
 * Usage: scripts/test.ts [--only static,unit,fuzz,adapters,package,timed,calm,pair]
 */
import { parseArgs } from 'node:util'
import { whyNoLab } from '../test/pair/lab/requirements.ts'
import { makePackage } from './package.ts'
import { foreground, interrupt, wasInterrupted } from './testing/child.ts'
import { type Counts, lineOf, NONE, sum } from './testing/counts.ts'
import { ensurePrograms, type Programs } from './testing/debian.ts'
import { countTests, type Ran, runProject } from './testing/vitest.ts'

const MINUTE = 60_000
/** By hand for longer: APMODE_FUZZ_SECONDS=600 npm test -- --only fuzz */
const FUZZ_SECONDS = Number(process.env.APMODE_FUZZ_SECONDS ?? 8)

interface Stage {
  readonly name: string
  readonly what: string
  /** Program → Debian package, installed when missing; the pair's own are with its lab. */
  readonly programs: Programs
  /** Runs at the same time as that one, which is before it, and says what it has to say when it has ended. */
  readonly beside?: string
  run(): Promise<Ran>
}

/** Projects that need machines. */
const ON_MACHINES = ['calm', 'pair'] as const

const STAGES: readonly Stage[] = [
  { name: 'static', what: 'format, lint, types', programs: {}, run: checkStatically },
  {
    name: 'unit',
    what: 'rules, without the outside world',
    programs: { patch: 'patch' },
    run: () => runProject('unit', { limitMs: 10 * MINUTE, verbose: false }),
  },
  {
    name: 'fuzz',
    what: 'every parser, with input that nobody would write',
    programs: {},
    run: () => runProject('fuzz', { limitMs: 10 * MINUTE + FUZZ_SECONDS * 1000, verbose: false }),
  },
  {
    name: 'adapters',
    what: 'against the real things',
    programs: {
      mariadbd: 'mariadb-server',
      keepalived: 'keepalived',
      ip: 'iproute2',
      'dbus-daemon': 'dbus',
      'systemd-notify': 'systemd',
      promtool: 'prometheus',
      chromium: 'chromium',
    },
    run: () => runProject('adapters', { limitMs: 20 * MINUTE, verbose: true }),
  },
  {
    name: 'package',
    what: 'the packages, their completions and man pages, and their life on one machine',
    programs: {
      'dpkg-deb': 'dpkg',
      'systemd-analyze': 'systemd',
      rpmbuild: 'rpm',
      cpio: 'cpio',
      man: 'man-db',
      groff: 'groff-base',
      mandoc: 'mandoc',
      zsh: 'zsh',
      fish: 'fish',
      shellcheck: 'shellcheck',
    },
    beside: 'adapters',
    run: () => packaged('package', 20 * MINUTE, true),
  },
  {
    name: 'timed',
    what: 'against the real things, where time is measured',
    programs: { mariadbd: 'mariadb-server', 'systemd-notify': 'systemd' },
    run: () => runProject('timed', { limitMs: 10 * MINUTE, verbose: true }),
  },
  {
    name: 'calm',
    what: 'two real machines, where no time is measured',
    programs: { 'dpkg-deb': 'dpkg' },
    run: () => onMachines('calm', 20 * MINUTE),
  },
  {
    name: 'pair',
    what: 'two and three real machines',
    programs: { 'dpkg-deb': 'dpkg', haproxy: 'haproxy', tmux: 'tmux' },
    run: () => onMachines('pair', 60 * MINUTE),
  },
]

async function onMachines(project: (typeof ON_MACHINES)[number], limitMs: number): Promise<Ran> {
  const reason = whyNoLab()
  if (reason !== null) return skippedWhole(project, `no real machines: ${reason}`)
  return packaged(project, limitMs, false)
}

async function checkStatically(): Promise<Ran> {
  const checks = [
    { name: 'biome check', argv: ['node_modules/@biomejs/biome/bin/biome', 'check', '.'] },
    { name: 'tsc', argv: ['node_modules/typescript/bin/tsc', '--noEmit'] },
    // The page runs in a browser: a program of its own, with other globals.
    { name: 'tsc, the page', argv: ['node_modules/typescript/bin/tsc', '-p', 'src/page'] },
  ]
  const notes: string[] = []
  let failed = 0
  for (const { name, argv } of checks) {
    const { code, problem } = await foreground([process.execPath, ...argv], { limitMs: 10 * MINUTE })
    if (code !== 0) {
      failed += 1
      notes.push(`${name}: ${problem ?? `ended with ${code}`}`)
    }
  }
  return { counts: { passed: checks.length - failed, failed, skipped: 0 }, notes }
}

/** The tests of a project that install the package: it is built first, and they are told its path. */
async function packaged(project: string, limitMs: number, atTheEnd: boolean): Promise<Ran> {
  let path: string
  try {
    path = await makePackage({ onProgress: (sentence) => console.log(sentence) })
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown)
    return { counts: { passed: 0, failed: 1, skipped: 0 }, notes: [`cannot build the package: ${reason}`] }
  }
  const env = { APMODE_DEB: path }
  return runProject(project, { limitMs, verbose: true, env, atTheEnd })
}

function skippedWhole(project: string, reason: string): Ran {
  return { counts: { passed: 0, failed: 0, skipped: countTests(project) }, notes: [`skipped, ${reason}`] }
}

/** Where the two machines are a must, a test of theirs that did not run has failed. */
function strict(stage: Stage, ran: Ran): Ran {
  const { passed, failed, skipped } = ran.counts
  if (!ON_MACHINES.some((name) => name === stage.name) || skipped === 0 || process.env.CI !== 'true') return ran
  const notes = [...ran.notes, `CI=true: ${skipped} skipped of two machines count as failed`]
  return { counts: { passed, failed: failed + skipped, skipped: 0 }, notes }
}

function chosen(): readonly Stage[] {
  const { values } = parseArgs({ options: { only: { type: 'string' } } })
  if (values.only === undefined) return STAGES
  const names = values.only.split(',')
  const unknown = names.filter((name) => !STAGES.some((stage) => stage.name === name))
  if (unknown.length > 0) {
    console.error(`cannot run ${unknown.join(', ')}: the stages are ${STAGES.map(({ name }) => name).join(', ')}`)
    process.exit(2)
  }
  return STAGES.filter((stage) => names.includes(stage.name))
}

function sideBySide(stages: readonly Stage[]): Stage[][] {
  const groups: Stage[][] = []
  for (const stage of stages) {
    const before = groups.at(-1)
    if (before?.some(({ name }) => name === stage.beside) === true) before.push(stage)
    else groups.push([stage])
  }
  return groups
}

interface Ended {
  readonly counts: Counts
  readonly failures: readonly string[]
}

async function runStage(stage: Stage): Promise<Ended> {
  console.log(`\n── ${stage.name}: ${stage.what}`)
  const started = performance.now()
  const missing = ensurePrograms(stage.programs, (sentence) => console.log(sentence))
  const ran = strict(stage, await stage.run())
  // Tests that need a missing program skip themselves; here is the reason.
  for (const note of missing === null ? ran.notes : [missing, ...ran.notes]) console.log(`   ${note}`)
  console.log(`── ${stage.name}: ${lineOf(ran.counts)} in ${((performance.now() - started) / 1000).toFixed(1)} s`)
  return { counts: ran.counts, failures: ran.failures ?? [] }
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, interrupt)

const results: Ended[] = []
for (const stages of sideBySide(chosen())) {
  const ran = stages.map((stage) =>
    wasInterrupted() ? { counts: { ...NONE, skipped: 1 }, failures: [] } : runStage(stage),
  )
  results.push(...(await Promise.all(ran)))
}
const failures = results.flatMap((ended) => ended.failures)
// What stands in the middle of a long output is not found, or cut off.
if (failures.length > 0) console.log(`\nfailed:\n${failures.map((line) => `   ${line}`).join('\n')}`)
const total = sum(results.map(({ counts }) => counts))
console.log(`\n${lineOf(wasInterrupted() && total.failed === 0 ? { ...total, failed: 1 } : total)}`)
process.exitCode = wasInterrupted() ? 130 : total.failed > 0 ? 1 : 0
