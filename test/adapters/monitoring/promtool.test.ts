/** Prometheus' own word on the metrics, the alerts and the expressions of the dashboard. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { Counting } from '../../../src/core/counting.ts'
import { renderMetrics } from '../../../src/core/render/metrics.ts'
import { processMeter } from '../../../src/host/process-meter.ts'
import { A_STATUS } from '../../fakes/control.ts'
import { following } from '../../fakes/world.ts'

const MONITORING = resolve(import.meta.dirname, '../../../docs/monitoring')
const folder = mkdtempSync(join(tmpdir(), 'apmode-promtool-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const isMissing = spawnSync('promtool', ['--version']).error !== undefined

function promtool(args: readonly string[], input = ''): { code: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync('promtool', args, { input, encoding: 'utf8', timeout: 30_000 })
  return { code: status, said: stdout + stderr }
}

function written(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const alerts = join(MONITORING, 'alerts.yml')
const testsOf = (rules: string) =>
  readFileSync(join(import.meta.dirname, 'alerts.test.yml'), 'utf8').replace('[ALERTS]', `['${rules}']`)

describe.skipIf(isMissing)('promtool', () => {
  test('has nothing to say against the metrics', () => {
    const counting = new Counting()
    counting.decided({ event: 'master', result: 'done', ms: 57 })
    const text = renderMetrics(
      { ...A_STATUS, replication: following('192.168.33.101') },
      { ...counting.counted(), process: processMeter() },
    )
    expect(promtool(['check', 'metrics'], text)).toEqual({ code: 0, said: '' })
    expect(promtool(['check', 'metrics'], `${text}apmode_thing_ms 5\n`).code).not.toBe(0)
  })

  test('reads the configuration and the alerts', () => {
    expect(promtool(['check', 'config', join(MONITORING, 'prometheus.yml')])).toMatchObject({ code: 0 })
  })

  test('sees each alert fire when it must, and not earlier', () => {
    const { code, said } = promtool(['test', 'rules', written('alerts.test.yml', testsOf(alerts))])
    expect(code, said).toBe(0)
  })

  test('sees an alert that does not fire any more', () => {
    const broken = written('broken.yml', readFileSync(alerts, 'utf8').replace('apmode_fit == 0', 'apmode_fit == 2'))
    const { code, said } = promtool(['test', 'rules', written('broken.test.yml', testsOf(broken))])
    expect(code).not.toBe(0)
    expect(said).toContain('ApmodeCannotTakeOver')
  })

  test('reads every expression of the dashboard', () => {
    const { panels } = JSON.parse(readFileSync(join(MONITORING, 'dashboard.json'), 'utf8')) as {
      panels: { targets: { expr: string }[] }[]
    }
    const expressions = panels.flatMap(({ targets }) =>
      targets.map(({ expr }) => expr.replaceAll(/\$__?\w+(?=\])/g, '1m')),
    )
    const rules = expressions.map((expr, index) => ({ record: `panel:${index}`, expr }))
    const path = written('panels.json', JSON.stringify({ groups: [{ name: 'panels', rules }] }))
    const { code, said } = promtool(['check', 'rules', path])
    expect(code, said).toBe(0)
    expect(said).toContain(`${rules.length} rules found`)
  })
})
