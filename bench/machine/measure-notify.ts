/**
 * What `apmode notify` costs as a process: keepalived starts it and waits. Against `node -e ''` of the same Node in turn,
 * on the standby, with the state that it is in already (BACKUP), so that nothing follows from it.
 */
import { NODE, timedRuns } from './guest.ts'
import { ms, spreadOf } from './numbers.ts'
import type { Measurement } from './result.ts'
import type { TimedRun } from './timed-runs.ts'

const AIM = 1.5
const PROGRAMS = [
  { name: 'apmode notify backup', argv: ['/usr/bin/apmode', 'notify', 'backup'] },
  { name: "node -e ''", argv: [NODE, '-e', ''] },
  // A word that is no change of state: the same program, and nobody is asked.
  {
    name: 'apmode notify, nobody asked',
    argv: ['/usr/bin/apmode', 'notify', 'INSTANCE', 'VI_1', 'BACKUP_PRIORITY', '1'],
  },
  { name: 'bash -c :', argv: ['bash', '-c', ':'] },
] as const

export const measureNotify: Measurement = async ({ pair, runs, say }) => {
  const all: TimedRun[] = []
  const rounds = runs * 2
  await timedRuns(pair.host2, { programs: PROGRAMS, rounds, warmUp: 2, pauseMs: 60, limitMs: 10_000 }, (run) => {
    all.push(run)
    if (run.name === PROGRAMS[3].name && (run.round + 1) % 10 === 0) say(`apmode notify: ${run.round + 1} of ${rounds}`)
  })
  const spread = (name: string) => spreadOf(all.filter((run) => run.name === name).map((run) => run.ms))
  const [notify, node, silent, bash] = PROGRAMS.map((program) => spread(program.name))
  if (notify === undefined || node === undefined || silent === undefined || bash === undefined) {
    throw new Error('cannot compare: a program is missing')
  }
  const ratio = (one: number) => `${(one / node.median).toFixed(2)} ×`
  return {
    rows: [
      {
        what: "`apmode notify backup` against `node -e ''`",
        value: `${ratio(notify.median)} (${ms(notify)})`,
        aim: `≤ ${AIM} ×`,
        met: notify.median / node.median <= AIM,
      },
    ],
    explanations: [
      {
        title: '`apmode notify` as a process',
        head: ['program', "against `node -e ''`", 'median and p95'],
        rows: [notify, silent, node, bash].map((one, index) => [
          `\`${[PROGRAMS[0], PROGRAMS[2], PROGRAMS[1], PROGRAMS[3]][index]?.name}\``,
          ratio(one.median),
          ms(one),
        ]),
      },
    ],
    raw: { runs: all },
  }
}
