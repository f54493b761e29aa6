/**
 * `npm run bench:failover`: faults of the holder on two real machines, for the product and for the original's bash design,
 * as it is and tuned; measured by a client that writes through the VIP and by a sampler. Prints and saves a table.
 * Invariant: what was measured is saved after each run, so that an interrupted bench loses nothing but its last run.
 * Exit codes: 0 · 1 it failed · 2 bad usage, or it cannot run here.
 */
import { execFileSync } from 'node:child_process'
import { cpus, release, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { packageVersion } from '../scripts/build.ts'
import { messageOf } from '../src/core/errors.ts'
import { ensureImage } from '../test/pair/lab/image.ts'
import { whyNoLab } from '../test/pair/lab/requirements.ts'
import { ORIGINAL, TUNED } from './failover/bash-design.ts'
import { campaign } from './failover/campaign.ts'
import type { Design } from './failover/design.ts'
import { writeDocument } from './failover/document.ts'
import { FAULTS } from './failover/faults.ts'
import { PRODUCT } from './failover/product.ts'
import { progressOf } from './failover/progress.ts'
import { newestResult, pathForResult, type Result, readResult, saveResult } from './failover/result.ts'
import { measureBalancers, outagesTable } from './failover/stateless.ts'
import { textTable } from './failover/table.ts'

const USAGE = `Usage: npm run bench:failover -- [OPTION]…

  --runs N          runs of each fault by each design (10)
  --quick           2 runs of each for the product, 1 for the bash designs
  --faults a,b      only these: ${FAULTS.map(({ key }) => key).join(', ')}
  --designs a,b     only these: product, original, tuned
  --patience S      seconds until a service that does not come back counts as "never" (20)
  --topology T      pair (MariaDB, the default), haproxy (two balancers without a database: only --runs counts)
  --append          add the runs to the newest saved result
  --report          no runs: print the newest saved result
  --write-docs      write docs/failover-times.svg and the table in docs/failover.md
`
const ALL: readonly Design[] = [PRODUCT, ORIGINAL, TUNED]
/** `haproxy`: two balancers without a database (docs/recipes/haproxy); only the product, nothing is saved. */
const TOPOLOGIES = ['pair', 'haproxy']

process.exitCode = await main().catch((thrown: unknown) => {
  process.stderr.write(`bench:failover: ${messageOf(thrown)}\n`)
  return 1
})

async function main(): Promise<number> {
  const options = optionsFrom(process.argv.slice(2))
  if (typeof options === 'string') {
    process.stderr.write(`bench:failover: ${options}\n\n${USAGE}`)
    return 2
  }
  if (options.help) {
    process.stdout.write(USAGE)
    return 0
  }
  const saved = newestResult()
  if (options.report || options.append) {
    if (saved === null) throw new Error('cannot find a saved result: there is none yet')
    if (options.report) return report(readResult(saved), saved, options.writeDocs)
  }
  const obstacle = whyNoLab()
  if (obstacle !== null) {
    process.stderr.write(`bench:failover: cannot start machines here: ${obstacle}\n`)
    return 2
  }
  if (options.topology === 'haproxy') {
    process.stdout.write(`${outagesTable(await measureBalancers(options.runsOf(PRODUCT), say))}\n`)
    return 0
  }
  let result: Result = options.append && saved !== null ? readResult(saved) : await emptyResult(options.patienceMs)
  const path = options.append && saved !== null ? saved : pathForResult(result.begun)
  const keep = (more: Partial<Pick<Result, 'runs' | 'thrownAway'>>) => {
    result = { ...result, ...more, ended: new Date().toISOString() }
    saveResult(path, result)
  }
  const planned = new Map(options.designs.map((design) => [design.key, options.runsOf(design) * options.faults.length]))
  await campaign({
    ...options,
    progress: progressOf(planned, say),
    onRun: (run) => keep({ runs: [...result.runs, run] }),
    onThrownAway: (thrown) => {
      say(`${thrown.design}: ${thrown.fault}: the pair did not become whole, a new one is started: ${thrown.reason}`)
      keep({ thrownAway: [...result.thrownAway, thrown] })
    },
  })
  return report(result, path, options.writeDocs)
}

function report(result: Result, path: string, writeDocs: boolean): number {
  process.stdout.write(`${textTable(result)}\n`)
  for (const { design, fault, reason } of result.thrownAway)
    say(`replaced: ${design}, ${fault}: ${reason.split('\n')[0]}`)
  say(path)
  if (writeDocs) writeDocument(result)
  return 0
}

interface Options {
  readonly topology: string
  readonly designs: readonly Design[]
  readonly faults: typeof FAULTS
  readonly runsOf: (design: Design) => number
  readonly patienceMs: number
  readonly append: boolean
  readonly report: boolean
  readonly writeDocs: boolean
  readonly help: boolean
}

/** A sentence when they are wrong. */
function optionsFrom(argv: readonly string[]): Options | string {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        runs: { type: 'string', default: '10' },
        quick: { type: 'boolean', default: false },
        faults: { type: 'string' },
        designs: { type: 'string' },
        patience: { type: 'string', default: '20' },
        topology: { type: 'string', default: 'pair' },
        append: { type: 'boolean', default: false },
        report: { type: 'boolean', default: false },
        'write-docs': { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
    if (!TOPOLOGIES.includes(values.topology)) return `--topology is one of ${TOPOLOGIES.join(', ')}`
    const runs = whole('--runs', values.runs)
    const patienceMs = whole('--patience', values.patience) * 1000
    return {
      topology: values.topology,
      designs: chosen('--designs', ALL, values.designs),
      faults: chosen('--faults', FAULTS, values.faults),
      runsOf: (design) => (values.quick ? (design.key === 'product' ? 2 : 1) : runs),
      patienceMs,
      append: values.append,
      report: values.report,
      writeDocs: values['write-docs'],
      help: values.help,
    }
  } catch (thrown) {
    return messageOf(thrown)
  }
}

function whole(option: string, text: string): number {
  const number = Number(text)
  if (!Number.isInteger(number) || number < 1) throw new Error(`${option} is a whole number above 0, not "${text}"`)
  return number
}

/** In the order of `all`, each once. */
function chosen<T extends { readonly key: string }>(
  option: string,
  all: readonly T[],
  text: string | undefined,
): readonly T[] {
  if (text === undefined) return all
  const keys = text.split(',')
  const unknown = keys.filter((key) => !all.some((item) => item.key === key))
  if (unknown.length > 0) {
    throw new Error(`${option}: there is no ${unknown.join(', ')}; there are ${all.map(({ key }) => key).join(', ')}`)
  }
  return all.filter(({ key }) => keys.includes(key))
}

async function emptyResult(patienceMs: number): Promise<Result> {
  const begun = new Date().toISOString()
  const image = await ensureImage(say)
  const version = (program: string) =>
    execFileSync('chroot', [image, 'dpkg-query', '-W', '-f', `\${Version}`, program], {
      encoding: 'utf8',
      timeout: 10_000,
    })
  return {
    format: 1,
    begun,
    ended: begun,
    machine: {
      cpu: cpus()[0]?.model.trim() ?? 'an unknown processor',
      cores: cpus().length,
      memoryGb: Math.round(totalmem() / 2 ** 30),
      kernel: release(),
    },
    software: {
      apmode: packageVersion(),
      MariaDB: version('mariadb-server'),
      keepalived: version('keepalived'),
      systemd: version('systemd'),
    },
    patienceMs,
    runs: [],
    thrownAway: [],
  }
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}
