/** What the supervisor has counted of itself, as metrics. Names of the process are those of Prometheus' own clients. Pure. */
import type { Meters } from '../../ports/meters.ts'
import { BOUNDS_SECONDS } from '../counting.ts'
import { histogramSamples, label, type Metric, sumAndCount } from './exposition.ts'

export function countedMetrics({ transitions, steps, process: used }: Meters): Metric[] {
  const own = (name: string, type: 'gauge' | 'counter', help: string, value: number | null): Metric => ({
    name,
    type,
    help,
    samples: value === null ? [] : [{ labels: '', value }],
  })
  return [
    {
      name: 'apmode_transitions_total',
      type: 'counter',
      help: 'Decisions that moved the machine or did something, by what happened and how it ended.',
      samples: transitions.flatMap(({ event, results }) =>
        Object.entries(results).map(([result, value]) => ({
          labels: `${label('event', event)},${label('result', result)}`,
          value,
        })),
      ),
    },
    {
      name: 'apmode_transition_duration_seconds',
      type: 'histogram',
      help: 'From what happened to the last step that followed from it.',
      samples: transitions.flatMap(({ event, durations }) =>
        histogramSamples(label('event', event), BOUNDS_SECONDS, durations),
      ),
    },
    {
      name: 'apmode_step_duration_seconds',
      type: 'summary',
      help: 'How long the steps took.',
      samples: steps.flatMap((step) => sumAndCount(label('step', step.step), step)),
    },
    {
      name: 'apmode_steps_failed_total',
      type: 'counter',
      help: 'Steps that failed.',
      samples: steps.map(({ step, failed }) => ({ labels: label('step', step), value: failed })),
    },
    own('process_cpu_seconds_total', 'counter', 'User and system time of the supervisor.', used.cpuSeconds),
    own('process_resident_memory_bytes', 'gauge', 'Memory of the supervisor.', used.residentBytes),
    own('process_virtual_memory_bytes', 'gauge', 'Address space of the supervisor.', used.virtualBytes),
    own('process_open_fds', 'gauge', 'Files that the supervisor holds open.', used.openFiles),
    own('process_max_fds', 'gauge', 'Files that the supervisor may hold open.', used.mostFiles),
    own('process_start_time_seconds', 'gauge', 'When the supervisor was started.', used.startedAt),
  ]
}
