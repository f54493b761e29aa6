/**
 * The report of `apmode doctor` for people: a line for each check, and below one that found something why it matters and what
 * to type. Pure; says nothing that is not in the report.
 */
import { type Check, GROUPS, SEVERITIES, type Severity } from '../../core/doctor/check.ts'
import type { Finding, Report } from '../../core/doctor/examine.ts'
import type { Paint, Style } from '../terminal.ts'
import { columns } from './columns.ts'
import { cut, wrap } from './wrap.ts'

const STYLES: Readonly<Record<Severity, Style>> = {
  ok: 'green',
  note: 'cyan',
  warning: 'yellow',
  error: 'red',
  unknown: 'yellow',
}
const MARK = 7
const BESIDE = 2 + MARK + 2
const INDENT = ' '.repeat(BESIDE)
/** With less room than this nothing is said beside a title. */
const LEAST_ROOM = 12
const NOTHING = 'nothing to look at: '

export function showReport(report: Report, paint: Paint, width: number): string {
  const titles = Math.max(...report.findings.map(({ title }) => title.length))
  const page: Page = { paint, width, titles: Math.min(titles, Math.max(width - BESIDE - 2 - LEAST_ROOM, 40)) }
  const lines = GROUPS.flatMap((group) => {
    const findings = report.findings.filter((finding) => finding.group === group)
    return findings.length === 0 ? [] : [paint('bold', group), ...linesOfGroup(findings, page), '']
  })
  return `${[...lines, summaryOf(report, paint)].join('\n')}\n`
}

/** What is not there to be looked at (no database, no peer) is one line for each reason. */
function linesOfGroup(findings: readonly Finding[], page: Page): string[] {
  const absent = Map.groupBy(findings, ({ found }) => (found.startsWith(NOTHING) ? found : ''))
  const there = absent.get('') ?? []
  const { paint, width } = page
  const lines = [...absent].flatMap(([found, alike]) => {
    if (found === '' || alike.length < 2) return found === '' ? [] : alike.flatMap((finding) => linesOf(finding, page))
    const text = `${alike.length} checks: ${found}`
    return [`  ${paint('green', 'ok'.padEnd(MARK))}  ${paint('dim', cut(text, width - BESIDE))}`]
  })
  return [...there.flatMap((finding) => linesOf(finding, page)), ...lines]
}

interface Page {
  readonly paint: Paint
  readonly width: number
  /** Columns of the titles. */
  readonly titles: number
}

function linesOf(finding: Finding, { paint, width, titles }: Page): string[] {
  const { severity, title, found, why, mend, looked } = finding
  const mark = paint(STYLES[severity], severity.padEnd(MARK))
  if (severity === 'ok' || severity === 'unknown') {
    const beside = cut(found, width - BESIDE - 2 - Math.max(titles, title.length))
    const shown = cut(title, width - BESIDE)
    // Why it is not known is never cut.
    if (severity === 'unknown' && beside !== found) return [`  ${mark}  ${shown}`, ...wrap(INDENT, found, width)]
    return [`  ${mark}  ${beside.length < 2 ? shown : `${shown.padEnd(titles)}  ${paint('dim', beside)}`}`]
  }
  const more = ([name, text]: readonly [string, string]) => wrap(`${INDENT}${name.padEnd(6)}  `, text, width)
  const details = [...more(['found', found]), ...more(['looked', looked]), ...more(['why', why])]
  // Never broken: it is there to be copied.
  const last = mend === null ? [] : [`${INDENT}${'mend'.padEnd(6)}  ${paint('bold', mend)}`]
  return [`  ${mark}  ${title}`, ...details, ...last]
}

function summaryOf({ node, findings, summary }: Report, paint: Paint): string {
  const counts = SEVERITIES.filter((severity) => summary[severity] > 0).map((severity) =>
    paint(STYLES[severity], counted(summary[severity], severity)),
  )
  return `${node ?? 'this machine'}: ${findings.length} checks: ${counts.join(', ')}`
}

function counted(count: number, severity: Severity): string {
  const plural = count > 1 && severity !== 'ok' && severity !== 'unknown'
  return `${count} ${severity}${plural ? 's' : ''}`
}

/** `--list`: what is checked, and why. */
export function showChecks(checks: readonly Check[], paint: Paint): string {
  const rows = checks.map(({ id, title, why }) => [id, title, why])
  const lines = columns(rows, (text, _row, column) => (column === 0 ? paint('bold', text) : text))
  return `${lines.join('\n')}\n`
}
