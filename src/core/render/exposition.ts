/**
 * Prometheus' text format 0.0.4: metrics as lines. Pure. A metric without samples has no line at all, so that an alert on
 * its absence works.
 */
import type { Histogram } from '../../ports/meters.ts'

export interface Sample {
  /** As they are written, without braces. */
  readonly labels: string
  readonly value: number
  /** `_bucket`, `_sum`, `_count`; empty: the name itself. */
  readonly suffix?: string
}

export interface Metric {
  readonly name: string
  readonly type: 'gauge' | 'counter' | 'histogram' | 'summary'
  readonly help: string
  readonly samples: readonly Sample[]
}

export function expose(metrics: readonly Metric[]): string {
  return metrics
    .filter(({ samples }) => samples.length > 0)
    .map(({ name, type, help, samples }) => {
      const lines = samples.map(
        ({ labels, value, suffix = '' }) => `${name}${suffix}${labels === '' ? '' : `{${labels}}`} ${value}`,
      )
      return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('\n')}\n`
    })
    .join('')
}

export function label(name: string, value: string): string {
  return `${name}="${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`
}

/** Cumulative buckets, the last one open, then sum and count. */
export function histogramSamples(labels: string, bounds: readonly number[], histogram: Histogram): Sample[] {
  let sofar = 0
  const buckets = bounds.map((bound, index) => {
    sofar += histogram.buckets[index] ?? 0
    return { suffix: '_bucket', labels: `${labels},${label('le', String(bound))}`, value: sofar }
  })
  const open = { suffix: '_bucket', labels: `${labels},${label('le', '+Inf')}`, value: histogram.count }
  return [...buckets, open, ...sumAndCount(labels, histogram)]
}

export function sumAndCount(labels: string, { seconds, count }: { seconds: number; count: number }): Sample[] {
  return [
    { suffix: '_sum', labels, value: seconds },
    { suffix: '_count', labels, value: count },
  ]
}
