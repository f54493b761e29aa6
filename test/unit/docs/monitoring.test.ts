/** The alerts and the dashboard ask for metrics that there are, with labels that these have. */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Counting } from '../../../src/core/counting.ts'
import { renderMetrics } from '../../../src/core/render/metrics.ts'
import { processMeter } from '../../../src/host/process-meter.ts'
import { A_STATUS } from '../../fakes/control.ts'
import { following } from '../../fakes/world.ts'

const DOCS = resolve(import.meta.dirname, '../../../docs')
const read = (name: string) => readFileSync(join(DOCS, name), 'utf8')

/** Every metric that there can be: nothing is unknown here. */
const TEXT = renderMetrics(
  { ...A_STATUS, replication: following('192.168.33.101') },
  { ...new Counting().counted(), process: processMeter() },
)
const SAMPLES = [...TEXT.matchAll(/^(\w+)(?:\{(.*)\})? /gm)].map(([, name = '', labels = '']) => ({
  name,
  labels: [...labels.matchAll(/(\w+)="/g)].map(([, label = '']) => label),
}))
const NAMES = new Set([...SAMPLES.map(({ name }) => name), 'up'])
/** Of the scrape, not of the machine. */
const SCRAPED = ['job', 'instance', 'pair']

const metricsIn = (expression: string) =>
  [...expression.matchAll(/\b(apmode_\w+|process_\w+|up)\b/g)].map(([name]) => name)

interface Panel {
  readonly title: string
  readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[]
}
const dashboard = JSON.parse(read('monitoring/dashboard.json')) as {
  panels: readonly Panel[]
  annotations: { list: readonly { expr: string }[] }
}
const alerts = [...read('monitoring/alerts.yml').matchAll(/- alert: (\w+)\n(?: +#.*\n)* +expr: (.+)\n/g)].map(
  ([, alert = '', expression = '']) => ({ alert, expression }),
)

describe('the dashboard', () => {
  test.each(dashboard.panels.map((panel) => [panel.title, panel] as const))('%s asks for what there is', (_, panel) => {
    expect(panel.targets.length).toBeGreaterThan(0)
    for (const { expr, legendFormat } of panel.targets) {
      const metrics = metricsIn(expr)
      expect(metrics.length, expr).toBeGreaterThan(0)
      for (const metric of metrics) expect(NAMES, expr).toContain(metric)
      const has = SAMPLES.filter(({ name }) => metrics.includes(name)).flatMap(({ labels }) => labels)
      for (const [, label] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) expect([...has, ...SCRAPED]).toContain(label)
      // The selector that the dashboard's variables fill.
      for (const metric of metrics) expect(expr).toContain(`${metric}{job="$job",pair=~"$pair"}`)
    }
  })

  test('its annotations ask for what there is', () => {
    for (const { expr } of dashboard.annotations.list) for (const name of metricsIn(expr)) expect(NAMES).toContain(name)
  })
})

describe('the alerts', () => {
  test.each(alerts)('$alert asks for what there is, has a test and a line in the manual', ({ alert, expression }) => {
    const metrics = metricsIn(expression)
    expect(metrics.length).toBeGreaterThan(0)
    for (const metric of metrics) expect(NAMES).toContain(metric)
    const tests = readFileSync(join(DOCS, '../test/adapters/monitoring/alerts.test.yml'), 'utf8')
    expect(tests.match(new RegExp(`alertname: ${alert}\\b`, 'g'))?.length).toBeGreaterThanOrEqual(2)
    expect(read('monitoring.md')).toContain(`\`${alert}\``)
  })

  test('there are some, each once', () => {
    const names = alerts.map(({ alert }) => alert)
    expect(names.length).toBe([...read('monitoring/alerts.yml').matchAll(/- alert:/g)].length)
    expect(new Set(names).size).toBe(names.length)
    expect(names.length).toBeGreaterThan(10)
  })
})

test('every metric is in the manual, with its labels', () => {
  const manual = read('monitoring.md')
  const declared = [...TEXT.matchAll(/^# TYPE (\w+) /gm)].map(([, name = '']) => name)
  for (const name of declared) {
    const labels =
      SAMPLES.find((sample) => sample.name.startsWith(name))?.labels.filter((label) => label !== 'le') ?? []
    expect(manual).toContain(`\`${name}${labels.length > 0 ? `{${labels.join(',')}}` : ''}\``)
  }
})
