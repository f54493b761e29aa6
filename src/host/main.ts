/**
 * `apmode supervise`: the process. Takes systemd's socket, says READY once it knows where the machine stands, feeds the
 * watchdog as long as its loop answers, and ends on SIGTERM without changing anything. A configuration that cannot be
 * used is said, to the log and to whoever asks, until it can be used; a running supervisor keeps the one it has.
 */
import { formatProblems, type LoadResult, loadConfig } from '../adapters/config-file.ts'
import { startAgentServer } from '../adapters/control/agent.ts'
import { startHealthServer } from '../adapters/control/health.ts'
import { listenOnControlSocket } from '../adapters/control/listen.ts'
import { controlServer } from '../adapters/control/server.ts'
import { createNotifier } from '../adapters/sd-notify.ts'
import { messageOf } from '../core/errors.ts'
import type { Control } from '../ports/control.ts'
import { compose } from './compose.ts'
import { createControl } from './control.ts'
import { delegating, waitingControl } from './door.ts'
import { createLog } from './log.ts'
import { PAGE } from './page.ts'
import { PATHS } from './paths.ts'
import { processMeter } from './process-meter.ts'
import { Supervisor } from './supervisor.ts'
import { VERSION } from './version.ts'

/** Resolves with the exit code when the supervisor has been told to end. */
export async function supervise(): Promise<number> {
  const log = createLog()
  const notifier = createNotifier(process.env)
  log.info({ version: VERSION }, `apmode ${VERSION} starts`)
  process.on('unhandledRejection', (thrown) => log.error({ err: thrown }, `a promise failed: ${messageOf(thrown)}`))
  const { promise: end, resolve: endWith } = Promise.withResolvers<string>()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => endWith(signal))

  let loaded = loadConfig()
  let watchdog: NodeJS.Timeout | null = null
  let control: Control = waitingControl(() => loaded)
  const server = controlServer(delegating(() => control))
  const listen = async () => log.info({}, `listening on ${await listenOnControlSocket(server, PATHS.socket)}`)
  if (!loaded.ok) {
    log.error({}, `nothing is supervised until the configuration can be used:\n${faultsOf(loaded)}`)
    await listen()
    notifier.ready('waiting for a configuration that can be used')
    watchdog = feedWatchdog(() => control.alive().ok, notifier)
    await Promise.race([
      usableConfig((result) => {
        loaded = result
      }),
      end,
    ])
  }
  if (!loaded.ok) return close(server)

  const { parts, fifo } = compose(loaded.config, log)
  const supervisor = new Supervisor(parts)
  const problem = (about: string) => (sentence: string) => {
    supervisor.problems.set(about, sentence)
    log.warn({}, sentence)
  }
  control = createControl(supervisor)
  const looked = supervisor.start()
  fifo.open(
    (event) => {
      // Whatever was wrong with it: it is heard.
      supervisor.problems.delete('fifo')
      supervisor.hear(event)
    },
    problem('fifo'),
    (hint) => {
      if (hint === 'reopened') supervisor.problems.delete('fifo')
      if (hint === 'MASTER_RX_LOWER_PRI') supervisor.settler.bond.hears()
      supervisor.check(`keepalived's ${hint}`, 'fifo')
    },
  )
  if (!server.listening) await listen()
  const { health, healthAgent } = loaded.config
  const hasDatabase = parts.database !== null
  const meters = () => ({ ...parts.counting.counted(), process: processMeter() })
  const web =
    health === null
      ? null
      : startHealthServer(control, { ...health, hasDatabase, meters, page: PAGE, onProblem: problem('health') })
  const agent =
    healthAgent === null
      ? null
      : startAgentServer(control, { ...healthAgent, hasDatabase, onProblem: problem('agent check') })
  await looked
  const { state } = supervisor.settler
  notifier.ready(`mode ${state.mode}, role ${state.role}, VRRP ${state.vrrp}`)
  watchdog ??= feedWatchdog(() => control.alive().ok, notifier)
  process.on('SIGHUP', () => {
    const next = loadConfig()
    if (!next.ok) return log.error({}, `the old configuration stays, the new one cannot be used:\n${faultsOf(next)}`)
    log.info({}, 'the configuration has been read again: the supervisor starts anew with it')
    endWith('SIGHUP')
  })

  log.info({}, `${await end}: the supervisor ends, nothing is changed`)
  notifier.stopping()
  if (watchdog !== null) clearInterval(watchdog)
  web?.close()
  agent?.close()
  fifo.close()
  await supervisor.close()
  return close(server)
}

function close(server: ReturnType<typeof controlServer>): number {
  server.close()
  server.closeAllConnections()
  return 0
}

const faultsOf = (result: LoadResult): string => (result.ok ? '' : formatProblems(result.path, result.problems))

/** Half of WatchdogSec=, as sd_watchdog_enabled(3) recommends. */
function feedWatchdog(alive: () => boolean, notifier: ReturnType<typeof createNotifier>): NodeJS.Timeout | null {
  const intervalMs = Number(process.env.WATCHDOG_USEC ?? 0) / 1000 / 2
  if (!(intervalMs > 0)) return null
  return setInterval(() => {
    if (alive()) notifier.watchdog()
  }, intervalMs)
}

const CONFIG_LOOK_MS = 2_000

/** Resolves once the configuration can be used; looks now and then, since its folder need not be there yet. */
function usableConfig(tell: (result: LoadResult) => void): Promise<void> {
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      const result = loadConfig()
      tell(result)
      if (!result.ok) return
      clearInterval(timer)
      resolve()
    }, CONFIG_LOOK_MS)
  })
}
