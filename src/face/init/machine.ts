/** The machine that `apmode init` sets up: the adapters put together, each loaded only now. It decides nothing. */
import { randomBytes } from 'node:crypto'
import { lookup } from 'node:dns/promises'
import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import { ApmodeError } from '../../core/errors.ts'
import type { FoundUnit } from '../../core/init/found.ts'
import type { SetupMachine } from '../../ports/setup.ts'
import type { JobOutcome } from '../../ports/systemd.ts'

const LOOK_MS = 5_000
const NAME_MS = 2_000
/** mariadb.service may take this long to recover, or to end. */
const UNIT_MS = 120_000
const SQL_MS = 15_000
const SYSTEM_BUS = 'unix:path=/run/dbus/system_bus_socket'
/** Digits of base64 out of 21 random bytes: 28, as MariaDB takes 32 at most for a replica. */
const PASSWORD_BYTES = 21

export async function realMachine(environment: NodeJS.ProcessEnv): Promise<SetupMachine> {
  const [settings, files, modes, network, accounts, systemdParts, reload] = await Promise.all([
    import('../../adapters/config-file.ts'),
    import('../../adapters/files/place.ts'),
    import('../../adapters/files/mode-file.ts'),
    import('../../adapters/network/interfaces.ts'),
    import('../../adapters/mariadb/accounts.ts'),
    import('../../adapters/systemd/systemd.ts'),
    import('../../adapters/systemd/reload.ts'),
  ])
  const places = files.places({
    record: `${environment.APMODE_STATE ?? '/var/lib/apmode'}/init.json`,
    now: () => Date.now(),
  })
  const systemd = systemdParts.createSystemd()
  let opened = false
  const bus = async () => {
    if (!opened) await systemd.open({ timeoutMs: LOOK_MS })
    opened = true
    return systemd
  }
  const succeed = (what: string, { result, detail }: JobOutcome) => {
    if (result === 'done') return
    const unit = what.split(' ')[1]
    throw new ApmodeError('failed', `cannot ${what}: ${result}: ${detail}; journalctl -u ${unit} shows why`)
  }
  const nodePath = settings.NODE_PATH

  return {
    obstacle: process.getuid?.() === 0 ? null : 'it needs root: sudo apmode init',
    configPath: environment.APMODE_CONFIG ?? settings.CONFIG_PATH,
    nodePath,
    async find(units) {
      const [interfaces, statuses] = await Promise.all([
        network.listInterfaces({ timeoutMs: LOOK_MS }),
        bus().then((connected) => connected.observe(units, { timeoutMs: LOOK_MS })),
      ])
      const known = new Map<string, FoundUnit>()
      for (const { name, id, active, load } of statuses) {
        if (active === 'missing' || load === 'not-found') continue
        known.set(name, { id, active: active === 'active' || active === 'activating' || active === 'reloading' })
      }
      return { hostname: hostname(), nodeFile: places.read(nodePath)?.text ?? null, interfaces, units: known }
    },
    async addressOf(name) {
      const late = new Promise<null>((resolve) => setTimeout(resolve, NAME_MS, null).unref())
      const found = await Promise.race([lookup(name).catch(() => null), late])
      // Debian gives a machine's own name to the loopback.
      return found === null || /^(127\.|::1$)/.test(found.address) ? null : found.address
    },
    read: (path) => places.read(path),
    folderExists: (path) => existsSync(path),
    secret: (path) => settings.readSecret(path),
    modeOf: (path) => modes.readModeFile(path).mode,
    newPassword: () => randomBytes(PASSWORD_BYTES).toString('base64url'),
    place: (wanted) => places.place(wanted),
    accountsHold: (socket, wanted, privileges, password) =>
      accounts.accountsHold(socket, wanted, privileges, password, LOOK_MS),
    runSql: (socket, sql) => accounts.runScript(socket, 'make the accounts of replication', sql, SQL_MS),
    reloadSystemd: () => reload.reloadSystemd(SYSTEM_BUS, { timeoutMs: SQL_MS }),
    async start(unit) {
      succeed(`start ${unit}`, await (await bus()).start(unit, { timeoutMs: UNIT_MS }))
    },
    async stop(unit) {
      succeed(`stop ${unit}`, await (await bus()).stop(unit, { timeoutMs: UNIT_MS }))
    },
    async signalSupervisor() {
      const [status] = await (await bus()).observe(['apmode.service'], { timeoutMs: LOOK_MS })
      if (status !== undefined && status.mainPid > 0) process.kill(status.mainPid, 'SIGHUP')
    },
    close: () => systemd.close(),
  }
}
