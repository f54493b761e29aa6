/**
 * `npm run bench`: what the product costs and how fast it is, against its aims, on one pair of real machines made from the
 * package. Ratios are within one run. An aim that is missed is a result, not a failure.
 * Invariant: whatever ends it, no machine is left.
 * Usage: npm run bench -- [--only idle,notify,health,writable,set,alarms] [--runs N] [--minutes N] [--json] [--write-docs]
 * Exit codes: 0 measured · 1 it could not measure · 2 bad usage, or it cannot run here.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { messageOf } from '../src/core/errors.ts'
import { startApmodePair } from '../test/pair/apmode-pair.ts'
import { whyNoLab } from '../test/pair/lab/requirements.ts'
import { type Facts, factsOf, loadNow } from './machine/facts.ts'
import { measureAlarms } from './machine/measure-alarms.ts'
import { measureHealth } from './machine/measure-health.ts'
import { measureIdle } from './machine/measure-idle.ts'
import { measureNotify } from './machine/measure-notify.ts'
import { measureSet } from './machine/measure-set.ts'
import { measureWritable } from './machine/measure-writable.ts'
import { markdownReport, terminalReport, withReport } from './machine/report.ts'
import type { Measured, Measurement } from './machine/result.ts'

const ROOT = resolve(import.meta.dirname, '..')
const DOCUMENT = join(ROOT, 'docs/performance.md')
const RESULTS = join(ROOT, 'bench/results')
const DEFAULT_RUNS = 20

/** In this order: the pair is healthy for the first three; the others take it apart. */
const MEASUREMENTS: Readonly<Record<string, Measurement>> = {
  idle: measureIdle,
  notify: measureNotify,
  health: measureHealth,
  writable: measureWritable,
  set: measureSet,
}
/** Takes minutes, and a configuration of its own: only when it is named. */
const NAMED: Readonly<Record<string, Measurement>> = { alarms: measureAlarms }
const DEFAULT_MINUTES = 2

interface Options {
  readonly only: readonly string[]
  readonly runs: number
  readonly minutes: number
  readonly json: boolean
  readonly writeDocs: boolean
}

process.exitCode = await main()

async function main(): Promise<number> {
  const options = optionsOf(process.argv.slice(2))
  if (typeof options === 'string') {
    process.stderr.write(
      `${options}\nusage: npm run bench -- [--only ${[...Object.keys(MEASUREMENTS), ...Object.keys(NAMED)].join(',')}] [--runs N] [--minutes N] [--json] [--write-docs]\n`,
    )
    return 2
  }
  const obstacle = whyNoLab()
  if (obstacle !== null) {
    process.stderr.write(`The bench runs two real machines in containers, and cannot do so here: ${obstacle}.\n`)
    return 2
  }
  try {
    const { facts, measured } = await measure(options)
    report(options, facts, measured)
    return 0
  } catch (thrown) {
    process.stderr.write(`\nThe bench could not measure: ${messageOf(thrown)}\n`)
    return 1
  }
}

function optionsOf(argv: readonly string[]): Options | string {
  let values: { only?: string; runs?: string; minutes?: string; json?: boolean; 'write-docs'?: boolean }
  try {
    values = parseArgs({
      args: [...argv],
      options: {
        only: { type: 'string' },
        runs: { type: 'string' },
        minutes: { type: 'string' },
        json: { type: 'boolean' },
        'write-docs': { type: 'boolean' },
      },
    }).values
  } catch (thrown) {
    return messageOf(thrown)
  }
  const usual = Object.keys(MEASUREMENTS)
  const known = [...usual, ...Object.keys(NAMED)]
  const asked = values.only?.split(',') ?? usual
  const unknown = asked.filter((name) => !known.includes(name))
  if (unknown.length > 0) return `nothing is called ${unknown.join(', ')}: expected ${known.join(', ')}`
  const runs = Number(values.runs ?? DEFAULT_RUNS)
  if (!Number.isInteger(runs) || runs < 1) return `--runs ${values.runs}: expected a number of 1 or more`
  const minutes = Number(values.minutes ?? DEFAULT_MINUTES)
  if (!(minutes > 0)) return `--minutes ${values.minutes}: expected a number above 0`
  const writeDocs = values['write-docs'] === true
  if (writeDocs && usual.some((name) => !asked.includes(name)))
    return '--write-docs writes the whole table: leave --only out'
  return { only: known.filter((name) => asked.includes(name)), runs, minutes, json: values.json === true, writeDocs }
}

async function measure(options: Options) {
  const begun = performance.now()
  const load = loadNow()
  const say = (sentence: string) => {
    const passed = `${((performance.now() - begun) / 1000).toFixed(0)} s`
    process.stderr.write(`${passed.padStart(6)}  ${sentence}\n`)
  }
  const pair = await startApmodePair({ progress: say })
  try {
    const facts = await factsOf(pair.host1, load)
    const measured: Record<string, Measured> = {}
    for (const name of options.only) {
      const measurement = MEASUREMENTS[name] ?? NAMED[name]
      if (measurement !== undefined)
        measured[name] = await measurement({ pair, runs: options.runs, minutes: options.minutes, say })
    }
    return { facts, measured }
  } catch (thrown) {
    for (const machine of pair.nodes) {
      process.stderr.write(`\n── ${machine.name}\n${await machine.journal(40).catch(messageOf)}`)
    }
    throw thrown
  } finally {
    say('removing the machines')
    await pair.stop()
  }
}

function report(options: Options, facts: Facts, measured: Readonly<Record<string, Measured>>): void {
  const rows = Object.values(measured).flatMap((one) => one.rows)
  const explanations = Object.values(measured).flatMap((one) => one.explanations)
  const text = `${JSON.stringify({ facts, runs: options.runs, rows, measured }, null, 2)}\n`
  mkdirSync(RESULTS, { recursive: true })
  const file = join(RESULTS, `${facts.at.replaceAll(':', '-').slice(0, 19)}.json`)
  writeFileSync(file, text)
  process.stdout.write(options.json ? text : `\n${terminalReport(rows, explanations)}`)
  process.stderr.write(`saved: ${file}\n`)
  if (!options.writeDocs) return
  writeFileSync(DOCUMENT, withReport(readFileSync(DOCUMENT, 'utf8'), markdownReport(facts, rows, explanations)))
  process.stderr.write(`written: ${DOCUMENT}\n`)
}
