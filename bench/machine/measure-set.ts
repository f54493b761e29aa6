/**
 * `apmode set m` and `apmode set ap` against the same by systemctl, nine calls each, as a script does it: the boot unit and
 * the three service units one by one. In turn on the standby, whose keepalived is stopped; while systemctl works the
 * supervisor is stopped too, as it would put right what systemctl changes.
 */
import { NODE, timedRuns } from './guest.ts'
import { digits, ms, spreadOf } from './numbers.ts'
import type { Measurement } from './result.ts'
import type { TimedRun } from './timed-runs.ts'

const AIM = 3
const UNITS = ['ap', 'mariadb', 'api', 'keepalived']
const each = (verb: string) => UNITS.map((unit) => `systemctl ${verb} ${unit}`)
const script = (...calls: readonly string[]) => [
  'bash',
  '-c',
  `set -e; ${calls.map((call) => `${call} 2>/dev/null`).join('; ')}`,
]
const M = script(...each('disable'), 'systemctl stop keepalived', ...each('mask'))
const AP = script(...each('unmask'), 'systemctl daemon-reload', ...each('disable'))
const supervisor = (verb: string) => ['bash', '-c', `systemctl ${verb} apmode.socket apmode.service && sleep 0.4`]

const PROGRAMS = [
  { name: 'apmode set m', argv: ['/usr/bin/apmode', 'set', 'm'], before: supervisor('start') },
  { name: 'apmode set ap', argv: ['/usr/bin/apmode', 'set', 'ap'] },
  { name: 'systemctl, to m', argv: M, before: supervisor('stop') },
  { name: 'systemctl, to ap', argv: AP },
  { name: "node -e ''", argv: [NODE, '-e', ''] },
] as const

export const measureSet: Measurement = async ({ pair, runs, say }) => {
  const { host2 } = pair
  await host2.must(['systemctl', 'stop', 'keepalived'])
  const all: TimedRun[] = []
  const order = { programs: PROGRAMS, rounds: runs, warmUp: 1, pauseMs: 300, limitMs: 30_000 }
  await timedRuns(host2, order, (run) => {
    all.push(run)
    if (run.name === PROGRAMS[4].name) say(`set m and set ap: ${run.round + 1} of ${runs}`)
  })
  await host2.must(['systemctl', 'start', 'apmode.socket', 'apmode.service'])
  const times = (name: string) => all.filter((run) => run.name === name).map((run) => run.ms)
  const both = (one: string, other: string) =>
    spreadOf(times(one).map((time, index) => time + (times(other)[index] ?? Number.NaN)))
  const apmode = both(PROGRAMS[0].name, PROGRAMS[1].name)
  const systemctl = both(PROGRAMS[2].name, PROGRAMS[3].name)
  const faster = systemctl.median / apmode.median
  return {
    rows: [
      {
        what: '`set m` + `set ap` against 9 + 9 `systemctl` calls',
        value: `${digits(faster)} times as fast (${digits(apmode.median)} against ${digits(systemctl.median)} ms)`,
        aim: `≥ ${AIM} times`,
        met: faster >= AIM,
      },
    ],
    explanations: [
      {
        title: '`set m` and `set ap`',
        head: ['program', 'median and p95'],
        rows: PROGRAMS.map(({ name }) => [name, ms(spreadOf(times(name)))]),
      },
    ],
    raw: { runs: all },
  }
}
