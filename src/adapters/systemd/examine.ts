/**
 * Units as `apmode doctor` looks at them: on a connection of its own, without a subscription, whatever the supervisor does.
 * Invariant: it changes nothing. A unit that systemd does not know is a value (`not-found`); the bus that is away throws.
 */
import { ApmodeError, messageOf } from '../../core/errors.ts'
import type { UnitExamination } from '../../ports/examination.ts'
import type { Call } from '../../ports/systemd.ts'
import { type Bus, BusError, type Dial, dial } from './bus.ts'
import { budget, MANAGER, MANAGER_PATH, PROPERTIES, SYSTEMD } from './link.ts'
import { isUnitName } from './unit-name.ts'
import { fileState } from './unit-status.ts'

const SYSTEM_BUS = 'unix:path=/run/dbus/system_bus_socket'

export interface Options {
  readonly busAddress?: string
  readonly dial?: Dial
}

type Properties = Readonly<Record<string, unknown>>

export function examineUnits(names: readonly string[], call: Call, options: Options = {}): Promise<UnitExamination[]> {
  return withBus(call, options, async (bus, left) => {
    const units: UnitExamination[] = []
    for (const name of new Set(names)) units.push(await examineUnit(bus, name, left))
    return units
  })
}

export function systemdVersion(call: Call, options: Options = {}): Promise<string> {
  return withBus(call, options, async (bus, left) => {
    const body = [MANAGER, 'Version']
    const [value] = await bus.call({ ...at(MANAGER_PATH), member: 'Get', signature: 'ss', body }, left())
    return String((value as { value: unknown }).value)
  })
}

async function withBus<T>(call: Call, options: Options, work: (bus: Bus, left: () => Call) => Promise<T>): Promise<T> {
  const left = budget(call)
  try {
    const bus = await (options.dial ?? dial)(options.busAddress ?? SYSTEM_BUS, left())
    try {
      return await work(bus, left)
    } finally {
      bus.close()
    }
  } catch (thrown) {
    const code = thrown instanceof BusError ? thrown.code : 'failed'
    throw new ApmodeError(code, `cannot ask systemd: ${messageOf(thrown)}`)
  }
}

const at = (path: string) => ({ destination: SYSTEMD, path, interface: PROPERTIES })

async function examineUnit(bus: Bus, name: string, left: () => Call): Promise<UnitExamination> {
  if (!isUnitName(name)) return unitOf(name, {}, {}, 'missing')
  const load = { destination: SYSTEMD, path: MANAGER_PATH, interface: MANAGER, member: 'LoadUnit', signature: 's' }
  const [path] = await bus.call({ ...load, body: [name] }, left())
  const unit = await allOf(bus, String(path), 'Unit', left)
  const service = name.endsWith('.service') ? await allOf(bus, String(path), 'Service', left) : {}
  const id = String(unit.Id ?? name)
  const file = await bus.call({ ...load, member: 'GetUnitFileState', body: [id] }, left()).then(
    ([word]) => fileState(String(word)),
    (thrown: unknown) => {
      if (thrown instanceof BusError && thrown.answer !== '') return 'missing' as const
      throw thrown
    },
  )
  return unitOf(name, unit, service, file)
}

async function allOf(bus: Bus, path: string, face: string, left: () => Call): Promise<Properties> {
  const body = [`${SYSTEMD}.${face}`]
  const [reply] = await bus.call({ ...at(path), member: 'GetAll', signature: 's', body }, left())
  const entries = Object.entries(reply as Record<string, { value: unknown }>)
  return Object.fromEntries(entries.map(([key, variant]) => [key, variant.value]))
}

/** Times are microseconds, uint64: BigInt. */
const milliseconds = (value: unknown) => Number(BigInt(String(value ?? 0)) / 1000n)

function unitOf(name: string, unit: Properties, service: Properties, file: UnitExamination['file']): UnitExamination {
  const commands = Array.isArray(service.ExecStart) ? service.ExecStart : []
  const words = Array.isArray(commands[0]) ? (commands[0][1] as unknown) : []
  return {
    name,
    id: String(unit.Id ?? name),
    load: String(unit.LoadState ?? 'not-found'),
    active: String(unit.ActiveState ?? 'inactive'),
    file,
    fragment: String(unit.FragmentPath ?? ''),
    dropIns: Array.isArray(unit.DropInPaths) ? unit.DropInPaths.map(String) : [],
    stale: unit.NeedDaemonReload === true,
    changedAtMs: milliseconds(unit.StateChangeTimestamp),
    restart: String(service.Restart ?? ''),
    restartMs: milliseconds(service.RestartUSec),
    command: Array.isArray(words) ? words.map(String) : [],
  }
}
