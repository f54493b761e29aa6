/** A bus on which a small systemd answers: enough for the bookkeeping, none of systemd's behaviour beyond it. */
import { type Bus, BusError, type Dial, type Request, type Signal } from '../../../../src/adapters/systemd/bus.ts'
import { MANAGER, MANAGER_PATH, PROPERTIES, SYSTEMD } from '../../../../src/adapters/systemd/link.ts'
import { unitPath } from '../../../../src/adapters/systemd/unit-name.ts'

export interface FakeUnit {
  load: string
  active: string
  sub: string
  file: string
  job: number
  mainPid: number
  properties: Record<string, unknown>
}

type Answer = readonly unknown[] | Promise<readonly unknown[]>

export class FakeBus {
  readonly units = new Map<string, FakeUnit>()
  readonly aliases = new Map<string, string>()
  /** `Member first-argument`, in order. */
  readonly calls: string[] = []
  readonly rules = new Set<string>()
  dials = 0
  /** Nobody can connect. */
  refused = false
  /** Replaces the answer of a member. */
  answers: Record<string, (body: readonly unknown[]) => Answer> = {}
  #signal: (signal: Signal) => void = () => {}
  #lost: ((reason: string) => void)[] = []
  #pending = new Set<(reason: unknown) => void>()
  #alive = false

  unit(id: string, facts: Partial<FakeUnit> = {}): FakeUnit {
    const unit = {
      load: 'loaded',
      active: 'inactive',
      sub: 'dead',
      file: 'disabled',
      job: 0,
      mainPid: 0,
      properties: {},
    }
    this.units.set(id, { ...unit, ...facts })
    return this.units.get(id) as FakeUnit
  }

  readonly dial: Dial = async () => {
    this.dials += 1
    if (this.refused) throw new BusError('unreachable', 'connection refused', { lost: true })
    this.#alive = true
    this.#lost = []
    this.rules.clear()
    const bus: Bus = {
      call: (request) => this.#call(request),
      onSignal: (listener) => {
        this.#signal = listener
      },
      onLost: (listener) => {
        this.#lost.push(listener)
      },
      close: (reason) => this.lose(reason ?? 'closed'),
    }
    return bus
  }

  lose(reason = 'killed'): void {
    if (!this.#alive) return
    this.#alive = false
    for (const reject of this.#pending)
      reject(new BusError('unreachable', `the bus went away (${reason})`, { lost: true }))
    this.#pending.clear()
    for (const listener of this.#lost) listener(reason)
  }

  signal(member: string, body: readonly unknown[], path = MANAGER_PATH, face = MANAGER): void {
    this.#signal({ path, interface: face, member, body })
  }

  /** What systemd sends after a change: one signal with the Unit's properties. */
  changed(id: string, facts: Partial<FakeUnit>): void {
    const unit = Object.assign(this.units.get(id) as FakeUnit, facts)
    const variant = (value: unknown) => ({ value })
    const properties = { ActiveState: variant(unit.active), SubState: variant(unit.sub), Job: variant([unit.job, '/']) }
    const path = unitPath(id)
    this.signal('PropertiesChanged', [`${SYSTEMD}.Service`, { MainPID: variant(unit.mainPid) }, []], path, PROPERTIES)
    this.signal('PropertiesChanged', [`${SYSTEMD}.Unit`, properties, []], path, PROPERTIES)
  }

  #call(request: Request): Promise<readonly unknown[]> {
    const { member, body = [] } = request
    if (member === 'AddMatch') this.rules.add(String(body[0]))
    else if (member === 'RemoveMatch') this.rules.delete(String(body[0]))
    else this.calls.push([member, ...body.slice(0, 1)].join(' '))
    return new Promise((resolve, reject) => {
      if (!this.#alive) return reject(new BusError('unreachable', 'gone', { lost: true }))
      this.#pending.add(reject)
      Promise.resolve()
        .then(() => this.answers[member]?.(body) ?? this.#answer(request.path, member, body))
        .then(resolve, reject)
        .finally(() => this.#pending.delete(reject))
    })
  }

  #answer(path: string, member: string, body: readonly unknown[]): Answer {
    if (member === 'ListUnitsByNames')
      return [
        (body[0] as string[]).map((name) => {
          const id = this.aliases.get(name) ?? name
          const unit = this.units.get(id)
          if (unit === undefined) return [id, '', 'not-found', 'inactive', 'dead', '', unitPath(id), 0, '', '/']
          return [id, '', unit.load, unit.active, unit.sub, '', unitPath(id), unit.job, '', '/']
        }),
      ]
    if (member === 'GetUnitFileState') {
      const unit = this.units.get(String(body[0]))
      if (unit !== undefined) return [unit.file]
      throw new BusError('failed', 'no such file', { answer: 'org.freedesktop.DBus.Error.FileNotFound' })
    }
    if (member === 'Get') {
      const [id] = [...this.units.keys()].filter((name) => unitPath(name) === path)
      const unit = id === undefined ? undefined : this.units.get(id)
      const name = String(body[1])
      return [{ value: name === 'MainPID' ? unit?.mainPid : unit?.properties[name] }]
    }
    if (member.endsWith('UnitFiles')) {
      const state = { Mask: 'masked', Unmask: 'disabled', Enable: 'enabled', Disable: 'disabled' }[
        member.replace('UnitFiles', '')
      ]
      for (const id of body[0] as string[]) {
        const unit = this.units.get(id)
        if (unit !== undefined && state !== undefined) unit.file = state
      }
      return []
    }
    if (member === 'Reload')
      for (const unit of this.units.values()) unit.load = unit.file === 'masked' ? 'masked' : 'loaded'
    return []
  }
}
