/** Where things are on the machine. Fixed by the package; the environment may move them for a test. */
const run = process.env.APMODE_RUN ?? '/run/apmode'
const state = process.env.APMODE_STATE ?? '/var/lib/apmode'

export const PATHS = {
  run,
  socket: process.env.APMODE_SOCKET ?? `${run}/apmode.sock`,
  fifo: `${run}/vrrp.fifo`,
  unfit: `${run}/vrrp.unfit`,
  state: `${state}/state.json`,
  diverged: `${state}/diverged`,
  history: `${state}/history.jsonl`,
  hooks: process.env.APMODE_HOOKS ?? '/etc/apmode/hooks.d',
} as const
