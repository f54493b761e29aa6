/** Faults of the API. Data. */
import { type Fault, nothing, PLACES, shell } from '../fault.ts'

const common = { subject: 'API', layer: 'guest', places: PLACES } as const

export const API_FAULTS: readonly Fault[] = [
  {
    ...common,
    key: 'api-killed',
    title: 'API killed (kill -9)',
    lastsMs: [500, 4000],
    strike: shell('systemctl kill -s KILL api'),
    mend: nothing,
  },
  {
    ...common,
    key: 'api-silent',
    title: 'API hangs: it takes requests and does not answer',
    lastsMs: [500, 5000],
    strike: shell('touch /run/api-is-silent'),
    mend: shell('rm -f /run/api-is-silent'),
  },
  {
    ...common,
    key: 'api-stopped-dead',
    title: 'API hangs (SIGSTOP), and goes on (SIGCONT)',
    lastsMs: [500, 5000],
    strike: shell('systemctl kill -s STOP api'),
    mend: shell('systemctl kill -s CONT api || true'),
  },
  {
    ...common,
    key: 'api-500',
    title: 'API answers 500',
    lastsMs: [500, 5000],
    strike: shell('touch /run/api-answers-500'),
    mend: shell('rm -f /run/api-answers-500'),
  },
  {
    ...common,
    key: 'api-restarted',
    title: 'API restarted by a person',
    lastsMs: [500, 2000],
    strike: shell('systemctl restart api || true'),
    mend: nothing,
  },
]
