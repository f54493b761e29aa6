/**
 * Runs one of vitest's projects in the foreground and counts by its JSON report.
 * Invariant: an end that is not clean counts as at least one failure, also when no single test failed: a file that could
 * not be loaded, a hook that threw, a run that was cut off.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { ROOT } from '../build.ts'
import { foreground } from './child.ts'
import type { Counts } from './counts.ts'
import { failureLine } from './failure-line.ts'

const VITEST = join(ROOT, 'node_modules/vitest/vitest.mjs')

interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numTodoTests: number
  readonly testResults: readonly {
    readonly name: string
    readonly status: string
    /** Of what failed outside of a test. */
    readonly message?: string
    readonly assertionResults: readonly {
      readonly status: string
      readonly fullName: string
      readonly failureMessages?: readonly string[]
    }[]
  }[]
}

export interface Ran {
  readonly counts: Counts
  /** Sentences for the end of the stage: what was skipped, what went wrong outside of a test. */
  readonly notes: readonly string[]
  /** A line for each test that failed, in order. */
  readonly failures?: readonly string[]
}

export async function runProject(
  project: string,
  options: {
    readonly limitMs: number
    readonly verbose: boolean
    readonly env?: Readonly<Record<string, string>>
    /** See `foreground`. */
    readonly atTheEnd?: boolean
  },
): Promise<Ran> {
  const folder = mkdtempSync(join(tmpdir(), 'apmode-test-'))
  const file = join(folder, 'report.json')
  try {
    const reporters = [`--reporter=${options.verbose ? 'verbose' : 'default'}`, '--reporter=json']
    const { code, problem } = await foreground(
      [process.execPath, VITEST, 'run', '--project', project, ...reporters, `--outputFile.json=${file}`],
      {
        limitMs: options.limitMs,
        atTheEnd: options.atTheEnd === true,
        ...(options.env === undefined ? {} : { env: options.env }),
      },
    )
    return judge(readReport(file), code, problem)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** How many tests a project has, without running one: for the count of what is skipped. At least 1. */
export function countTests(project: string): number {
  const argv = [VITEST, 'list', '--project', project, '--json']
  const { stdout } = spawnSync(process.execPath, argv, { cwd: ROOT, encoding: 'utf8', timeout: 60_000 })
  try {
    const list: unknown = JSON.parse(stdout.slice(stdout.indexOf('[')))
    return Array.isArray(list) && list.length > 0 ? list.length : 1
  } catch {
    return 1
  }
}

function readReport(file: string): Report | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Report
  } catch {
    return null
  }
}

function judge(report: Report | null, code: number | null, problem: string | null): Ran {
  const notes = problem === null ? [] : [problem]
  if (report === null) {
    const why = problem === null ? [`vitest ended with ${code} and left no report`] : []
    return { counts: { passed: 0, failed: 1, skipped: 0 }, notes: [...notes, ...why] }
  }
  const files = report.testResults.map((result) => ({
    name: relative(ROOT, result.name),
    broken: result.status === 'failed' && !result.assertionResults.some(({ status }) => status === 'failed'),
    skipped: result.assertionResults.filter(({ status }) => status !== 'passed' && status !== 'failed').length,
  }))
  const broken = files.filter((result) => result.broken)
  notes.push(...broken.map(({ name }) => `${name}: failed outside of its tests`))
  notes.push(...files.filter(({ skipped }) => skipped > 0).map(({ name, skipped }) => `${name}: ${skipped} skipped`))
  let failed = report.numFailedTests + broken.length
  if (code !== 0 && failed === 0) {
    failed = 1
    if (problem === null) notes.push(`vitest ended with ${code} although no test failed`)
  }
  const failures = report.testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = relative(ROOT, name)
    const tests = assertionResults.filter((one) => one.status === 'failed')
    if (status === 'failed' && tests.length === 0) return [failureLine(file, 'outside of its tests', message ?? '')]
    return tests.map(({ fullName, failureMessages }) => failureLine(file, fullName, failureMessages?.[0] ?? ''))
  })
  return {
    failures,
    counts: { passed: report.numPassedTests, failed, skipped: report.numPendingTests + report.numTodoTests },
    notes,
  }
}
