/**
 * `npm run bench:handover`: handovers back and forth on two real machines while a client writes 500 rows a second through
 * the VIP. Prints how long writes were blocked, what each step took, and what was lost; with --write-docs docs/handover.md
 * has it. Exit codes: 0 · 1 it failed, or an acknowledged write is missing · 2 bad usage, or it cannot run here.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { messageOf } from '../src/core/errors.ts'
import type { HistoryEntry } from '../src/ports/storage.ts'
import { type ApmodePair, healthy, type Machine, startApmodePair } from '../test/pair/apmode-pair.ts'
import { type Client, startClient } from '../test/pair/lab/client.ts'
import { whyNoLab } from '../test/pair/lab/requirements.ts'
import { startSampler } from '../test/pair/lab/sampler.ts'
import { waitFor } from '../test/pair/lab/wait.ts'
import { median, percentile } from './failover/statistics.ts'

const USAGE = `Usage: npm run bench:handover -- [OPTION]…

  --runs N          handovers in one go (100)
  --every MS        one write each so many milliseconds (2, which is 500 a second)
  --write-docs      put the table into docs/handover.md
`
const DOCUMENT = new URL('../docs/handover.md', import.meta.url).pathname
const MARKS = ['<!-- measured -->', '<!-- /measured -->'] as const

interface Measured {
  readonly blockedMs: number
  readonly entry: HistoryEntry | undefined
}

process.exitCode = await main().catch((thrown: unknown) => {
  process.stderr.write(`bench:handover: ${messageOf(thrown)}\n`)
  return 1
})

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      runs: { type: 'string', default: '100' },
      every: { type: 'string', default: '2' },
      'write-docs': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const [runs, every] = [Number(values.runs), Number(values.every)]
  if (values.help || !(runs >= 1) || !(every >= 1)) {
    process.stdout.write(USAGE)
    return values.help ? 0 : 2
  }
  const obstacle = whyNoLab()
  if (obstacle !== null) {
    process.stderr.write(`bench:handover: cannot start machines here: ${obstacle}\n`)
    return 2
  }
  const pair = await startApmodePair({ progress: (sentence) => process.stderr.write(`${sentence}\n`) })
  try {
    return await measure(pair, runs, every, values['write-docs'])
  } finally {
    await pair.stop()
  }
}

async function measure(pair: ApmodePair, runs: number, every: number, writeDocs: boolean): Promise<number> {
  const client = startClient(pair, { writeEveryMs: every })
  const sampler = startSampler(pair)
  const begun = performance.now()
  const measured: Measured[] = []
  let [holder, standby] = [pair.host1, pair.host2]
  try {
    await waitFor(() => client.acknowledged.length > 200, { patienceMs: 20_000, reason: 'acknowledged writes' })
    for (let run = 1; run <= runs; run += 1) {
      measured.push(await one(holder, client))
      ;[holder, standby] = [standby, holder]
      await healthy(holder, standby)
      const { blockedMs = Number.NaN, entry } = measured.at(-1) ?? {}
      const steps = entry?.steps.map(({ step, ms }) => `${step} ${Math.round(ms)}`).join(', ')
      process.stderr.write(`${run} of ${runs}: ${Math.round(blockedMs)} ms (${steps}; all ${entry?.ms})\n`)
    }
  } finally {
    await client.stop()
  }
  const rate = client.acknowledged.length / ((performance.now() - begun) / 1000)
  const { bothWritable } = await sampler.stop()
  const lost = (await client.lostOn(holder)).length
  const text = table(measured, client.acknowledged.length, rate, lost, bothWritable.length)
  process.stdout.write(`${text}\n`)
  if (writeDocs) writeDocument(text)
  return lost === 0 && bothWritable.length === 0 ? 0 : 1
}

/** One handover, and until writes are acknowledged again. */
async function one(holder: Machine, client: Client): Promise<Measured> {
  const begun = Date.now()
  const result = await holder.apmode('handover', { timeoutMs: 60_000 })
  if (result.code !== 0) throw new Error(`the handover failed: ${result.stdout}${result.stderr}`)
  const ended = Date.now()
  await waitFor(() => client.firstBegunAfter(ended) !== undefined, { patienceMs: 20_000, reason: 'a write afterwards' })
  const entry = (await holder.history()).findLast(({ event }) => event === 'handover')
  return { blockedMs: client.longestGap(begun)?.ms ?? Number.NaN, entry }
}

function table(
  measured: readonly Measured[],
  written: number,
  rate: number,
  lost: number,
  bothWritable: number,
): string {
  const ms = (value: number) => `${Math.round(value)} ms`
  const row = (title: string, values: readonly number[]) =>
    `| ${title} | ${ms(median(values))} | ${ms(percentile(values, 0.95))} | ${ms(Math.max(...values))} |`
  const blocked = measured.map(({ blockedMs }) => blockedMs)
  const steps = [...new Set(measured.flatMap(({ entry }) => entry?.steps.map(({ step }) => step) ?? []))]
  const timesOf = (step: string) =>
    measured.flatMap(({ entry }) => entry?.steps.filter((one) => one.step === step).map((one) => one.ms) ?? [])
  return [
    `${measured.length} handovers back and forth in one go, ${Math.round(rate)} acknowledged writes a second, ` +
      `${written.toLocaleString('en')} in all: ${lost} lost, both databases writable ${bothWritable} times.`,
    '',
    '| | median | 95 % | longest |',
    '| --- | --: | --: | --: |',
    row('**without an acknowledged write, at the client**', blocked),
    row(
      'the whole command on the old holder',
      measured.map(({ entry }) => entry?.ms ?? Number.NaN),
    ),
    ...steps.map((step) => row(`· \`${step}\``, timesOf(step))),
  ].join('\n')
}

function writeDocument(text: string): void {
  const before = readFileSync(DOCUMENT, 'utf8')
  const [begin, end] = [before.indexOf(MARKS[0]), before.indexOf(MARKS[1])]
  if (begin < 0 || end < begin) throw new Error(`cannot write ${DOCUMENT}: it has no place for the table`)
  writeFileSync(DOCUMENT, `${before.slice(0, begin + MARKS[0].length)}\n${text}\n${before.slice(end)}`)
}
