/**
 * The report of `apmode doctor` for people: a line for each check, and below one that found something why it matters and what
 * to type. Pure; says nothing that is not in the report.
 */
import { type Check, GROUPS, SEVERITIES, type Severity } from '../../core/doctor/check.ts'
import type { Finding, Report } from '../../core/doctor/examine.ts'
import type { Paint, Style } from '../terminal.ts'
import { columns } from './columns.ts'

const STYLES: Readonly<Record<Severity, Style>> = {
  ok: 'green',
  note: 'cyan',
  warning: 'yellow',
  error: 'red',
  unknown: 'yellow',
}
const INDENT = ' '.repeat(11)

export function showReport(report: Report, paint: Paint): string {
  const width = Math.max(...report.findings.map(({ title }) => title.length))
  const lines = GROUPS.flatMap((group) => {
    const findings = report.findings.filter((finding) => finding.group === group)
    return findings.length === 0
      ? []
      : [paint('bold', group), ...findings.flatMap((finding) => linesOf(finding, width, paint)), '']
  })
  return `${[...lines, summaryOf(report, paint)].join('\n')}\n`
}

function linesOf({ severity, title, found, why, mend, looked }: Finding, width: number, paint: Paint): string[] {
  const mark = paint(STYLES[severity], severity.padEnd(7))
  if (severity === 'ok' || severity === 'unknown') return [`  ${mark}  ${title.padEnd(width)}  ${paint('dim', found)}`]
  const more = [['found', found], ['looked', looked], ['why', why], ...(mend === null ? [] : [['mend', mend]])]
  const details = more.map(([name = '', text = '']) => {
    const shown = name === 'mend' || name === 'found' ? paint('bold', text) : text
    return `${INDENT}${paint('dim', name.padEnd(6))}  ${shown}`
  })
  return [`  ${mark}  ${title}`, ...details]
}

function summaryOf({ node, findings, summary }: Report, paint: Paint): string {
  const counts = SEVERITIES.filter((severity) => summary[severity] > 0).map((severity) =>
    paint(STYLES[severity], `${summary[severity]} ${severity}`),
  )
  return `${node ?? 'this machine'}: ${findings.length} checks: ${counts.join(', ')}`
}

/** `--list`: what is checked, and why. */
export function showChecks(checks: readonly Check[], paint: Paint): string {
  const rows = checks.map(({ id, title, why }) => [id, title, why])
  const lines = columns(rows, (text, _row, column) => (column === 0 ? paint('bold', text) : text))
  return `${lines.join('\n')}\n`
}
