/**
 * `npm run bench:failover`: faults of the holder on two real machines, for the product and for the original's bash design,
 * as it is and tuned; measured by a client that writes through the VIP and by a sampler. Prints and saves a table.
 * Invariant: what was measured is saved after each run, so that an interrupted bench loses nothing but its last run.
 * Exit codes: 0 · 1 it failed · 2 bad usage, or it cannot run here.
 */
import { messageOf } from '../src/core/errors.ts'
import { whyNoLab } from '../test/pair/lab/requirements.ts'
import { campaign } from './failover/campaign.ts'
import { conditionsHere } from './failover/conditions.ts'
import { writeDocument } from './failover/document.ts'
import { optionsFrom, USAGE } from './failover/options.ts'
import { PRODUCT } from './failover/product.ts'
import { progressOf } from './failover/progress.ts'
import { newestResult, pathForResult, type Result, readResult, saveResult } from './failover/result.ts'
import { textTable } from './failover/table.ts'
import { benchTopology, reportTopologies, writeTopologies } from './topologies/bench.ts'

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
  if (options.topology !== null && options.report) {
    reportTopologies([options.topology])
    if (options.writeDocs) writeTopologies()
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
  if (options.topology !== null) {
    say(await benchTopology(options.topology, options.topologyFaults, options.runsOf(PRODUCT), say))
    if (options.writeDocs) writeTopologies()
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

async function emptyResult(patienceMs: number): Promise<Result> {
  const begun = new Date().toISOString()
  const conditions = await conditionsHere(['MariaDB', 'keepalived', 'systemd'], say)
  return { format: 1, begun, ended: begun, ...conditions, patienceMs, runs: [], thrownAway: [] }
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}
