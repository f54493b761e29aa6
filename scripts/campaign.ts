/**
 * `npm run campaign`: random faults on real machines while clients write or ask, and after each round the question
 * whether everything that must hold still does: a MariaDB pair, or with --topology what a recipe makes. Every chance is drawn from the seed, so that a round can be repeated.
 * Exit codes: 0 every oracle was kept · 1 one was broken, or it failed · 2 bad usage, or it cannot run here.
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { messageOf } from '../src/core/errors.ts'
import { campaign } from '../test/campaign/campaign.ts'
import { writeDocument } from '../test/campaign/document.ts'
import type { Fault } from '../test/campaign/fault.ts'
import { FAULTS } from '../test/campaign/faults/all.ts'
import { replayOf, reportOf, roundLine } from '../test/campaign/report.ts'
import type { Event, RoundResult } from '../test/campaign/round.ts'
import type { Round } from '../test/campaign/schedule.ts'
import { summaryOf, textSummary } from '../test/campaign/summary.ts'
import { TOPOLOGIES } from '../test/campaign/topologies/all.ts'
import { lineOfRound, reportOfRound, tableOfRounds, topologyCampaign } from '../test/campaign/topologies/campaign.ts'
import type { TopologyResult } from '../test/campaign/topologies/round.ts'
import type { Topology } from '../test/campaign/topologies/topology.ts'
import { LAB_SECRET } from '../test/pair/apmode-pair.ts'
import { whyNoLab } from '../test/pair/lab/requirements.ts'
import { packageVersion } from './build.ts'

const USAGE = `Usage: npm run campaign -- [OPTION]…

  --minutes N       begin no round after so long (10, unless --rounds or --round is given)
  --rounds N        so many rounds
  --seed S          what chance is drawn from (a new one each time; it is printed)
  --round K         only this round of the seed, as it was
  --topology T      ${TOPOLOGIES.map(({ key }) => key).join(', ')}; a MariaDB pair when it is not given
  --faults a,b      only these (--list names them)
  --keep-going      go on after a broken oracle
  --report FILE     write the evidence of broken oracles into a file too
  --list            the faults
  --json            the result as one JSON value on stdout
  --write-docs      write the lists and the result into docs/reliability.md; with --list the lists alone
`

process.exitCode = await main().catch((thrown: unknown) => {
  process.stderr.write(`campaign: ${messageOf(thrown)}\n`)
  return 1
})

async function main(): Promise<number> {
  const options = optionsFrom(process.argv.slice(2))
  if (typeof options === 'string') {
    process.stderr.write(`campaign: ${options}\n\n${USAGE}`)
    return 2
  }
  if (options.help) {
    process.stdout.write(USAGE)
    return 0
  }
  if (options.list) {
    if (options.writeDocs) writeDocument(FAULTS, null)
    const all = options.topology?.faults ?? FAULTS
    process.stdout.write(options.json ? `${JSON.stringify(all.map(listed))}\n` : `${all.map(lineOf).join('\n')}\n`)
    return 0
  }
  const obstacle = whyNoLab()
  if (obstacle !== null) {
    process.stderr.write(`campaign: cannot start machines here: ${obstacle}\n`)
    return 2
  }
  say(`seed ${options.seed}`)
  return options.topology === null ? onPair(options) : onTopology(options, options.topology)
}

/** The order's ears, whatever the topology. */
function heard() {
  return {
    onProgress: say,
    onRound: ({ number, seed, strikes }: Round) =>
      say(`\nround ${number} of seed ${seed}: ${strikes.map(({ fault, place }) => `${fault} (${place})`).join(' + ')}`),
    onEvent: ({ ms, what }: Event) => say(`  ${`+${ms} ms`.padStart(10)}  ${what.split('\n')[0]}`),
  }
}

function onBroken(options: Options, report: string): void {
  say(report)
  if (options.report !== null) writeFileSync(options.report, `${report}\n`, { flag: 'a' })
}

async function onTopology(options: Options, topology: Topology): Promise<number> {
  const results: TopologyResult[] = []
  const replaced: string[] = []
  await topologyCampaign({
    ...options,
    ...heard(),
    topology,
    onResult(result) {
      results.push(result)
      say(`  ${lineOfRound(result)}`)
      if (result.broken.length > 0) onBroken(options, reportOfRound(result, topology))
    },
    onReplaced(reason) {
      replaced.push(reason)
      say(`the machines are replaced: ${reason}`)
    },
  })
  const { seed } = options
  const kept = results.every(({ broken }) => broken.length === 0)
  const table = tableOfRounds(results, topology)
  process.stdout.write(
    options.json
      ? `${JSON.stringify({ seed, topology: topology.key, kept, replaced, rounds: results })}\n`
      : `\n${table}\n`,
  )
  return kept ? 0 : 1
}

async function onPair(options: Options): Promise<number> {
  const { seed, faults } = options
  const results: RoundResult[] = []
  const replaced: string[] = []
  await campaign({
    ...options,
    ...heard(),
    secret: LAB_SECRET,
    onResult(result) {
      results.push(result)
      say(`  ${roundLine(result)}`)
      if (result.broken.length > 0) onBroken(options, reportOf(result, replayOf(result.round, faults, FAULTS)))
    },
    onReplaced(reason) {
      replaced.push(reason)
      say(`the pair is replaced: ${reason}`)
    },
  })
  const summary = summaryOf(results, replaced.length + results.filter(({ whole }) => !whole).length)
  const begun = results[0]?.begun
  if (options.writeDocs && begun !== undefined) {
    writeDocument(FAULTS, { seed, begun, version: packageVersion(), summary })
  }
  const kept = results.every(({ broken }) => broken.length === 0)
  if (options.json) process.stdout.write(`${JSON.stringify({ seed, kept, summary, replaced, rounds: results })}\n`)
  else process.stdout.write(`\n${textSummary(summary, FAULTS)}\n`)
  return kept ? 0 : 1
}

interface Options {
  readonly seed: string
  readonly from: number
  readonly rounds: number | null
  readonly endsAt: number | null
  readonly topology: Topology | null
  readonly faults: readonly Fault[]
  readonly keepGoing: boolean
  readonly report: string | null
  readonly writeDocs: boolean
  readonly list: boolean
  readonly json: boolean
  readonly help: boolean
}

/** A sentence when they are wrong. */
function optionsFrom(argv: readonly string[]): Options | string {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        minutes: { type: 'string' },
        rounds: { type: 'string' },
        round: { type: 'string' },
        seed: { type: 'string' },
        topology: { type: 'string' },
        faults: { type: 'string' },
        report: { type: 'string' },
        'keep-going': { type: 'boolean', default: false },
        'write-docs': { type: 'boolean', default: false },
        list: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
    const topology = values.topology === undefined ? null : topologyOf(values.topology)
    const round = values.round === undefined ? null : whole('--round', values.round)
    if (round !== null && values.seed === undefined) return '--round needs the --seed that it belongs to'
    const rounds = round !== null ? 1 : values.rounds === undefined ? null : whole('--rounds', values.rounds)
    const minutes = values.minutes === undefined ? (rounds === null ? 10 : null) : positive('--minutes', values.minutes)
    return {
      seed: values.seed ?? Date.now().toString(36),
      from: round ?? 1,
      rounds,
      endsAt: minutes === null ? null : Date.now() + minutes * 60_000,
      topology,
      faults: chosen(values.faults, topology?.faults ?? FAULTS),
      keepGoing: values['keep-going'],
      report: values.report ?? null,
      writeDocs: values['write-docs'],
      list: values.list,
      json: values.json,
      help: values.help,
    }
  } catch (thrown) {
    return messageOf(thrown)
  }
}

function positive(option: string, text: string): number {
  const number = Number(text)
  if (!(number > 0)) throw new Error(`${option} is a number above 0, not "${text}"`)
  return number
}

function whole(option: string, text: string): number {
  const number = positive(option, text)
  if (!Number.isInteger(number)) throw new Error(`${option} is a whole number, not "${text}"`)
  return number
}

function topologyOf(key: string): Topology {
  const found = TOPOLOGIES.find((topology) => topology.key === key)
  if (found !== undefined) return found
  throw new Error(`--topology is one of ${TOPOLOGIES.map((topology) => topology.key).join(', ')}, not "${key}"`)
}

function chosen(text: string | undefined, all: readonly Fault[]): readonly Fault[] {
  if (text === undefined) return all
  const keys = text.split(',')
  const unknown = keys.filter((key) => !all.some((fault) => fault.key === key))
  if (unknown.length > 0) throw new Error(`--faults: there is no ${unknown.join(', ')}; --list names them`)
  return all.filter(({ key }) => keys.includes(key))
}

function listed({ key, title, subject, places }: Fault) {
  return { key, title, subject, places }
}

function lineOf({ key, title, subject, places }: Fault): string {
  return `${key.padEnd(26)} ${subject.padEnd(12)} ${places.join('/').padEnd(20)} ${title}`
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}
